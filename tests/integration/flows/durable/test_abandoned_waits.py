"""An async flow stops waiting by itself."""

import asyncio
import threading
from typing import Any

import pytest

from signoff import apause_flow_run, as_answered, ask, asuspend_flow_run, flow
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over, until_state


def test_what_a_flow_gives_up_is_cancelled_and_the_run_goes_on(db: Database, start_worker: StartWorker) -> None:
    """Nobody is asked any longer for what nobody waits for, and the run is not shown as if it waited."""
    go_on = threading.Event()

    @flow
    async def impatient() -> str:
        try:
            await asyncio.wait_for(apause_flow_run(wait_for_input=str), 0.1)
        except TimeoutError:
            await asyncio.to_thread(go_on.wait, 20)
            return "went on"
        return "answered"

    worker = start_worker(impatient)
    run = impatient.create_run(db=db)
    prompt = until(db, lambda: next((each for each in prompts.of_run(db, run.id) if not each.is_open), None))
    assert runs.get(db, run.id).state is RunState.RUNNING
    assert (prompt.outcome, prompt.reason) == (Outcome.CANCELLED, "The flow no longer waits for an answer.")
    go_on.set()
    assert until_over(db, run.id).result == "went on"
    worker.stop()
    assert (worker._running_count, len(worker._executions)) == (0, 0)


def test_an_answer_that_came_before_counts(db: Database, start_worker: StartWorker) -> None:
    """Invariant 1: an acknowledged answer reaches the flow, even if the flow stopped waiting just then."""

    @flow
    async def ask_and_go() -> str:
        waiting: Any = asyncio.ensure_future(apause_flow_run(wait_for_input=str))
        await asyncio.to_thread(answer_it)
        waiting.cancel()
        return str(await waiting)

    def answer_it() -> None:
        answer(db, until_asked(db, run.id), value="just in time")

    run = ask_and_go.create_run(db=db)
    start_worker(ask_and_go)
    assert until_over(db, run.id).result == "just in time"


def test_a_replay_gives_up_what_was_given_up(db: Database) -> None:
    """It asks nobody again, and takes the way that the flow took before."""

    @flow
    async def impatient() -> list[str]:
        came = []
        try:
            came.append(await asyncio.wait_for(apause_flow_run(wait_for_input=str), 0.1))
        except TimeoutError:
            came.append("gave up")
        return [*came, await asuspend_flow_run(wait_for_input=str)]

    with Worker(db, [impatient]):
        run = impatient.create_run(db=db)
        prompt = until_asked(db, run.id, number=2)
    answer(db, prompt, value="yes")
    with Worker(db, [impatient]):
        assert until_over(db, run.id).result == ["gave up", "yes"]
    assert len(prompts.of_run(db, run.id)) == 2


def test_other_questions_are_still_waited_for(db: Database, start_worker: StartWorker) -> None:
    """Giving one up costs another neither its wait nor its answer."""

    @flow
    async def both() -> list[Any]:
        one = asyncio.wait_for(apause_flow_run(wait_for_input=str, key="one"), 0.1)
        other = apause_flow_run(wait_for_input=str, key="other")
        came = await asyncio.gather(one, other, return_exceptions=True)
        return [type(came[0]).__name__, came[1]]

    start_worker(both)
    run = both.create_run(db=db)
    until(db, lambda: any(each.key == "one" and not each.is_open for each in prompts.of_run(db, run.id)))
    until_state(db, run.id, RunState.PAUSED)
    answer(db, next(each for each in prompts.of_run(db, run.id) if each.key == "other"), value="yes")
    assert until_over(db, run.id).result == ["TimeoutError", "yes"]


def test_the_key_of_what_was_given_up_is_used_up(db: Database, start_worker: StartWorker) -> None:
    """To ask again under it is refused, with the way to wait more than once."""

    @flow
    async def twice() -> None:
        for _ in range(2):
            try:
                await asyncio.wait_for(apause_flow_run(wait_for_input=str, key="name"), 0.1)
            except TimeoutError:
                continue

    start_worker(twice)
    ended = until_over(db, twice.create_run(db=db).id)
    assert ended.state is RunState.FAILED
    assert "use ask(), whose answer can be awaited again" in (ended.error or "")


@pytest.mark.parametrize("first", [False, True])
def test_what_was_asked_for_later_stays_open(db: Database, start_worker: StartWorker, first: bool) -> None:
    """A flow can wait for `ask` more than once; in between, the run continues."""
    gave_up, go_on = threading.Event(), threading.Event()

    @flow
    async def patient() -> str:
        asked = ask(str)

        async def wait() -> str:
            if first:
                async for each in as_answered([asked]):
                    return await each
            return await asked

        try:
            return await asyncio.wait_for(wait(), 0.1)
        except TimeoutError:
            gave_up.set()
            await asyncio.to_thread(go_on.wait, 20)
        return await wait()

    start_worker(patient)
    run = patient.create_run(db=db)
    assert gave_up.wait(20)
    until_state(db, run.id, RunState.RUNNING)
    go_on.set()
    answer(db, until_asked(db, run.id), value="yes")
    assert until_over(db, run.id).result == "yes"
