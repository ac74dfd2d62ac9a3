"""Where an `await` is missing, nothing is taken for approved, and the run fails and says what was not awaited."""

import asyncio
import functools
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from signoff import (
    InvalidFlow,
    PromptRejected,
    apause_flow_run,
    ask,
    ask_all,
    asuspend_flow_run,
    flow,
    gather,
    pause_flow_run,
    suspend_flow_run,
    task,
)
from signoff.flows.approval.desk import Desk
from signoff.input import receive_input, send_input
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_over

# No store knows what a flow does not await. What Python itself warns of is noted as well.
pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]

Deploy = Callable[..., None]
ANA = Actor("U1", "Ana")


async def answer_of_a_pause(deploy: Deploy) -> None:
    if pause_flow_run(bool):
        deploy()


async def answer_of_a_suspension(deploy: Deploy) -> None:
    if suspend_flow_run(bool):
        deploy()


async def answer_that_is_compared(deploy: Deploy) -> None:
    if pause_flow_run(str) != "no":
        deploy()


async def answer_in_a_variable(deploy: Deploy) -> None:
    answer = pause_flow_run(bool)
    if answer:
        deploy()


async def answer_given_to_a_task(deploy: Deploy) -> None:
    deploy([pause_flow_run(bool)])


async def identity_of_an_answer(deploy: Deploy) -> None:
    answer: Any = pause_flow_run(bool)
    if answer is not False:
        deploy()


async def answer_that_is_matched(deploy: Deploy) -> None:
    match pause_flow_run(bool):
        case False:
            pass
        case _:
            deploy()


async def kept_pause(deploy: Deploy) -> None:
    kept = [apause_flow_run()]
    deploy(len(kept))


async def truth_that_is_caught(deploy: Deploy) -> None:
    try:
        approved = bool(pause_flow_run(bool))
    except InvalidFlow:
        approved = True
    if approved:
        deploy()


async def plain_pause(deploy: Deploy) -> None:
    pause_flow_run()
    deploy()


async def plain_suspension(deploy: Deploy) -> None:
    suspend_flow_run()
    deploy()


async def plain_apause(deploy: Deploy) -> None:
    apause_flow_run()  # type: ignore[unused-coroutine]
    deploy()


async def plain_asuspend(deploy: Deploy) -> None:
    asuspend_flow_run()  # type: ignore[unused-coroutine]
    deploy()


async def plain_ask(deploy: Deploy) -> None:
    ask(bool)
    deploy()


async def truth_of_a_handle(deploy: Deploy) -> None:
    if ask(bool):
        deploy()


async def truth_of_a_handle_s_result(deploy: Deploy) -> None:
    if ask(bool).result():
        deploy()


async def plain_gather(deploy: Deploy) -> None:
    gather(ask(bool))
    deploy()


async def plain_ask_all(deploy: Deploy) -> None:
    ask_all([bool, bool])
    deploy()


async def _check() -> bool:
    return False


# A type checker would find most of these mistakes.
check: Any = task(name="check")(_check)


async def truth_of_a_task(deploy: Deploy) -> None:
    if check():
        deploy()


async def plain_task(deploy: Deploy) -> None:
    check()
    deploy()


async def truth_of_a_future(deploy: Deploy) -> None:
    if check.submit():
        deploy()


async def truth_of_a_future_s_result(deploy: Deploy) -> None:
    if check.submit().result():
        deploy()


async def plain_nested_flow(deploy: Deploy) -> None:
    async def never_run() -> None: ...

    nested: Any = flow(name="nested")(never_run)
    nested()
    deploy()


async def plain_helper(deploy: Deploy) -> None:
    async def approve() -> None:
        await pause_flow_run()

    approve()  # type: ignore[unused-coroutine]
    deploy()


async def truth_of_a_helper(deploy: Deploy) -> None:
    async def approve() -> Any:
        return await pause_flow_run(bool)

    if approve():  # type: ignore[truthy-bool]
        deploy()


async def plain_input(deploy: Deploy) -> None:
    send_input("x", "nobody")
    deploy()


async def truth_of_an_input(deploy: Deploy) -> None:
    if receive_input(str).next():
        deploy()


async def inputs_in_a_plain_loop(deploy: Deploy) -> None:
    for _ in receive_input(str):
        deploy()


def sync_plain_task(deploy: Deploy) -> None:
    check()
    deploy()


def sync_truth_of_a_task(deploy: Deploy) -> None:
    if check():
        deploy()


def sync_truth_of_a_handle(deploy: Deploy) -> None:
    if ask(bool):
        deploy()


