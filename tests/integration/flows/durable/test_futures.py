"""Tasks that run beside their flow."""

import threading
from pathlib import Path
from typing import Any

import pytest

from signoff import (
    MappingLengthMismatch,
    MappingMissingIterable,
    flow,
    pause_flow_run,
    suspend_flow_run,
    task,
    unmapped,
)
from signoff.flows.names import memorable_name, new_id, now
from signoff.futures import TaskFuture, wait
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import PATIENCE, until, until_over
from tests.support.worker_process import WorkerProcess


def test_submitted_tasks_run_side_by_side(db: Database, start_worker: StartWorker) -> None:
    """They wait for each other here, which they could not one after the other."""
    meet = threading.Barrier(3, timeout=PATIENCE)

    @task
    def work(number: int) -> int:
        meet.wait()
        return number

    @task
    async def work_async(number: int) -> int:
        meet.wait()
        return number

    @flow
    def all_at_once() -> Any:
        futures: list[TaskFuture[Any]] = [work.submit(1), work_async.submit(2), work.submit(number=3)]
        assert not wait(futures, timeout=PATIENCE).not_done
        assert all(future.state.is_completed() for future in futures)
        return [future.result() for future in futures]

    start_worker(all_at_once)
    assert until_over(db, all_at_once.create_run(db=db).id).result == [1, 2, 3]


def test_an_async_flow_awaits_results(db: Database, start_worker: StartWorker) -> None:
    """What waits gives an awaitable there."""

    @task
    def double(number: int) -> int:
        return 2 * number

    @flow
    async def doubles() -> Any:
        one: Any = double.submit(1)
        more: Any = double.map([2, 3])
        await one.wait()
        return [await one.result(), *await more.result()]

    start_worker(doubles)
    assert until_over(db, doubles.create_run(db=db).id).result == [2, 4, 6]


def test_futures_stand_for_their_results(db: Database, start_worker: StartWorker) -> None:
    """Given to another task, alone or within a list or a dict, and in `wait_for`."""
    done: list[str] = []

    @task
    def first(name: str) -> str:
        done.append(name)
        return name

    @task
    def join(one: str, more: list[str], named: dict[str, str]) -> str:
        return "-".join([one, *more, *named.values(), *done[-1:]])

    @flow
    def joined() -> str:
        a, b, c = (first.submit(name) for name in "abc")
        wait([a, b, c])
        last = first.submit("last")
        return join.submit(a, [b], named={"c": c}, wait_for=[last]).result()

    start_worker(joined)
    assert until_over(db, joined.create_run(db=db).id).result == "a-b-c-last"


def test_a_failure_is_in_the_future(db: Database, start_worker: StartWorker) -> None:
    """It is raised, or given back, where the result is asked for, and what waits for it fails as it did."""

    @task
    def fail() -> None:
        raise ValueError("no")

    @flow
    def fails() -> str:
        future = fail.submit()
        future.wait()
        assert future.state.is_failed()
        assert future.state.message == "ValueError: no"
        assert isinstance(future.result(raise_on_failure=False), ValueError)
        with pytest.raises(ValueError, match="no"):
            fail.submit(wait_for=[future]).result()
        future.result()
        return "never"

    start_worker(fails)
    assert until_over(db, fails.create_run(db=db).id).error == "ValueError: no"


def test_a_task_is_mapped_over_what_can_be_gone_through(db: Database, start_worker: StartWorker) -> None:
    """Lists are mapped item by item; strings and unmapped values go to every call, as in Prefect."""

    @task
    def word(letter: str, end: str, all_: list[int]) -> str:
        return f"{letter}{end}{sum(all_)}"

    @flow
    def words() -> list[str]:
        with pytest.raises(MappingMissingIterable):
            word.map("a", "b", unmapped([1]))
        with pytest.raises(MappingLengthMismatch):
            word.map(["a"], "b", [[1], [2]])
        return word.map(["a", "b"], "-end", all_=unmapped([1, 2])).result()

    start_worker(words)
    assert until_over(db, words.create_run(db=db).id).result == ["a-end3", "b-end3"]


@pytest.mark.parametrize("ask", [pause_flow_run, suspend_flow_run])
def test_submitted_tasks_may_ask(db: Database, start_worker: StartWorker, ask: Any) -> None:
    """Each gets its own answer, even if the run left memory in between."""

    @task
    def asks(key: str) -> str:
        return f"{key} {ask(wait_for_input=str, key=key)}"

    @flow
    def both() -> list[str]:
        return asks.map(["one", "two"]).result()

    start_worker(both)
    run = both.create_run(db=db)
    for _ in range(2):
        until(db, lambda: any(prompt.is_open for prompt in prompts.of_run(db, run.id)))
        prompt = next(prompt for prompt in prompts.of_run(db, run.id) if prompt.is_open)
        answer(db, prompt, value=prompt.key.rpartition("--")[2])
    assert until_over(db, run.id).result == ["one one", "two two"]


def test_outside_of_a_run_a_submitted_task_just_runs() -> None:
    """As a task that is called does."""

    @task
    def double(number: int) -> int:
        return 2 * number

    assert double.submit(2).result() == 4


SLOW_AND_QUICK = '''
"""Maps a task of which some calls are slow the first time."""

from pathlib import Path
import threading

from signoff import flow, suspend_flow_run, task

EFFECTS = Path(__file__).with_name("effects.txt")


@task
def work(number):
    with EFFECTS.open("a") as effects:
        effects.write(f"{number}\\n")
    if number % 2 and EFFECTS.read_text().splitlines().count(str(number)) == 1:
        threading.Event().wait(600)
    return 10 * number


@flow
def mapping():
    return work.map([0, 1, 2, 3]).result()
'''


def test_a_replay_finds_each_call_by_the_name_it_had(db: Database, database_url: str, tmp_path: Path) -> None:
    """Invariant 3: killed with some of them recorded, only the others run again, in whatever order they ended."""
    file = tmp_path / "mapping.py"
    file.write_text(SLOW_AND_QUICK, encoding="utf-8")
    run = runs.create(db, run_id=new_id(), name=memorable_name(), flow="mapping", parameters={}, now=now())
    effects = tmp_path / "effects.txt"
    with WorkerProcess(database_url, file) as worker:
        until(db, lambda: set(journal.load(db, run.id)) == {"work", "work-3"})
        until(db, lambda: len(effects.read_text().split()) == 4)
        worker.kill()
    with WorkerProcess(database_url, file):
        ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, [0, 10, 20, 30])
    assert sorted(effects.read_text().split()) == ["0", "1", "1", "2", "3", "3"]
