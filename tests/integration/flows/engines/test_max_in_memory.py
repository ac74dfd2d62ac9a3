"""A worker limits the number of runs in memory."""

import pytest

from signoff import flow, pause_flow_run, suspend_flow_run
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over


@flow
def pausing() -> str:
    return pause_flow_run(wait_for_input=str)


@flow
def suspending() -> str:
    return suspend_flow_run(wait_for_input=str)


def test_a_full_worker_takes_no_new_runs_but_those_that_were_answered(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """It logs once that it is full, continues runs that were answered, and takes a new run when one has ended."""
    worker = start_worker(pausing, suspending, max_in_memory=2)
    suspended = suspending.create_run(db=db)
    asked_before = until_asked(db, suspended.id)
    until(db, lambda: not worker._executions)
    held = [pausing.create_run(db=db) for _ in range(2)]
    asked = [until_asked(db, run.id) for run in held]
    until(db, lambda: "as many as --max-in-memory allows" in caplog.text)
    new = pausing.create_run(db=db)
    answer(db, asked_before, value="yes")
    assert until_over(db, suspended.id).result == "yes"
    assert runs.get(db, new.id).state is RunState.SCHEDULED
    answer(db, asked[0], value="yes")
    assert until_over(db, held[0].id).result == "yes"
    answer(db, until_asked(db, new.id), value="at last")
    assert until_over(db, new.id).result == "at last"
    assert caplog.text.count("as many as --max-in-memory allows") == 1
