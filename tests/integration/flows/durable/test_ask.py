"""A run that has several prompts open at once."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signoff import FlowPauseTimeout, Policy, PromptRejected, RunInput, as_answered, ask, ask_all, flow, gather
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Refused, Settled
from signoff.flows.names import memorable_name, new_id, now
from signoff.store.database import Database
from signoff.store.prompts import approvers, prompts
from signoff.store.records.actors import Actor, claim_of
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over, until_state
from tests.support.worker_process import WorkerProcess

WAYS = pytest.mark.parametrize("suspend", [False, True], ids=["pause", "suspend"])


def all_asked(db: Database, run_id: str, number: int) -> list[Prompt]:
    """The prompts of a run that waits, once it has asked that many."""
    return until(
        db,
        lambda: (
            asked
            if len(asked := prompts.of_run(db, run_id)) == number and runs.get(db, run_id).state.is_waiting
            else None
        ),
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_handle_is_shown_by_its_question(db: Database, start_worker: StartWorker) -> None:
    """It may get into a log or a description, where its address would be another one in each replay."""

    @flow
    def survey() -> list[str]:
        one, other = ask(bool, description="Publish 1.4?"), ask(bool, description="How many?")
        assert one.prompt_id != other.prompt_id
        return [repr(one), repr(as_answered([one, other]))]

    start_worker(survey)
    first, second = "PromptHandle('Publish 1.4?')", "PromptHandle('How many?')"
    ended = until_over(db, survey.create_run(db=db).id)
    assert ended.result == [first, f"PromptIterator([{first}, {second}])"]


@WAYS
def test_all_answers_arrive_in_the_order_of_the_questions(
    db: Database, start_worker: StartWorker, suspend: bool
) -> None:
    """Whoever answers first, each question gets its own answer."""

    @flow
    def order() -> Any:
        size = ask(str, key="size", suspend=suspend)
        count = ask(int, key="count", suspend=suspend)
        return gather(size, count)

    start_worker(order)
    run = order.create_run(db=db)
    size, count = all_asked(db, run.id, 2)
    assert runs.get(db, run.id).state is (RunState.SUSPENDED if suspend else RunState.PAUSED)
    answer(db, count, value=3)
    answer(db, size, value="large")
    ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, ["large", 3])


@WAYS
def test_an_async_flow_awaits_what_it_asked(db: Database, start_worker: StartWorker, suspend: bool) -> None:
    """A handle is awaitable, and so is all that waits for several."""

    @flow
    async def order() -> Any:
        one, two = ask(str, key="one", suspend=suspend), ask(str, key="two", suspend=suspend)
        first = [asked.prompt_id async for asked in as_answered([one, two])]
        assert first == [two.prompt_id, one.prompt_id]
        return [await one, await two, *await ask_all([str, int], key="more", suspend=suspend)]

    start_worker(order)
    run = order.create_run(db=db)
    one, two = sorted(all_asked(db, run.id, 2), key=lambda prompt: prompt.key)
    answer(db, two, value="two")
    until_state(db, run.id, RunState.PAUSED, RunState.SUSPENDED)
    answer(db, one, value="one")
    by_key = {prompt.key: prompt for prompt in all_asked(db, run.id, 4)}
    answer(db, by_key["more-2"], value=4)
    answer(db, by_key["more-1"], value="three")
    assert until_over(db, run.id).result == ["one", "two", "three", 4]


def test_the_run_goes_on_while_a_prompt_is_open(db: Database, start_worker: StartWorker) -> None:
    """It is paused from when it waits, and an answer that came before is not waited for."""
    asked: list[Prompt] = []

    @flow
    def order() -> str:
        handle = ask(str)
        assert runs.get(db, run.id).state is RunState.RUNNING
        asked.append(prompts.get(db, handle.prompt_id))
        answer(db, asked[0], value="at once")
        assert handle.done
        return handle.result()

    run = order.create_run(db=db)
    start_worker(order)
    assert until_over(db, run.id).result == "at once"
    assert asked[0].is_open


@WAYS
def test_the_first_answer_is_enough_for_who_wants_no_more(
    db: Database, start_worker: StartWorker, suspend: bool
) -> None:
    """Prompts that are still open when the run ends are cancelled."""

    @flow
    def first() -> str:
        asked = [ask(str, suspend=suspend) for _ in range(3)]
        return next(iter(as_answered(asked))).result()

    start_worker(first)
    run = first.create_run(db=db)
    answer(db, all_asked(db, run.id, 3)[1], value="mine")
    assert until_over(db, run.id).result == "mine"
    outcomes = [prompt.outcome for prompt in prompts.of_run(db, run.id)]
    assert outcomes == [Outcome.CANCELLED, Outcome.SUBMITTED, Outcome.CANCELLED]


def test_a_no_to_one_ends_the_wait_for_all(db: Database, start_worker: StartWorker) -> None:
    """The flow learns of it at once, while the others are open."""

    @flow
    def both() -> str:
        try:
            ask_all([bool, bool])
        except PromptRejected as no:
            return no.reason
        return "yes"

    start_worker(both)
    run = both.create_run(db=db)
    Desk(db).reject(all_asked(db, run.id, 2)[1].id, ANA, "Not today", via="cli")
    assert until_over(db, run.id).result == "Not today"


def test_a_key_asked_twice_is_one_prompt_with_one_answer(db: Database, start_worker: StartWorker) -> None:
    """As with `pause_flow_run`."""

    @flow
    def twice() -> Any:
        return gather(ask(str, key="name"), ask(str, key="name"))

    start_worker(twice)
    run = twice.create_run(db=db)
    answer(db, until_asked(db, run.id), value="Ada")
    assert until_over(db, run.id).result == ["Ada", "Ada"]


def test_a_cancel_ends_all_of_them(db: Database, start_worker: StartWorker) -> None:
    """No prompt of a cancelled run stays open, and nothing of it stays in memory."""

    @flow
    def both() -> None:
        ask_all([str, str])

    worker = start_worker(both)
    run = both.create_run(db=db)
    all_asked(db, run.id, 2)
    Desk(db).cancel(run.id, ANA, "Enough")
    assert {prompt.outcome for prompt in prompts.of_run(db, run.id)} == {Outcome.CANCELLED}
    until(db, lambda: not worker._executions)


SURVEY = '''
"""Asks three people."""

from signoff import as_answered, ask, flow, task


@task
def note(value):
    return value


@flow
def pausing():
    return [note(asked.result()) for asked in as_answered([ask(str, key=key) for key in ("a", "b", "c")])]


@flow
async def awaiting():
    asked = [ask(str, key=key) for key in ("a", "b", "c")]
    return [note(await each) async for each in as_answered(asked)]
'''


@pytest.mark.parametrize("name", ["pausing", "awaiting"])
def test_open_prompts_outlive_their_worker(db: Database, database_url: str, tmp_path: Path, name: str) -> None:
    """Answered before and after a kill, a replay finds each by its key, and the answers in their order."""
    file = tmp_path / "survey.py"
    file.write_text(SURVEY, encoding="utf-8")
    run = runs.create(db, run_id=new_id(), name=memorable_name(), flow=name, parameters={}, now=now())
    with WorkerProcess(database_url, file) as worker:
        by_key = {prompt.key: prompt for prompt in all_asked(db, run.id, 3)}
        answer(db, by_key["b"], value="second")
        worker.kill()
    answer(db, by_key["c"], value="third")
    with WorkerProcess(database_url, file):
        answer(db, by_key["a"], value="first")
        ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, ["second", "third", "first"])
    assert len(prompts.of_run(db, run.id)) == 3


def test_a_handle_says_who_answered(db: Database, start_worker: StartWorker) -> None:
    """Whoever submitted or rejected; nobody while the prompt is open, and nobody if it timed out."""

    @flow
    def order() -> list[Any]:
        handles = [ask(int, key="a")]
        # Nobody answers until all three are asked.
        before = [handles[0].answered_by]
        handles += [ask(int, key="b"), ask(int, key="c", timeout=0.05)]
        for handle in as_answered(handles):
            with suppress(PromptRejected, FlowPauseTimeout):
                handle.result()
        by = [handle.answered_by for handle in handles]
        return before + [None if who is None else [who.id, who.name] for who in by]

    start_worker(order)
    with DeadlineEnforcer(db):
        run = order.create_run(db=db)
        first, second, _ = until(db, lambda: asked if len(asked := prompts.of_run(db, run.id)) == 3 else None)
        answer(db, first, value=1)
        Desk(db).reject(second.id, Actor("U2", "Ben"), "No more", via="cli")
        assert until_over(db, run.id).result == [None, ["U1", "Ana"], ["U2", "Ben"], None]


LEADS = ("U1", "U2", "U3")


@WAYS
@pytest.mark.parametrize("first_says", ["yes", "no"])
def test_a_flow_can_insist_on_two_people(
    db: Database, start_worker: StartWorker, suspend: bool, first_says: str
) -> None:
    """With plain types too: it learns who answered or rejected, and may ask everybody else."""

    @flow
    def deploy() -> list[Any]:
        first = ask(bool, key="first", suspend=suspend, policy=Policy(approvers=LEADS))
        rejected_by = None
        try:
            first.result()
        except PromptRejected as rejection:
            rejected_by = rejection.by_id
        assert first.answered_by is not None
        others = [lead for lead in LEADS if lead != first.answered_by.id]
        second = ask(bool, key="second", suspend=suspend, policy=Policy(approvers=others))
        second.result()
        assert second.answered_by is not None
        return [rejected_by, first.answered_by.id, second.answered_by.id]

    desk = Desk(db)
    start_worker(deploy)
    run = deploy.create_run(db=db)
    asked = until_asked(db, run.id)
    if first_says == "yes":
        assert isinstance(desk.submit(asked.id, ANA, {"value": True}, via="cli"), Settled)
    else:
        assert isinstance(desk.reject(asked.id, ANA, "Not today", via="cli"), Settled)
    again = until_asked(db, run.id, number=2)
    assert isinstance(desk.submit(again.id, ANA, {"value": True}, via="cli"), Refused)
    assert isinstance(desk.submit(again.id, Actor("U2", "Ben"), {"value": True}, via="cli"), Settled)
    assert until_over(db, run.id).result == [None if first_says == "yes" else "U1", "U1", "U2"]


def test_nobody_has_answered_what_continued_at_its_deadline(db: Database, start_worker: StartWorker) -> None:
    """The initial values are nobody's answer, so nobody is excluded by them."""

    class Count(RunInput):
        count: int = 1

    @flow
    def order() -> list[Any]:
        policy = Policy(deadline=timedelta(milliseconds=50), at_deadline="continue")
        handle = ask(Count, policy=policy)
        answer = handle.result()
        return [answer.count, answer.metadata.sender, handle.answered_by]

    start_worker(order)
    with DeadlineEnforcer(db):
        assert until_over(db, order.create_run(db=db).id).result == [1, None, None]


def test_one_person_has_one_id_in_slack_and_on_the_command_line(db: Database, start_worker: StartWorker) -> None:
    """Once Slack has said whose handle it is. Otherwise one person could be two."""

    @flow
    def deploy() -> list[Any]:
        policy = Policy(approvers=("@ana",))
        asked = [ask(bool, key="one", policy=policy), ask(bool, key="two", policy=policy)]
        gather(*asked)
        return [[by.id, bool(by.claim)] for each in asked if (by := each.answered_by)]

    start_worker(deploy)
    run = deploy.create_run(db=db)
    one, two = sorted(all_asked(db, run.id, 2), key=lambda prompt: prompt.key)
    for prompt in (one, two):
        approvers.record(db, prompt, [Approver("@ana", "U0ANA")], due_at=None, now=now())
    desk = Desk(db)
    claimed = Actor("@ana", "ana", claim=claim_of("ben", "build-7", "on the command line"))
    assert isinstance(desk.submit(one.id, claimed, {"value": True}, via="cli"), Settled)
    assert isinstance(desk.submit(two.id, Actor("U0ANA", "Ana"), {"value": True}, via="slack"), Settled)
    assert until_over(db, run.id).result == [["U0ANA", True], ["U0ANA", False]]
