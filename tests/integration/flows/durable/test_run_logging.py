"""The log of a run."""

import logging

import pytest

from signoff import flow, get_run_logger, suspend_flow_run, task
from signoff.store.database import Database
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over


def test_what_was_logged_is_not_logged_again_in_a_replay(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """Lines and captured prints before the wait come once, those after it once."""

    @task
    def step() -> None:
        print("in the step")

    @flow(log_prints=True)
    def talk() -> None:
        print("before", "it")
        get_run_logger().info("still before")
        step()
        suspend_flow_run()
        print("after")

    with caplog.at_level(logging.INFO, logger="signoff.flows.run"):
        start_worker(talk)
        run = talk.create_run(db=db)
        answer(db, until_asked(db, run.id))
        until_over(db, run.id)
    told = [
        record.getMessage().removeprefix(f"{run.name} | ") for record in caplog.records if run.name in record.message
    ]
    assert told == ["before it", "still before", "in the step", "after"]


def test_an_edited_flow_that_left_a_step_out_still_logs(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """A recorded step that is never reached again does not silence the run."""
    executions: list[int] = []

    @task
    def left_out() -> None: ...

    @task
    def new() -> None: ...

    @flow(log_prints=True)
    def talk() -> None:
        executions.append(1)
        if len(executions) == 1:
            left_out()
        suspend_flow_run()
        new()
        print("after")

    with caplog.at_level(logging.INFO, logger="signoff.flows.run"):
        start_worker(talk)
        run = talk.create_run(db=db)
        answer(db, until_asked(db, run.id))
        until_over(db, run.id)
    assert [record.getMessage() for record in caplog.records] == [f"{run.name} | after"]
