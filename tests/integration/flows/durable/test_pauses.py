"""A flow asks, waits, and continues with a validated value."""

import gc
import threading
import weakref
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, RootModel, create_model, field_validator

from signoff import (
    FlowPauseTimeout,
    PromptRejected,
    RunInput,
    asuspend_flow_run,
    flow,
    pause_flow_run,
    suspend_flow_run,
)
from signoff.bot.blockkit.markdown import for_modal
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import PATIENCE, until, until_asked, until_over, until_state

WAYS = pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])


class ShirtOrder(RunInput):
    """Which shirt?"""

    size: Literal["small", "large"] = Field(title="Size", description="As worn")
    count: int = Field(1, ge=1, le=9)


class Plain(BaseModel):
    """A model that knows nothing of flows."""

    name: str


@WAYS
def test_a_flow_gets_the_answer_as_its_model(db: Database, start_worker: StartWorker, wait: Any) -> None:
    """What a person submits arrives as an instance of the class that was asked for."""

    @flow
    def order() -> str:
        shirt = wait(wait_for_input=ShirtOrder)
        assert isinstance(shirt, ShirtOrder)
        return f"{shirt.count} {shirt.size}"

    start_worker(order)
    run = order.create_run(db=db)
    answer(db, until_asked(db, run.id), size="large", count=3)
    ended = until_over(db, run.id)
    assert (ended.state, ended.result, ended.attempt) == (RunState.COMPLETED, "3 large", 1)


@WAYS
def test_an_async_flow_gets_the_answer_as_its_model(db: Database, start_worker: StartWorker, wait: Any) -> None:
    """The same in an async flow."""

    @flow
    async def order() -> str:
        shirt = await wait(wait_for_input=ShirtOrder)
        return f"{shirt.count} {shirt.size}"

    start_worker(order)
    run = order.create_run(db=db)
    answer(db, until_asked(db, run.id), size="large", count=3)
    assert until_over(db, run.id).result == "3 large"


@pytest.mark.parametrize(
    ("asked", "given", "got"),
    [
        (str, "hello", "hello"),
        (bool, False, False),
        (int, 7, 7),
        (Literal["red", "green"], "red", "red"),
        (list[int], [1, 2], [1, 2]),
    ],
)
def test_a_plain_type_gives_the_bare_value(
    db: Database, start_worker: StartWorker, asked: Any, given: Any, got: Any
) -> None:
    """The field is called `value`, and the flow gets its content."""

    @flow
    def ask() -> Any:
        return pause_flow_run(wait_for_input=asked)

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), value=given)
    assert until_over(db, run.id).result == got


def test_a_bare_root_model_comes_back_as_itself(db: Database, start_worker: StartWorker) -> None:
    """Its form has one field, as for a plain type, because an answer has names and a list has none."""

    class Tags(RootModel[list[str]]):
        """Which tags?"""

    @flow
    def ask() -> list[str]:
        tags = pause_flow_run(wait_for_input=Tags)
        assert isinstance(tags, Tags)
        return tags.root

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), value=["a", "b"])
    assert until_over(db, run.id).result == ["a", "b"]


class Shape(Enum):
    """Two tuples, which JSON has as lists."""

    SQUARE = (1, 1)
    WIDE = (2, 1)


