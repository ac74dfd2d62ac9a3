"""Many runs that wait, and one run that waits for many."""

import asyncio
import threading
from typing import Any

import pytest

from signoff import flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import journal
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.sql_capture import captured_sql
from tests.support.waiting import until, until_asked, until_over, until_state

WAYS = pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])


def held(worker: Worker) -> tuple[int, int]:
    """How many slots are taken, and how many runs are in memory."""
    return worker._running_count, len(worker._executions)


@WAYS
def test_runs_that_wait_take_no_slot(db: Database, start_worker: StartWorker, wait: Any) -> None:
    """A worker that may run one at a time runs many that wait, and its count comes out even."""

    @flow
    def ask() -> None:
        wait()

    worker = start_worker(ask, concurrency=1)
    ids = [ask.create_run(db=db).id for _ in range(5)]
    asked = [until_asked(db, run_id) for run_id in ids]
    until(db, lambda: worker._running_count == 0)
    for prompt in asked:
        answer(db, prompt)
    for run_id in ids:
        assert until_over(db, run_id).state is RunState.COMPLETED
    worker.stop()
    assert held(worker) == (0, 0)


def test_an_async_flow_may_ask_several_people_at_once(db: Database, start_worker: StartWorker) -> None:
    """Prompts that are open at the same time can be answered in any order, and each gets its own answer."""

    @flow
    async def ask() -> list[str]:
        asking: list[Any] = [pause_flow_run(wait_for_input=str, key=key) for key in ("ana", "ben", "eve")]
        return [*await asyncio.gather(*asking)]

    worker = start_worker(ask)
    run = ask.create_run(db=db)
    until_asked(db, run.id, number=3)
    by_key = {prompt.key: prompt for prompt in prompts.of_run(db, run.id)}
    for key in ("ben", "eve", "ana"):
        answer(db, by_key[key], value=f"{key}'s")
    assert until_over(db, run.id).result == ["ana's", "ben's", "eve's"]
    worker.stop()
    assert held(worker) == (0, 0)


def test_a_task_beside_a_question_is_recorded(db: Database, start_worker: StartWorker) -> None:
    """An answer does not cost what runs beside the wait."""
    go_on, began, times = threading.Event(), threading.Event(), []

    @task
    async def work() -> str:
        times.append(1)
        began.set()
        await asyncio.to_thread(go_on.wait, 20)
        return "worked"

    @flow
    async def both() -> list[str]:
        asking: Any = pause_flow_run(wait_for_input=str)
        return list(await asyncio.gather(asking, work()))

    start_worker(both)
    run = both.create_run(db=db)
    prompt = until_asked(db, run.id)
    assert began.wait(20)
    answer(db, prompt, value="yes")
    until_state(db, run.id, RunState.RUNNING)
    go_on.set()
    assert until_over(db, run.id).result == ["yes", "worked"]
    assert times == [1]


MANY = 60


def test_an_answer_wakes_its_own_wait_and_not_the_others(db: Database, start_worker: StartWorker) -> None:
    """So if a thousand tasks of a run wait, an answer does not take a thousand writes."""

    @task
    def approve(number: int) -> bool:
        return pause_flow_run(wait_for_input=bool, timeout=None)

    @flow
    def release() -> int:
        return sum(approve.map(range(MANY)).result())

    start_worker(release)
    run = release.create_run(db=db)
    until_asked(db, run.id, number=MANY)
    first, *others = prompts.of_run(db, run.id)
    sent = captured_sql(db)
    answer(db, first, value=True)
    until(db, lambda: journal.load(db, run.id))
    until_state(db, run.id, RunState.PAUSED)
    assert sum(statement.startswith("UPDATE flow_runs") for statement in sent) < MANY / 2
    for prompt in others:
        answer(db, prompt, value=True)
    assert until_over(db, run.id).result == MANY


def test_a_run_waits_on_for_the_other_answers_when_one_wait_is_cancelled(
    db: Database, start_worker: StartWorker
) -> None:
    """Whether that was the first or the last to be asked, and whether it is cancelled beside an answer."""

    @flow
    async def release() -> list[str]:
        waits = [asyncio.ensure_future(pause_flow_run(wait_for_input=str, key=key)) for key in ("ana", "ben", "eve")]
        answers = [await waits[0]]
        waits[1].cancel()
        return [*answers, await waits[2]]

    start_worker(release)
    run = release.create_run(db=db)
    until_asked(db, run.id, number=3)
    by_key = {prompt.key: prompt for prompt in prompts.of_run(db, run.id)}
    answer(db, by_key["ana"], value="yes")
    until(db, lambda: not prompts.get(db, by_key["ben"].id).is_open)
    until_state(db, run.id, RunState.PAUSED)
    answer(db, by_key["eve"], value="no")
    assert until_over(db, run.id).result == ["yes", "no"]
