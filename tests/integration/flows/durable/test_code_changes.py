"""Invariant 5: a run that waits survives an edit of its code. What recorded journals show is in `tests/golden`."""

import importlib.util
import random
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from signoff import Flow, RunInput, flow, suspend_flow_run, task
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, retries, runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

ORIGINAL = '''
from signoff import RunInput, flow, suspend_flow_run, task


class Approval(RunInput):
    """May it go out?"""

    ok: bool


@task
def build(version, target="linux"):
    return f"{version} for {target}"


@task
def deploy(what):
    return f"deployed {what}"


@flow
def release():
    built = build("1.0")
    if suspend_flow_run(wait_for_input=Approval).ok:
        return deploy(built)
    return "kept"
'''


def load(folder: Path, text: str) -> Flow[Any, Any]:
    """The flow `release` of a file that holds this text now."""
    file = folder / "release.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("release_as_edited", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    release: Flow[Any, Any] = module.release
    return release


def ask_by_the_original(db: Database, folder: Path) -> Prompt:
    """What the original asks, after which its worker stops."""
    release = load(folder, ORIGINAL)
    with Worker(db, [release]):
        return until_asked(db, release.create_run(db=db).id)


def test_a_result_that_fits_its_annotation_no_more_asks_for_a_person(
    db: Database, tmp_path: Path, start_worker: StartWorker
) -> None:
    """A recorded result is never handed over as something else."""
    prompt = ask_by_the_original(db, tmp_path)
    answer(db, prompt, ok=True)
    start_worker(load(tmp_path, ORIGINAL.replace('target="linux"):', 'target="linux") -> int:')))
    ended = until_over(db, prompt.run_id)
    assert ended.state is RunState.NEEDS_ATTENTION
    assert ended.error is not None
    assert "build can no longer be read" in ended.error


@pytest.mark.parametrize("asked", ["Approval", "Approval.with_initial_data(version='1.4')"])
def test_a_recorded_question_may_have_a_pattern_that_a_new_one_may_not(
    db: Database, tmp_path: Path, start_worker: StartWorker, asked: str
) -> None:
    """An earlier version let it through, its answer is recorded, and the run must not fail over it."""
    answered_before = (
        ORIGINAL.replace("ok: bool", "ok: bool\n    version: str = Field('1.0', pattern='^[0-9.]+$')")
        .replace("from signoff", "import re\nfrom pydantic import Field\nfrom signoff", 1)
        .replace("wait_for_input=Approval", f"wait_for_input={asked}")
    )
    with Worker(db, [release := load(tmp_path, answered_before)]):
        prompt = until_asked(db, release.create_run(db=db).id)
    start_worker(refused := load(tmp_path, answered_before.replace("'^[0-9.]+$'", "re.compile('^[0-9.]+$')")))
    answer(db, prompt, ok=True, version="1.5")
    assert until_over(db, prompt.run_id).state is RunState.COMPLETED
    new = until_over(db, refused.create_run(db=db).id)
    assert new.state is RunState.FAILED
    assert "with Python's regular expressions" in str(new.error)


def test_without_an_edit_a_clock_and_arguments_may_differ_in_a_replay(db: Database, start_worker: StartWorker) -> None:
    """A clock in a text, or a random number in an argument, does not strand a run: the recorded value counts."""
    executions = iter(range(9))

    @task
    def draw(number: float) -> float:
        return number

    @flow
    def ask() -> list[Any]:
        number = next(executions)
        drawn = draw(random.Random(number).random())

        class Choice(RunInput):
            __doc__ = f"It is {datetime.now(UTC):%H:%M:%S}"
            size: str

        return [drawn, suspend_flow_run(wait_for_input=Choice).size, next(executions)]

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), size="large")
    assert until_over(db, run.id).result == [random.Random(0).random(), "large", 2]


def test_a_file_edited_while_the_worker_runs_does_not_pass_for_its_code(db: Database, tmp_path: Path) -> None:
    """A flow is known by the code that was loaded, not by what its file says later."""
    release = load(tmp_path, ORIGINAL)
    edited = load(tmp_path, ORIGINAL.replace("May it go out?", "May it be kept back?"))
    assert release.fingerprint != edited.fingerprint
    with Worker(db, [release]):
        prompt = until_asked(db, release.create_run(db=db).id)
    answer(db, prompt, ok=True)
    with Worker(db, [edited]):
        assert until_asked(db, prompt.run_id, number=2).earlier is not None
    assert runs.get(db, prompt.run_id).result is None


TWO = """
from signoff import flow, suspend_flow_run


@flow
def release():
    count = suspend_flow_run(int, description="How many?")
    size = suspend_flow_run(str, description="Which size?")
    return [count, size]
"""


def test_two_questions_may_be_swapped(db: Database, tmp_path: Path) -> None:
    """Invariant 5: each has its own words, and its own answer."""
    with Worker(db, [release := load(tmp_path, TWO)]):
        first = until_asked(db, release.create_run(db=db).id)
        answer(db, first, value=3)
        second = until_asked(db, first.run_id, number=2)
    answer(db, second, value="large")
    lines = TWO.splitlines(keepends=True)
    lines[-3], lines[-2] = lines[-2], lines[-3]
    with Worker(db, [load(tmp_path, "".join(lines))]):
        assert until_over(db, first.run_id).result == [3, "large"]