@WAYS
def test_what_nobody_could_answer_is_not_asked(
    db: Database, start_worker: StartWorker, wait: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The run fails with a sentence that names the field. No prompt is opened that would stay open for ever."""

    @flow
    def ask() -> None:
        wait(wait_for_input=create_model("Crate", shape=(Shape, ...)))

    start_worker(ask)
    ended = until_over(db, ask.create_run(db=db).id)
    assert (ended.state, prompts.of_run(db, ended.id)) == (RunState.FAILED, [])
    assert "A person cannot be asked for Crate.shape, because no answer would be accepted" in (ended.error or "")
    assert "Crate.shape" in caplog.text


def test_any_model_may_be_asked_for(db: Database, start_worker: StartWorker) -> None:
    """A model need not be a `RunInput`."""

    @flow
    def ask() -> str:
        return pause_flow_run(wait_for_input=Plain).name

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), name="Ada")
    assert until_over(db, run.id).result == "Ada"


def test_a_pause_without_input_goes_on_when_somebody_says_so(db: Database, start_worker: StartWorker) -> None:
    """The only question is whether to continue."""

    @flow
    def ask() -> str:
        assert pause_flow_run() is None
        return "went on"

    start_worker(ask)
    run = ask.create_run(db=db)
    prompt = until_asked(db, run.id)
    assert (prompt.schema, prompt.title) == (None, "Continue?")
    answer(db, prompt)
    assert until_over(db, run.id).result == "went on"


def test_a_pause_keeps_local_variables_and_runs_nothing_twice(db: Database, start_worker: StartWorker) -> None:
    """The flow continues in the same thread."""
    came: list[Any] = []

    @flow
    def ask() -> None:
        thread, thing = threading.current_thread(), object()
        came.append(thing)
        pause_flow_run()
        assert threading.current_thread() is thread
        came.append(thing)

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id))
    until_state(db, run.id, RunState.COMPLETED)
    assert len(came) == 2
    assert came[0] is came[1]


@pytest.mark.parametrize("isasync", [False, True])
def test_a_suspended_run_holds_no_memory(db: Database, start_worker: StartWorker, isasync: bool) -> None:
    """Invariant 4: nothing that the flow had in its hands is left, and the worker remembers nothing of the run."""
    held: list[weakref.ref[set[int]]] = []

    @flow(name="ask")
    def ask() -> int:
        mine = {1, 2}
        held.append(weakref.ref(mine))
        suspend_flow_run()
        return len(mine)

    @flow(name="ask")
    async def ask_async() -> int:
        mine = {1, 2}
        held.append(weakref.ref(mine))
        await asuspend_flow_run()
        return len(mine)

    used: Any = ask_async if isasync else ask
    worker = start_worker(used)
    run = used.create_run(db=db)
    prompt = until_asked(db, run.id)
    until(db, lambda: not worker._executions)

    def is_gone() -> bool:
        gc.collect()
        return held[0]() is None

    until(db, is_gone, what="the memory to be free")
    answer(db, prompt)
    assert until_over(db, run.id).result == 2


def test_a_suspended_run_holds_no_thread(db: Database, start_worker: StartWorker) -> None:
    """Invariant 4: its thread ends before anybody answers, and the flow runs again from the top."""
    threads: list[threading.Thread] = []

    @flow
    def ask() -> str:
        threads.append(threading.current_thread())
        suspend_flow_run()
        return "went on"

    start_worker(ask)
    run = ask.create_run(db=db)
    prompt = until_asked(db, run.id)
    threads[0].join(PATIENCE)
    assert not threads[0].is_alive()
    assert runs.get(db, run.id).lease_owner is None
    answer(db, prompt)
    assert until_over(db, run.id).result == "went on"
    assert len(threads) == 2


def test_a_rejection_reaches_the_flow_with_who_and_why(db: Database, start_worker: StartWorker) -> None:
    """The flow may handle a no, and knows whose it is."""

    @flow
    def ask() -> str:
        try:
            pause_flow_run(wait_for_input=ShirtOrder)
        except PromptRejected as no:
            return f"{no.by} {no.by_id} {no.reason}"
        return "yes"

    start_worker(ask)
    run = ask.create_run(db=db)
    Desk(db).reject(until_asked(db, run.id).id, ANA, "Too dear", via="cli")
    assert until_over(db, run.id).result == "Ana U1 Too dear"


def test_a_rejection_that_nobody_handles_fails_the_run_without_a_retry(db: Database, start_worker: StartWorker) -> None:
    """A retry cannot change the decision of a person."""

    @flow(retries=3)
    def ask() -> None:
        pause_flow_run()

    start_worker(ask)
    run = ask.create_run(db=db)
    Desk(db).reject(until_asked(db, run.id).id, ANA, "Too dear", via="cli")
    ended = until_over(db, run.id)
    assert (ended.state, ended.error, ended.attempt) == (RunState.FAILED, "Rejected by Ana: Too dear", 1)


@pytest.mark.parametrize("handled", [True, False])
def test_a_timeout_is_raised_in_the_flow(db: Database, start_worker: StartWorker, handled: bool) -> None:
    """A deadline is a `FlowPauseTimeout`, and a run that does not handle it is `TimedOut`, never rejected."""

    @flow
    def ask() -> str:
        try:
            pause_flow_run(timeout=0)
        except FlowPauseTimeout:
            if not handled:
                raise
        return "late"

    start_worker(ask)
    run = ask.create_run(db=db)
    Desk(db).time_out(until_asked(db, run.id))
    ended = until_over(db, run.id)
    assert (ended.state, ended.result) == ((RunState.COMPLETED, "late") if handled else (RunState.TIMED_OUT, None))


def test_the_same_key_gives_the_stored_answer_at_once(db: Database, start_worker: StartWorker) -> None:
    """A key names one question of a run, however often it is asked."""

    @flow
    def ask() -> str:
        first = pause_flow_run(wait_for_input=str, key="name")
        return f"{first} {pause_flow_run(wait_for_input=str, key='name')}"

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), value="Ada")
    assert until_over(db, run.id).result == "Ada Ada"
    assert len(prompts.of_run(db, run.id)) == 1


def test_an_answer_never_reaches_another_question_under_the_same_key(db: Database, start_worker: StartWorker) -> None:
    """Invariant 5: asking something else under a key that was used is refused."""

    @flow
    def ask() -> None:
        pause_flow_run(wait_for_input=str, key="name")
        pause_flow_run(wait_for_input=bool, key="name")

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), value="Ada")
    ended = until_over(db, run.id)
    assert ended.state is RunState.FAILED
    assert ended.error is not None
    assert "its own key" in ended.error


def test_a_key_given_by_the_author_is_not_taken_by_a_question_without(db: Database, start_worker: StartWorker) -> None:
    """Questions without a key are numbered around the keys that are given."""

    @flow
    def ask() -> list[str]:
        return [pause_flow_run(wait_for_input=str, key="1"), pause_flow_run(wait_for_input=str)]

    start_worker(ask)
    run = ask.create_run(db=db)
    answer(db, until_asked(db, run.id), value="one")
    answer(db, until_asked(db, run.id, number=2), value="two")
    assert until_over(db, run.id).result == ["one", "two"]
    assert [prompt.key for prompt in prompts.of_run(db, run.id)] == ["1", "2"]


@pytest.mark.parametrize("key", ["Upper", "with space", "under_score", ""])
def test_a_key_that_prefect_would_refuse_is_refused(db: Database, start_worker: StartWorker, key: str) -> None:
    """Keys are lower case letters, digits and dashes."""

    @flow
    def ask() -> None:
        pause_flow_run(key=key)

    start_worker(ask)
    ended = until_over(db, ask.create_run(db=db).id)
    assert ended.error is not None
    assert "lower-case letters" in ended.error


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_somebody_typed_forms_no_link_when_the_question_is_asked_again(
    db: Database, start_worker: StartWorker
) -> None:
    """Only the worker has the model whose validator repeats it."""
    typed = "[Approve](https://evil.example) ```` <!channel>"

    class Branch(RunInput):
        name: str

        @field_validator("name")
        @classmethod
        def _exists(cls, name: str) -> str:
            if name != "main":
                raise ValueError(f"There is no branch {name}")
            return name

    @flow(name="deploy")
    def deploy() -> str:
        return pause_flow_run(wait_for_input=Branch.with_initial_data(description="Which **branch**?")).name

    start_worker(deploy)
    run = deploy.create_run(db=db)
    answer(db, until_asked(db, run.id), name=typed)
    again = until_asked(db, run.id)
    assert again.key == "1-again"
    assert again.description.startswith("Which **branch**?\n\nThe last answer was not valid:\n`````\n")
    shown = for_modal(again.description, 3000).text
    assert shown.startswith(
        "Which *branch*?\n\nThe last answer was not valid:\n```\nThere is no branch [Approve](https"
    )
    assert shown.count("```") == 2
    answer(db, again, name="main")
    assert until_over(db, run.id).result == "main"
