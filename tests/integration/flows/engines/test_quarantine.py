"""Runs that shared a worker that died are suspects, and a worker tries one of them at a time."""

import threading
from collections.abc import Iterator

import pytest

from signoff import flow, pause_flow_run
from signoff.flows.names import new_id, now
from signoff.store.database import Database
from signoff.store.records.runs import FlowIdentity, RunState
from signoff.store.runs import claims, recovery, runs
from tests.integration.store.samples import a_worker
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over, until_state

go_on = threading.Event()


@flow
def long() -> None:
    assert go_on.wait(60)


@flow
def short() -> None:
    pass


@flow
def asking() -> str:
    return pause_flow_run(wait_for_input=str)


@pytest.fixture(autouse=True)
def every_run_ends(start_worker: StartWorker) -> Iterator[None]:
    """Whatever a test finds, the workers have nothing to wait for when they stop."""
    go_on.clear()
    yield
    go_on.set()


def suspects(db: Database, *names: str) -> list[str]:
    """The ids of runs of these flows, of which a worker has died; they are taken in this order."""
    ids = []
    for name in names:
        ids.append(runs.create(db, run_id=new_id(), name=name, flow=name, parameters={}, now=now()).id)
        worker = a_worker(db)
        claims.claim(db, claims.ClaimRequest(worker, (FlowIdentity(name),), only=ids[-1]), limit=1, now=now())
        recovery.expire_worker(db, worker, now=now())
    return ids


def test_a_suspect_runs_beside_others_but_not_beside_a_suspect(db: Database, start_worker: StartWorker) -> None:
    """The next one is tried at once when the one before has ended."""
    tried, waits = suspects(db, "long", "short")
    start_worker(long, short)
    until_state(db, tried, RunState.RUNNING)
    assert until_over(db, short.create_run(db=db).id).state is RunState.COMPLETED
    assert runs.get(db, waits).state is RunState.SCHEDULED
    go_on.set()
    assert until_over(db, waits).state is RunState.COMPLETED


def test_suspects_keep_no_places_from_others(db: Database, start_worker: StartWorker) -> None:
    """However many of them wait for their trial, a run that is none is taken."""
    tried, *_ = suspects(db, "long", "short", "short", "short")
    new = short.create_run(db=db)
    start_worker(long, short, concurrency=2)
    assert until_over(db, new.id).state is RunState.COMPLETED
    assert runs.get(db, tried).state is RunState.RUNNING


def test_a_trial_ends_when_the_run_waits_and_then_it_is_no_suspect_any_more(
    db: Database, start_worker: StartWorker
) -> None:
    """Its prompt is answered while the next suspect runs, and it continues."""
    asked, tried = suspects(db, "asking", "long")
    start_worker(asking, long)
    prompt = until_asked(db, asked)
    until_state(db, tried, RunState.RUNNING)
    answer(db, prompt, value="yes")
    assert until_over(db, asked).result == "yes"
    assert runs.get(db, tried).state is RunState.RUNNING


def test_a_suspect_that_runs_long_holds_the_next_one_up_no_longer_than_its_trial(
    db: Database, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has to happen for the next one to be taken."""
    monkeypatch.setattr("signoff.flows.engines.embedded.quarantine.QUARANTINE_SECONDS", 0.2)
    first, second, third = suspects(db, "long", "long", "short")
    start_worker(long, short)
    assert until_over(db, third).state is RunState.COMPLETED
    assert [runs.get(db, run_id).state for run_id in (first, second)] == [RunState.RUNNING] * 2