def sync_plain_ask(deploy: Deploy) -> None:
    ask(bool)
    deploy()


def sync_truth_of_a_future(deploy: Deploy) -> None:
    if check.submit():
        deploy()


FORMS = {
    answer_of_a_pause: "pause_flow_run()",
    answer_of_a_suspension: "suspend_flow_run()",
    answer_that_is_compared: "pause_flow_run()",
    answer_in_a_variable: "pause_flow_run()",
    answer_given_to_a_task: "pause_flow_run()",
    identity_of_an_answer: "pause_flow_run()",
    answer_that_is_matched: "pause_flow_run()",
    kept_pause: "apause_flow_run()",
    truth_that_is_caught: "pause_flow_run()",
    plain_pause: "pause_flow_run()",
    plain_suspension: "suspend_flow_run()",
    plain_apause: "apause_flow_run()",
    plain_asuspend: "asuspend_flow_run()",
    plain_ask: "'Input needed'",
    truth_of_a_handle: "'Input needed'",
    truth_of_a_handle_s_result: "result()",
    plain_gather: "gather()",
    plain_ask_all: "gather()",
    truth_of_a_task: "The task check",
    plain_task: "The task check",
    truth_of_a_future: "future",
    truth_of_a_future_s_result: "result()",
    plain_nested_flow: "The flow nested",
    plain_helper: "approve()",
    truth_of_a_helper: "approve()",
    plain_input: "send_input()",
    truth_of_an_input: "next()",
    inputs_in_a_plain_loop: "async for",
    sync_plain_task: "The task check",
    sync_truth_of_a_task: "The task check",
    sync_truth_of_a_handle: "'Input needed'",
    sync_plain_ask: "'Input needed'",
    sync_truth_of_a_future: "future",
}


