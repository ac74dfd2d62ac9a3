"""Flows and hooks whose worker's process is killed while they run, once or each time."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from signoff import retry_flow_run
from signoff.flows.names import now
from signoff.states import flow_run_state
from signoff.store.database import Database
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs
from tests.support.waiting import until
from tests.support.worker_process import WorkerProcess

DEADLY = '''
"""Flows that end the process they run in."""

import os
import signal
import threading
import time
from pathlib import Path

from signoff import flow, idempotency_key, task

EFFECTS = Path(__file__).with_name("effects.txt")
DEADLY = Path(__file__).with_name("deadly")
HEALED = Path(__file__).with_name("healed")


def effect(name):
    with EFFECTS.open("a") as effects:
        effects.write(f"{name} {idempotency_key()}\\n")


def die():
    while not DEADLY.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def first(flow, flow_run, state):
    effect("first")


def interrupted(flow, flow_run, state):
    effect("interrupted")
    if EFFECTS.read_text().count("interrupted:") == 1:
        threading.Event().wait(600)


def last(flow, flow_run, state):
    effect("last")


@flow(on_completion=[first, interrupted, last])
def hooked():
    return "done"


@task
def once():
    effect("once")


@flow
def deadly():
    once()
    if not HEALED.exists():
        die()
    return "survived"


@deadly.on_crashed
async def tell(flow, flow_run, state):
    effect(f"told {state.name}")


@flow
def guilty():
    die()


@flow
def innocent():
    while not DEADLY.exists():
        time.sleep(0.01)
    time.sleep(0.1)


@flow
def deadly_hook():
    return "done"


@deadly_hook.on_completion
def die_too(flow, flow_run, state):
    effect("died")
    die()
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the flows, and the effects they had."""
    (tmp_path / "effects.txt").touch()
    (tmp_path / "deadly.py").write_text(DEADLY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def from_code(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code outside of a run uses the database of the test."""
    monkeypatch.setattr("signoff.flows.current_database.default_database", lambda: db)


def effects(folder: Path) -> Counter[str]:
    """How often each effect was had, by its idempotency key."""
    return Counter((folder / "effects.txt").read_text(encoding="utf-8").splitlines())


def create(db: Database, flow: str, run_id: str = "one") -> FlowRun:
    """A run whose id is short enough to be read."""
    return runs.create(db, run_id=run_id, name="brave-otter", flow=flow, parameters={}, now=now())


def until_done(db: Database) -> FlowRun:
    """The run, once its hooks have run or were given up."""
    return until(db, lambda: found if (found := runs.get(db, "one")).is_done else None, what="the run's hooks")


def die_of_it(url: str, folder: Path, *, times: int) -> None:
    """Let that many workers, one after the other, take what there is, and die of it."""
    for _ in range(times):
        with WorkerProcess(url, folder / "deadly.py") as worker:
            # Not before it is known to have started.
            (folder / "deadly").touch()
            assert worker.wait() == -signal.SIGKILL
        (folder / "deadly").unlink()


def test_a_hook_whose_process_is_killed_runs_again(db: Database, database_url: str, folder: Path) -> None:
    """All hooks of that end are called again, with the same keys, and the state of the run does not change."""
    with WorkerProcess(database_url, folder / "deadly.py") as worker:
        create(db, "hooked")
        until(db, lambda: "interrupted one:interrupted:1" in effects(folder))
        worker.kill()
    ended = runs.get(db, "one")
    assert (ended.state, ended.is_done) == (RunState.COMPLETED, False)
    with WorkerProcess(database_url, folder / "deadly.py"):
        done = until_done(db)
    assert effects(folder) == {"first one:first:1": 2, "interrupted one:interrupted:1": 2, "last one:last:1": 1}
    assert (done.state, done.result, done.finished_at) == (RunState.COMPLETED, "done", ended.finished_at)


@pytest.mark.usefixtures("from_code")
def test_a_flow_that_kills_its_worker_each_time_crashes_and_can_be_retried(
    db: Database, database_url: str, folder: Path
) -> None:
    """It does not kill a fourth worker, its hook reports it, and a retry continues from the journal."""
    create(db, "deadly")
    # The first worker records the step, so that one gets on; the next two die with nothing recorded in between.
    die_of_it(database_url, folder, times=3)
    with WorkerProcess(database_url, folder / "deadly.py"):
        crashed = until_done(db)
        assert (crashed.state, crashed.result, crashed.error) == (RunState.CRASHED, None, None)
        state = flow_run_state("one")
        assert (state.type, state.is_final(), state.message) == ("CRASHED", True, crashed.message)
        (folder / "healed").touch()
        retry_flow_run("one")
        again = until_done(db)
    assert (again.state, again.result, again.message, again.attempt) == (RunState.COMPLETED, "survived", "", 2)
    assert effects(folder) == {"once one:once": 1, "told Crashed one:tell:1": 1}


def test_a_hook_that_kills_its_worker_each_time_is_given_up(db: Database, database_url: str, folder: Path) -> None:
    """Others of the worker's flows are not kept from running by it forever."""
    create(db, "deadly-hook")
    die_of_it(database_url, folder, times=3)
    with WorkerProcess(database_url, folder / "deadly.py"):
        done = until_done(db)
    assert (done.state, done.result) == (RunState.COMPLETED, "done")
    assert "given up" in done.message
    assert effects(folder) == {"died one:die_too:1": 3}


def test_of_runs_that_ran_together_when_their_worker_died_only_the_guilty_one_crashes(
    db: Database, database_url: str, folder: Path
) -> None:
    """They are tried one at a time from then on, so that the others come to their ends."""
    innocent = [create(db, "innocent", f"innocent-{number}").id for number in range(10)]
    create(db, "guilty")

    def states() -> Counter[RunState]:
        return Counter(run.state for run in runs.newest(db))

    with WorkerProcess(database_url, folder / "deadly.py") as worker:
        until(db, lambda: states() == {RunState.RUNNING: 11})
        (folder / "deadly").touch()
        assert worker.wait() == -signal.SIGKILL
    (folder / "deadly").unlink()
    die_of_it(database_url, folder, times=2)
    with WorkerProcess(database_url, folder / "deadly.py"):
        (folder / "deadly").touch()
        assert until_done(db).state is RunState.CRASHED
        until(db, lambda: all(runs.get(db, run_id).state.is_final for run_id in innocent))
    assert states() == {RunState.COMPLETED: 10, RunState.CRASHED: 1}
