"""A worker's process is killed, and nothing that was recorded is lost or done twice."""

from collections import Counter
from pathlib import Path

import pytest

from signoff.flows.names import memorable_name, new_id, now
from signoff.store.database import Database
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import journal, runs
from tests.support.answering import answer
from tests.support.waiting import until, until_asked, until_over
from tests.support.worker_process import WorkerProcess

RELEASE = '''
"""A release, as a test needs it."""

import threading
from pathlib import Path

from signoff import flow, idempotency_key, pause_flow_run, suspend_flow_run, task

EFFECTS = Path(__file__).with_name("effects.txt")


def effect(name):
    with EFFECTS.open("a") as effects:
        effects.write(f"{name} {idempotency_key()}\\n")


@task
def build(number):
    effect("build")
    return number


@task
def interrupted():
    first = "interrupted" not in EFFECTS.read_text()
    effect("interrupted")
    if first:
        threading.Event().wait(600)
    return "in the end"


@flow
def pausing():
    built = build(1)
    said = pause_flow_run(wait_for_input=str)
    return [built, build(2), said]


@flow
def suspending():
    built = build(1)
    said = suspend_flow_run(wait_for_input=str)
    return [built, build(2), said]


@flow
async def awaiting():
    built = build(1)
    said = await pause_flow_run(wait_for_input=str)
    return [built, build(2), said]


@flow
def breaking():
    build(1)
    return interrupted()


@flow
def counting():
    return sum(build(number) for number in range(40))
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A flow file, and beside it the effects that its tasks had."""
    (tmp_path / "effects.txt").touch()
    written = tmp_path / "release.py"
    written.write_text(RELEASE, encoding="utf-8")
    return written


def effects(file: Path) -> Counter[str]:
    """How often each effect was had, by its idempotency key."""
    return Counter((file.parent / "effects.txt").read_text(encoding="utf-8").splitlines())


def create(db: Database, flow: str) -> FlowRun:
    """A run of a flow that this process need not know."""
    return runs.create(db, run_id=new_id(), name=memorable_name(), flow=flow, parameters={}, now=now())


def test_waiting_runs_outlive_their_worker(db: Database, database_url: str, file: Path) -> None:
    """Killed while they wait and answered while nothing runs, they continue in another process and repeat nothing."""
    waiting = [create(db, flow) for flow in ("pausing", "suspending", "awaiting")]
    with WorkerProcess(database_url, file) as worker:
        asked = [until_asked(db, run.id) for run in waiting]
        worker.kill()
    for prompt in asked:
        answer(db, prompt, value="yes")
    with WorkerProcess(database_url, file):
        for run in waiting:
            ended = until_over(db, run.id)
            assert (ended.state, ended.result, ended.attempt) == (RunState.COMPLETED, [1, 2, "yes"], 1)
    assert effects(file) == {f"build {run.id}:{key}": 1 for run in waiting for key in ("build", "build-2")}


def test_recorded_tasks_never_run_again_and_one_cut_off_has_the_same_key(
    db: Database, database_url: str, file: Path
) -> None:
    """Invariant 3: of a row of tasks at most the one that was killed runs a second time, and can know itself again."""
    cut_off, row = create(db, "breaking"), create(db, "counting")
    with WorkerProcess(database_url, file) as worker:
        until(db, lambda: f"interrupted {cut_off.id}:interrupted" in effects(file))
        until(db, lambda: len(journal.load(db, row.id)) > 10)
        worker.kill()
    recorded = set(journal.load(db, row.id))
    with WorkerProcess(database_url, file):
        assert until_over(db, cut_off.id).result == "in the end"
        assert until_over(db, row.id).result == sum(range(40))
    counted = effects(file)
    assert counted.pop(f"build {cut_off.id}:build") == 1
    assert counted.pop(f"interrupted {cut_off.id}:interrupted") == 2
    assert all(counted[f"build {row.id}:{key}"] == 1 for key in recorded)
    assert len(counted) == 40
    assert sum(counted.values()) <= 41


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_comment_edited_between_two_processes_changes_nothing(db: Database, database_url: str, file: Path) -> None:
    """Invariant 5: a run that waits is not stranded by a deployment."""
    run = create(db, "suspending")
    with WorkerProcess(database_url, file) as worker:
        prompt = until_asked(db, run.id)
        worker.kill()
    file.write_text(RELEASE.replace("built = build(1)", "# Comes first.\n    built  =  build(1)"), encoding="utf-8")
    answer(db, prompt, value="yes")
    with WorkerProcess(database_url, file):
        assert until_over(db, run.id).result == [1, 2, "yes"]
