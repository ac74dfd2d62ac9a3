"""A person has a run that failed run again."""

from typing import Any

import pytest

from signoff import aretry_flow_run, flow, gather, pause_flow_run, retry_flow_run, suspend_flow_run, task
from signoff.flows.approval.desk import Desk
from signoff.flows.ask import ask
from signoff.flows.names import new_id
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun, RunNotFailed
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

WAYS = pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])


def still_open(db: Database, run_id: str) -> Prompt:
    """The prompt that the run asks now."""
    return until(db, lambda: next((each for each in prompts.of_run(db, run_id) if each.is_open), None))


@WAYS
@pytest.mark.parametrize("end", [Outcome.REJECTED, Outcome.TIMED_OUT])
def test_what_was_refused_or_timed_out_is_asked_anew(
    db: Database, start_worker: StartWorker, wait: Any, end: Outcome
) -> None:
    """Answers are kept, the finished task does not run again, and the old prompt keeps its outcome."""
    built: list[int] = []

    @task
    def build() -> int:
        built.append(1)
        return len(built)

    @flow
    def release() -> list[Any]:
        return [build(), wait(wait_for_input=str), wait(wait_for_input=bool, timeout=None)]

    start_worker(release)
    run = release.create_run(db=db)
    answer(db, until_asked(db, run.id), value="1.0")
    asked = until_asked(db, run.id, number=2)
    if end is Outcome.REJECTED:
        Desk(db).reject(asked.id, ANA, "Not yet", via="cli")
    else:
        Desk(db).time_out(asked)
    assert until_over(db, run.id).state is (RunState.FAILED if end is Outcome.REJECTED else RunState.TIMED_OUT)
    assert Desk(db).retry(run.id, ANA).state is RunState.SCHEDULED
    again = still_open(db, run.id)
    assert (again.key, again.id != asked.id) == (asked.key, True)
    answer(db, again, value=True)
    ended = until_over(db, run.id)
    assert (ended.state, ended.result, ended.error) == (RunState.COMPLETED, [1, "1.0", True], None)
    assert prompts.get(db, asked.id).outcome is end
    assert [line.event for line in ledger.lines(db, asked.id)][-1] == "superseded"


def test_a_failed_task_runs_again(db: Database, start_worker: StartWorker) -> None:
    """What made the run fail is not replayed, as often as it is retried."""
    tries: list[int] = []

    @task
    def deploy() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")
        return "deployed"

    @flow
    def release() -> str:
        pause_flow_run()
        return deploy()

    start_worker(release)
    run = release.create_run(db=db)
    answer(db, until_asked(db, run.id))
    for _ in range(2):
        assert until_over(db, run.id).state is RunState.FAILED
        Desk(db).retry(run.id, ANA)
        until(db, lambda: len(tries) > 1)
    assert until_over(db, run.id).result == "deployed"
    assert len(prompts.of_run(db, run.id)) == 1


def test_what_ended_with_the_run_is_asked_anew(db: Database, start_worker: StartWorker) -> None:
    """Of several open prompts a no to one has cancelled the others."""

    @flow
    def both() -> list[str]:
        return gather(ask(str, key="one"), ask(str, key="two"))  # type: ignore[no-any-return]

    start_worker(both)
    run = both.create_run(db=db)
    until_asked(db, run.id, number=2)
    one = next(each for each in prompts.of_run(db, run.id) if each.key == "one")
    Desk(db).reject(one.id, ANA, "No", via="cli")
    assert until_over(db, run.id).state is RunState.FAILED
    Desk(db).retry(run.id, ANA)
    for _ in range(2):
        prompt = still_open(db, run.id)
        answer(db, prompt, value=prompt.key)
    assert until_over(db, run.id).result == ["one", "two"]


@pytest.mark.parametrize("isasync", [False, True])
def test_code_can_have_a_run_retried(db: Database, start_worker: StartWorker, isasync: bool) -> None:
    """A hook, sync or async, retries a failed run; the person's answer is kept."""
    tries: list[int] = []

    @flow
    def release() -> str:
        said: str = pause_flow_run(wait_for_input=str)
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")
        return said

    def again(flow: Any, flow_run: FlowRun, state: Any) -> None:
        retry_flow_run(flow_run.id)

    async def again_async(flow: Any, flow_run: FlowRun, state: Any) -> None:
        await aretry_flow_run(flow_run.id)

    release.on_failure(again_async if isasync else again)
    start_worker(release)
    run = release.create_run(db=db)
    answer(db, until_asked(db, run.id), value="1.0")
    ended = until(db, lambda: found if (found := runs.get(db, run.id)).result else None)
    assert (ended.state, ended.result, ended.attempt) == (RunState.COMPLETED, "1.0", 3)
    assert len(prompts.of_run(db, run.id)) == 1


def test_what_has_not_failed_cannot_be_retried(db: Database, start_worker: StartWorker) -> None:
    """A run that waits, was completed or cancelled, or does not exist."""

    @flow
    def waits() -> None:
        pause_flow_run()

    run = waits.create_run(db=db)
    with pytest.raises(RunNotFailed, match="is Scheduled"):
        Desk(db).retry(run.id, ANA)
    start_worker(waits)
    answer(db, until_asked(db, run.id))
    until_over(db, run.id)
    with pytest.raises(RunNotFailed, match="is Completed"):
        Desk(db).retry(run.id, ANA)
    with pytest.raises(NoSuchRun):
        Desk(db).retry(new_id(), ANA)