@pytest.mark.parametrize(("form", "named"), FORMS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_nothing_is_done_for_want_of_an_await(
    db: Database, start_worker: StartWorker, form: Callable[[Deploy], Any], named: str
) -> None:
    """The step that would have come next does not run."""
    effects: list[Any] = []

    @task
    def deploy(*given: Any) -> None:
        effects.append(given)

    @flow(name="release")
    def release() -> None:
        form(deploy)

    @flow(name="release")
    async def release_async() -> None:
        await form(deploy)

    used: Any = release_async if asyncio.iscoroutinefunction(form) else release
    start_worker(used)
    ended = until_over(db, used.create_run(db=db).id)
    assert (ended.state, effects) == (RunState.FAILED, [])
    assert named in (ended.error or "")
    assert "InvalidFlow" in (ended.error or "")
    if "async for" not in named:
        assert "test_missing_await.py:" in (ended.error or "")


async def kept_call() -> list[Any]:
    return [check()]


async def kept_variable() -> str:
    answer = pause_flow_run(bool)
    return f"{answer!r:.0}"


async def returned_call() -> Any:
    return check()


def sync_returned_call() -> Any:
    return check()


async def returned_helper() -> Any:
    return kept_call()


async def lost_in_a_task() -> Any:
    @task
    async def outer() -> str:
        inner = check()
        return f"{inner!r:.0}"

    return await outer()


@pytest.mark.parametrize(
    "form", [kept_call, kept_variable, returned_call, sync_returned_call, returned_helper, lost_in_a_task]
)
def test_a_run_with_something_that_was_never_awaited_fails(
    db: Database, start_worker: StartWorker, form: Callable[[], Any]
) -> None:
    """Wherever it is kept: it is missing in the end."""
    used = flow(name="release")(form)
    start_worker(used)
    ended = until_over(db, used.create_run(db=db).id)
    assert ended.state is RunState.FAILED
    assert "await" in (ended.error or "")


def plainly_decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return function(*args)

    return call


def test_an_async_function_below_a_plain_decorator_is_refused(db: Database, start_worker: StartWorker) -> None:
    """It would return without having run."""
    effects: list[str] = []

    @flow(name="release")
    @plainly_decorated
    async def release() -> None:
        effects.append("released")

    @task
    @plainly_decorated
    async def deploy() -> None:
        effects.append("deployed")

    @flow
    def deploys() -> None:
        deploy()

    start_worker(release, deploys)
    for used in (release, deploys):
        ended = until_over(db, used.create_run(db=db).id)
        assert ended.state is RunState.FAILED
        assert "Declare it with `async def`" in (ended.error or "")
    assert effects == []


def test_what_is_awaited_in_whatever_way_runs(db: Database, start_worker: StartWorker) -> None:
    """Tasks of asyncio, groups, time limits, and `asyncio.run` in a sync flow."""

    @task
    async def number(value: int) -> int:
        await asyncio.sleep(0)
        return value

    @flow
    async def awaits() -> list[int]:
        one = asyncio.create_task(number(1))
        two = asyncio.ensure_future(number(2))
        three = number(3)
        async with asyncio.TaskGroup() as group:
            four = group.create_task(number(4))
        five = await asyncio.wait_for(number(5), 60)
        six, seven = await asyncio.gather(number(6), asyncio.shield(number(7)))
        return [await one, await two, await three, four.result(), five, six, seven]

    @flow
    def runs_them() -> int:
        return asyncio.run(number(8))

    start_worker(awaits, runs_them)
    assert until_over(db, awaits.create_run(db=db).id).result == [1, 2, 3, 4, 5, 6, 7]
    assert until_over(db, runs_them.create_run(db=db).id).result == 8


def test_a_pause_that_is_awaited_later_keeps_no_task_from_running(db: Database, start_worker: StartWorker) -> None:
    """As long as a task of asyncio has it, or something else awaits it."""

    @flow
    async def release() -> list[Any]:
        waiting: Any = pause_flow_run(str, key="first", timeout=None)
        first = asyncio.create_task(waiting)
        before = await check()
        second: Any = pause_flow_run(str, key="second", timeout=None)
        return [before, await first, *await asyncio.gather(second, check())]

    start_worker(release)
    run = release.create_run(db=db)
    for key in ("first", "second"):
        prompt = until(db, lambda: next((each for each in prompts.of_run(db, run.id) if each.is_open), None))
        assert prompt.key == key
        answer(db, prompt, value=key)
    assert until_over(db, run.id).result == [False, "first", "second", False]


def test_a_call_that_was_not_awaited_in_one_run_costs_no_other(db: Database, start_worker: StartWorker) -> None:
    """Not even if it is kept longer than the run."""
    kept: list[Any] = []

    @flow
    async def careless() -> None:
        kept.append(check())

    @flow
    async def careful() -> Any:
        kept.clear()
        return await check()

    start_worker(careless, careful)
    assert until_over(db, careless.create_run(db=db).id).state is RunState.FAILED
    assert until_over(db, careful.create_run(db=db).id).result is False


def test_a_call_in_a_cycle_is_noted_once(db: Database, start_worker: StartWorker) -> None:
    """Whichever part of it the garbage collector deletes first."""

    @flow
    async def careless() -> None:
        circle: list[Any] = [check()]
        circle.append(circle)

    @flow
    async def careful() -> Any:
        gc.collect()
        return await check()

    start_worker(careless, careful)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert until_over(db, careless.create_run(db=db).id).state is RunState.FAILED
        assert until_over(db, careful.create_run(db=db).id).result is False
    assert not [each for each in warned if "run_async" in str(each.message)]


def test_outside_of_a_run_python_warns(db: Database) -> None:
    """A flow that is called and not awaited has no truth value there either."""

    @flow
    async def release() -> None:
        """Never run."""

    called = release()
    with pytest.raises(InvalidFlow, match="The flow release is used"):
        bool(called)
    with pytest.warns(RuntimeWarning, match="The flow release was never awaited"):
        del called
    assert runs.newest(db) == []


@pytest.mark.parametrize("said", [{"value": False}, None], ids=["no", "rejected"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_after_a_no_the_other_answers_need_not_be_waited_for(
    db: Database, start_worker: StartWorker, said: dict[str, Any] | None, is_async: bool
) -> None:
    """What is still open is cancelled with the end of the run."""

    @flow(name="release")
    def release() -> str:
        legal, security = ask(bool, key="legal"), ask(bool, key="security")
        try:
            return "yes" if legal.result() and security.result() else "no"
        except PromptRejected:
            return "no"

    @flow(name="release")
    async def release_async() -> str:
        legal, security = ask(bool, key="legal"), ask(bool, key="security")
        try:
            return "yes" if await legal and await security else "no"
        except PromptRejected:
            return "no"

    used: Any = release_async if is_async else release
    start_worker(used)
    run = used.create_run(db=db)
    legal = until(db, lambda: {each.key: each for each in prompts.of_run(db, run.id)}.get("legal"))
    until(db, lambda: len(prompts.of_run(db, run.id)) == 2)
    desk = Desk(db)
    if said is None:
        desk.reject(legal.id, ANA, "Not today.", via="cli")
    else:
        desk.submit(legal.id, ANA, said, via="cli")
    ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, "no")
    assert [each.outcome for each in prompts.of_run(db, run.id) if each.key == "security"] == [Outcome.CANCELLED]