CAUGHT = """
from signoff import flow, task


@task
def warn():
    raise OSError("away")


@task
def build():
    return "built"


@flow
def release():
    try:
        warn()
    except OSError:
        pass
    build()
    raise OSError("not ready")
"""


def test_a_step_that_failed_may_be_tried_again_by_edited_code(db: Database, tmp_path: Path) -> None:
    """It has no result any more, and yet was not put before what ran."""
    release = load(tmp_path, CAUGHT)
    with Worker(db, [release]):
        failed = until_over(db, release.create_run(db=db).id)
    assert failed.state is RunState.FAILED
    retries.retry(db, failed.id, actor=ANA, now=now())
    with Worker(db, [load(tmp_path, CAUGHT.replace('raise OSError("not ready")', "return build()"))]):
        ended = until_over(db, failed.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, "built")


SIDE_BY_SIDE = """
import threading

from signoff import flow, task

GO_ON = threading.Event()
EFFECTS = []


@task
def child(number):
    EFFECTS.append(f"child {number}")
    return number


@task
def parent(number):
    came = child(number)
    if number % 2:
        GO_ON.wait(20)
    return came


@task
def last():
    GO_ON.wait(20)
    EFFECTS.append("last")
    return 100


@flow
def release():
    parents = parent.map([0, 1, 2, 3])
    one = last()
    return sum(parents.result()) + one
"""


def abandon(db: Database, worker: Worker, release: Flow[Any, Any], others: set[threading.Thread]) -> None:
    """Stop a worker that still works, and wait until what it began has ended and was not recorded.

    Args:
        others: The threads that there were before the worker was started.
    """
    before = {each for each in threading.enumerate() if each.name.startswith(("task-", "flow-"))} - others
    worker.stop(grace=0)
    release.fn.__globals__["GO_ON"].set()
    until(db, lambda: not any(thread.is_alive() for thread in before), what="its threads to end")


def test_what_was_cut_off_side_by_side_goes_on_under_edited_code(db: Database, tmp_path: Path) -> None:
    """Invariant 5: it comes before others that had ended, and was not renamed for that."""
    release = load(tmp_path, SIDE_BY_SIDE)
    others = set(threading.enumerate())
    worker = Worker(db, [release])
    worker.start()
    run = release.create_run(db=db)
    children = {"parent/child", "parent-2/child", "parent-3/child", "parent-4/child"}
    until(db, lambda: set(journal.load(db, run.id)) == {"parent", "parent-3", *children})
    abandon(db, worker, release, others)
    edited = load(tmp_path, SIDE_BY_SIDE + "\n\nGO_ON.set()\n")
    with Worker(db, [edited]):
        ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, 106)
    assert edited.fn.__globals__["EFFECTS"] == ["last"]


def test_a_submitted_task_that_was_renamed_has_no_effect_again(db: Database, tmp_path: Path) -> None:
    """Invariant 5: it does not start before everything that ran has been called; waiting for it before that fails."""
    text = SIDE_BY_SIDE.replace("    one = last()", "    parents.wait()\n    one = last()").replace("% 2", "> 9")
    release = load(tmp_path, text)
    others = set(threading.enumerate())
    worker = Worker(db, [release])
    worker.start()
    run = release.create_run(db=db)
    until(db, lambda: len(journal.load(db, run.id)) == 8)
    abandon(db, worker, release, others)
    edited = load(tmp_path, text.replace("parent", "elder") + "\n\nGO_ON.set()\n")
    with Worker(db, [edited]):
        ended = until_over(db, run.id)
    assert ended.state is RunState.NEEDS_ATTENTION
    assert "calls elder, which has not run yet, before parent" in (ended.error or "")
    assert edited.fn.__globals__["EFFECTS"] == []


GATHERED = """
import asyncio

from signoff import flow, task

EFFECTS = []
GO_ON = asyncio.Event()


@task
async def slow():
    EFFECTS.append("slow")
    await GO_ON.wait()
    return "slow"


@task
async def quick():
    EFFECTS.append("quick")
    return "quick"


@flow
async def release():
    return await asyncio.gather(slow(), quick())
"""


@pytest.mark.parametrize(
    ("before", "after", "ends", "effects"),
    [
        ("EFFECTS = []", "EFFECTS = []\nOTHER = 1", RunState.COMPLETED, ["slow"]),
        ("quick()", "swift()", RunState.NEEDS_ATTENTION, []),
    ],
    ids=["cut off", "renamed"],
)
def test_coroutines_side_by_side_under_edited_code(
    db: Database, tmp_path: Path, before: str, after: str, ends: RunState, effects: list[str]
) -> None:
    """Invariant 5: a task that was cut off continues, and none runs again under a new name."""
    release = load(tmp_path, GATHERED)
    worker = Worker(db, [release])
    worker.start()
    run = release.create_run(db=db)
    until(db, lambda: set(journal.load(db, run.id)) == {"quick"})
    worker.stop(grace=0)
    edited = load(tmp_path, GATHERED.replace(before, after) + "\n\nGO_ON.set()\n")
    with Worker(db, [edited]):
        assert until_over(db, run.id).state is ends
    assert edited.fn.__globals__["EFFECTS"] == effects
