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
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
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
