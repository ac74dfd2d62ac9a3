"""Invariant 5: a run that waits survives an upgrade in which the types that it recorded have moved."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from signoff import PromptRejected, flow, suspend_flow_run, task
from signoff.input import UploadedFile
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from signoff.store.tables import steps
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

REPOSITORY = Path(__file__).parents[4]


@task
def fetch():  # type: ignore[no-untyped-def]
    """Its type is recorded with the result, since there is no annotation."""
    return UploadedFile(name="a.csv", content=b"a,b")


@task
def ask_another_service() -> None:
    """Fails with an error that the flow handles."""
    raise PromptRejected("Ana", "U1", "too soon")


@flow
def publish() -> str:
    file = fetch()
    try:
        ask_another_service()
    except PromptRejected as error:
        suspend_flow_run(wait_for_input=bool)
        return f"{file.size} bytes, although {error}"
    return "unreachable"


def test_a_run_that_waits_survives_the_move_of_the_types_it_recorded(
    db: Database, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results read back as the types of today, and errors are caught by them."""
    # In the repository itself, `flows` can be imported by its bare name.
    monkeypatch.setattr(sys, "path", [path for path in sys.path if Path(path).resolve() != REPOSITORY])
    run = publish.create_run(db=db)
    first = start_worker(publish)
    prompt = until_asked(db, run.id)
    until(db, lambda: runs.get(db, run.id).state is RunState.SUSPENDED)
    first.stop()
    record_as_before_the_move(db, "fetch", "signoff.flows.schema.files:UploadedFile", "flows.files:UploadedFile")
    record_as_before_the_move(db, "ask_another_service", "signoff.flows.errors:", "flows.errors:")
    answer(db, prompt, value=True)
    start_worker(publish)
    assert until_over(db, run.id).result == "3 bytes, although Rejected by Ana: too soon"


def record_as_before_the_move(db: Database, key: str, new: str, old: str) -> None:
    """Give the type in a recorded step the name that it had in an earlier version."""
    with db.engine.begin() as connection:
        row = steps.c.key == key
        text = connection.execute(steps.select().where(row)).one().result
        assert new in text
        connection.execute(update(steps).where(row).values(result=text.replace(new, old)))
