"""The example flows, from their start to their end, through the worker and the desk."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Invalid, Refused, Settled
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.examples import dataset, release, shirt
from signoff.flows.flow import Flow
from signoff.store import artifacts, migrations
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.waiting import until, until_over

ANA = Actor("U0ANA", "Ana Ruiz", frozenset({"@ana"}))
MEI = Actor("U0MEI", "Mei Tanaka", frozenset({"@mei"}))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database with a worker on it that knows every example."""
    db = Database(f"sqlite:///{tmp_path / 'signoff.db'}")
    migrations.upgrade(db)
    with Worker(db, [release.release_approval, shirt.shirt_order, dataset.build_dataset]):
        yield db
    db.close()


def start(db: Database, flow: Flow[Any, Any], **parameters: Any) -> str:
    """Start a run; its id."""
    return flow.create_run(parameters, db=db).id


def asked(db: Database, run_id: str) -> Prompt:
    """What the run asks, once it asks something."""
    return until(db, lambda: [prompt for prompt in prompts.of_run(db, run_id) if prompt.is_open])[0]


def answer(db: Database, run_id: str, actor: Actor = ANA, **values: Any) -> None:
    """Answer what the run asks."""
    reply = Desk(db).submit(asked(db, run_id).id, actor, values, via="cli")
    assert isinstance(reply, Settled), reply


def test_a_release_goes_out_when_it_is_approved(db: Database) -> None:
    """One approval deploys it; until then the run takes no memory."""
    run_id = start(db, release.release_approval, version="2.0.0")
    prompt = asked(db, run_id)
    assert runs.get(db, run_id).state is RunState.SUSPENDED
    assert "Release **2.0.0** to production?" in prompt.description
    assert isinstance(Desk(db).submit(prompt.id, MEI, {"approved": True}, via="cli"), Refused)
    answer(db, run_id, approved=True)
    run = until_over(db, run_id)
    assert (run.state, run.result) == (
        RunState.COMPLETED,
        "2.0.0 is out: https://shop.example.com/releases/2.0.0",
    )


def test_a_release_is_held_back_with_a_reason(db: Database) -> None:
    """A rejection without a reason does not count, and the error is shown below the reason."""
    run_id = start(db, release.release_approval)
    reply = Desk(db).submit(asked(db, run_id).id, ANA, {"approved": False, "reason": " "}, via="cli")
    assert isinstance(reply, Invalid)
    assert [error.path for error in reply.errors] == [("reason",)]
    answer(db, run_id, approved=False, reason="The load test fails.")
    assert until_over(db, run_id).result == "1.4.0 was held back: The load test fails."


def test_a_shirt_is_asked_for_until_the_answer_fits(db: Database) -> None:
    """A combination that is not made is rejected, and the run continues with one that is."""
    run_id = start(db, shirt.shirt_order)
    prompt = asked(db, run_id)
    for _ in range(2):
        reply = Desk(db).submit(prompt.id, ANA, {"size": "xlarge", "color": "green"}, via="cli")
        assert isinstance(reply, Invalid)
        assert "not made in xlarge" in str(reply.errors[0])
        assert runs.get(db, run_id).state is RunState.PAUSED
    answer(db, run_id, color="black")
    assert until_over(db, run_id).result == "Ordered a black shirt, xlarge: A-XB-1001."


def test_a_shirt_that_nobody_chooses_is_reminded_of_and_times_out(db: Database) -> None:
    """A visitor of the demo sees both within minutes; the run continues without a shirt."""
    run_id = start(db, shirt.shirt_order)
    prompt = asked(db, run_id)
    DeadlineEnforcer(db, clock=lambda: prompt.opened_at + timedelta(minutes=1)).do_due()
    assert prompts.get(db, prompt.id).reminders_sent == 1
    assert prompts.get(db, prompt.id).is_open
    assert prompt.deadline == prompt.opened_at + timedelta(minutes=10)
    Desk(db).time_out(prompt)
    run = until_over(db, run_id)
    assert (run.state, run.result) == (RunState.COMPLETED, "No shirt was ordered: nobody chose one in time.")


def test_a_data_set_is_made_as_a_person_says(db: Database) -> None:
    """Its size is bounded, the columns offered are those that exist, and it is published as a table."""
    run_id = start(db, dataset.build_dataset)
    too_many = Desk(db).submit(asked(db, run_id).id, MEI, {"users": 501}, via="cli")
    assert isinstance(too_many, Invalid)
    answer(db, run_id, MEI, users=4)

    columns = asked(db, run_id)
    assert columns.schema is not None
    assert columns.schema["properties"]["drop"]["items"]["enum"] == ["name", "email", "city", "orders"]
    assert columns.initial_values == {"drop": ["email"]}
    unknown = Desk(db).submit(columns.id, MEI, {"drop": ["phone"]}, via="cli")
    assert isinstance(unknown, Invalid)
    answer(db, run_id, MEI, drop=["email", "orders"])

    answer(db, run_id, MEI, publish=True)
    run = until_over(db, run_id)
    assert (run.state, run.error) == (RunState.COMPLETED, None)
    (table,) = artifacts.find(db, run_id=run_id)
    assert [list(row) for row in table.data] == [["id", "name", "city"]] * 4


def test_a_data_set_that_is_not_published_leaves_no_table(db: Database) -> None:
    """A no is an answer like any other."""
    run_id = start(db, dataset.build_dataset, users=2)
    answer(db, run_id, MEI)
    answer(db, run_id, MEI)
    answer(db, run_id, MEI, publish=False)
    assert until_over(db, run_id).result == "A data set of 2 users, not published."
    assert artifacts.find(db, run_id=run_id) == []
