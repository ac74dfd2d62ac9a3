"""What runs leave behind: artifacts and blocks; and answering a run from code."""

from typing import Any

import pytest

from signoff import (
    InvalidInput,
    MissingContextError,
    NotAllowed,
    NotPausedError,
    Policy,
    RunInput,
    flow,
    get_run_logger,
    idempotency_key,
    pause_flow_run,
    resume_flow_run,
    suspend_flow_run,
    task,
)
from signoff.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from signoff.blocks import JSON
from signoff.flows.errors import FlowsError
from signoff.store import artifacts
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun
from signoff.store.runs import runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over


class Order(RunInput):
    """What to order."""

    count: int


def test_artifacts_are_not_doubled_by_a_replay(db: Database, start_worker: StartWorker) -> None:
    """A replay does not create them again, and returns the same ids."""
    ids: list[list[str]] = []

    @task
    def report() -> str:
        return create_markdown_artifact("# In a task", key="report")

    @flow
    def make() -> None:
        made = [
            create_table_artifact([{"a": 1}], key="table", description="Numbers"),
            create_table_artifact({"a": [1, 2]}, key="table"),
            create_link_artifact("https://example.com", link_text="There"),
            report(),
        ]
        ids.append(made)
        suspend_flow_run()

    start_worker(make)
    run = make.create_run(db=db)
    answer(db, until_asked(db, run.id))
    until_over(db, run.id)
    assert len(ids) == 2
    assert ids[0] == ids[1]
    kept = artifacts.find(db, run_id=run.id)
    assert [each.id for each in kept] == ids[0]
    assert [each.data for each in kept] == [
        [{"a": 1}],
        {"a": [1, 2]},
        {"link": "https://example.com", "text": "There"},
        "# In a task",
    ]


def test_a_block_is_kept_under_its_name(db: Database, start_worker: StartWorker) -> None:
    """One run saves it, another loads it, and none replaces it by mistake."""

    @flow
    def use() -> list[Any]:
        JSON(value={"users": 3}).save("latest")
        told = []
        try:
            JSON(value=4).save("latest")
        except ValueError as error:
            told.append(str(error))
        JSON(value=None).save("latest", overwrite=True)
        try:
            JSON.load("missing")
        except FlowsError as error:
            told.append(str(error))
        return [JSON.load("latest").value, *told]

    start_worker(use)
    value, taken, missing = until_over(db, use.create_run(db=db).id).result
    assert value is None
    assert "overwrite=True" in taken
    assert "The JSON block 'missing' does not exist" in missing


def test_what_needs_a_run_says_so_outside_of_one() -> None:
    """The error names the function."""
    for act, name in (
        (pause_flow_run, "pause_flow_run"),
        (suspend_flow_run, "suspend_flow_run"),
        (get_run_logger, "get_run_logger"),
        (idempotency_key, "idempotency_key"),
    ):
        with pytest.raises(MissingContextError, match=name):
            act()


@pytest.fixture
def from_code(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code outside of a run writes to the database of the test."""
    monkeypatch.setattr("signoff.flows.current_database.default_database", lambda: db)


@pytest.mark.usefixtures("from_code")
def test_a_run_can_be_answered_from_code(db: Database, start_worker: StartWorker) -> None:
    """With a dict or a model, and by the same rules as for a person."""

    @flow
    def ask(approvers: list[str]) -> int:
        return pause_flow_run(wait_for_input=Order, policy=Policy(approvers=tuple(approvers))).count

    start_worker(ask)
    run = ask.create_run({"approvers": []}, db=db)
    until_asked(db, run.id)
    with pytest.raises(InvalidInput, match="count"):
        resume_flow_run(run.id, {"count": "many"})
    resume_flow_run(run.id, Order(count=3))
    assert until_over(db, run.id).result == 3
    with pytest.raises(NotPausedError, match="Completed"):
        resume_flow_run(run.id, {"count": 3})
    with pytest.raises(NoSuchRun):
        resume_flow_run("unknown", {})
    other = ask.create_run({"approvers": ["@nobody-of-this-name"]}, db=db)
    until_asked(db, other.id)
    with pytest.raises(NotAllowed, match="@nobody-of-this-name may"):
        resume_flow_run(other.id, {"count": 3})
    assert runs.get(db, other.id).state.is_waiting
