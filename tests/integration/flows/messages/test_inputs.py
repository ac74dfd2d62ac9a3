"""Runs receive inputs while they are executing, and store questions and answers under Prefect's keys."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from signoff import Policy, RunInput, apause_flow_run, flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.names import memorable_name, new_id, now
from signoff.flows.states import state_of
from signoff.input import (
    AutomaticRunInput,
    RunInputMetadata,
    keyset_from_base_key,
    keyset_from_paused_state,
    receive_input,
    run_input_subclass_from_type,
    send_input,
)
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, messages, runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over
from tests.support.worker_process import WorkerProcess


class Number(RunInput):
    """A number that runs send each other."""

    number: int


class Plain(BaseModel):
    """A model that knows nothing of flows."""

    name: str


@pytest.fixture(autouse=True)
def record(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs from outside of a run go to the database of the test."""
    monkeypatch.setattr("signoff.flows.current_database.default_database", lambda: db)


def receiving(start_worker: StartWorker, db: Database, receive: Callable[[], Any]) -> Any:
    """What a flow returns that receives; it is started and the values `1` and `2` are sent to it."""

    @flow
    def receiver() -> Any:
        return receive()

    start_worker(receiver)
    return receiver.create_run(db=db)


def test_inputs_arrive_in_their_order(db: Database, start_worker: StartWorker) -> None:
    """A waiting receiver is woken by each input, and gets each one once."""

    def receive() -> list[int]:
        numbers = Number.receive()
        return [numbers.next().number for _ in range(3)]

    run = receiving(start_worker, db, receive)
    for number in (3, 1, 2):
        send_input(Number(number=number), run.id)
    assert until_over(db, run.id).result == [3, 1, 2]


@pytest.mark.parametrize(
    ("sent", "type_", "key"),
    [
        (7, int, "intautomaticruninput-auto-"),
        ([1, 2], list[int], "listautomaticruninput-auto-"),
        (Plain(name="Ada"), Plain, "plainruninput-auto-"),
        (Number(number=1), Number, "number-auto-"),
    ],
)
def test_any_type_can_be_sent(db: Database, start_worker: StartWorker, sent: Any, type_: Any, key: str) -> None:
    """A plain value comes bare, a model as one with its fields, under the keys that Prefect gives."""
    came: list[Any] = []
    run = receiving(start_worker, db, lambda: came.append(receive_input(type_).next()))
    send_input(sent, run.id)
    until_over(db, run.id)
    assert came[0] == sent or came[0].model_dump() == sent.model_dump()
    arrived = messages.first_arrived(db, run.id, key_prefix=key, after=0, exclude_keys=())
    assert arrived is not None
    UUID(arrived.key.removeprefix(key))


def test_an_async_flow_iterates_until_nothing_comes_in_time(db: Database, start_worker: StartWorker) -> None:
    """The loop just ends, unless it is to raise."""

    @flow
    async def receiver() -> list[Any]:
        came: list[Any] = [number async for number in receive_input(int, timeout=1)]
        with pytest.raises(TimeoutError):
            await receive_input(str, timeout=0.01).next()
        with pytest.raises(TimeoutError):
            [text async for text in receive_input(str, timeout=0.01, raise_timeout_error=True)]
        return came

    run = receiver.create_run(db=db)
    for number in (1, 2):
        send_input(number, run.id)
    start_worker(receiver)
    assert until_over(db, run.id).result == [1, 2]


def test_a_receiver_can_answer_the_run_that_sent(db: Database, start_worker: StartWorker) -> None:
    """`respond` goes back to the sender, which `metadata` names."""

    @flow
    def squares() -> None:
        asked = Number.receive().next()
        assert asked.metadata.sender is not None
        asked.respond(Number(number=asked.number**2))

    @flow
    async def asks(receiver: str) -> int:
        await Number(number=7).asend_to(receiver)
        answered = await Number.receive().next()
        assert answered.metadata.sender == f"prefect.flow-run.{receiver}"
        assert answered.metadata.key.startswith("number-auto-")
        return int(answered.number)

    start_worker(squares, asks)
    receiver = squares.create_run(db=db)
    sender = asks.create_run({"receiver": receiver.id}, db=db)
    assert until_over(db, sender.id).result == 49
    assert until_over(db, receiver.id).state is RunState.COMPLETED


def test_what_no_run_sent_cannot_be_responded_to(db: Database, start_worker: StartWorker) -> None:
    """There is nobody to answer, and the error is Prefect's."""
    run = receiving(start_worker, db, lambda: Number.receive().next().respond(Number(number=1)))
    send_input(Number(number=1), run.id, sender="somebody")
    assert "not sent by a flow run" in (until_over(db, run.id).error or "")


def test_metadata_excluded_keys_and_prefixes(db: Database, start_worker: StartWorker) -> None:
    """A value's metadata come on request, and keys say which inputs are wanted."""

    def receive() -> list[Any]:
        first = receive_input(str, key_prefix="mine", with_metadata=True).next()
        assert isinstance(first, AutomaticRunInput)
        assert (first.metadata.sender, first.metadata.receiver) == ("Ada", UUID(run.id))
        second = receive_input(str, key_prefix="mine", exclude_keys={first.metadata.key}).next()
        return [first.value, second]

    run = receiving(start_worker, db, receive)
    for sent, prefix in (("other", "other"), ("one", "mine"), ("two", "mine")):
        send_input(sent, run.id, sender="Ada", key_prefix=prefix)
    assert until_over(db, run.id).result == ["one", "two"]


def test_a_waiting_receiver_takes_no_slot_and_ends_with_a_cancel(db: Database, start_worker: StartWorker) -> None:
    """One worker, one slot, two that wait: both are in memory, and a cancel takes one out at once."""

    @flow
    def receiver() -> int:
        return int(receive_input(int, timeout=None).next())

    worker = start_worker(receiver, concurrency=1)
    one, two = (receiver.create_run(db=db) for _ in range(2))
    until(db, lambda: len(worker._executions) == 2 and worker._running_count == 0)
    Desk(db).cancel(one.id, ANA, "Enough")
    until(db, lambda: len(worker._executions) == 1)
    send_input(2, two.id)
    assert until_over(db, two.id).result == 2


def test_a_receiver_that_is_given_up_takes_nothing(db: Database, start_worker: StartWorker) -> None:
    """An async flow may stop waiting; the next receiver gets what comes."""

    @flow
    async def receiver() -> int:
        numbers = receive_input(int)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(numbers.next(), timeout=0.05)
        send_input_now()
        return int(await numbers.next())

    def send_input_now() -> None:
        given = messages.FlowRunInput(run.id, "intautomaticruninput-auto-1", {"value": 5}, None, now())
        messages.write(db, given)

    run = receiver.create_run(db=db)
    start_worker(receiver)
    assert until_over(db, run.id).result == 5


def test_a_task_may_return_what_was_received(db: Database, start_worker: StartWorker) -> None:
    """The origin of an input is not part of its value."""

    @task
    def take() -> Number:
        return Number.receive().next()  # type: ignore[no-any-return]

    run = receiving(start_worker, db, lambda: take().number)
    send_input(Number(number=4), run.id)
    assert until_over(db, run.id).result == 4


def test_a_replay_receives_and_sends_the_same(db: Database, start_worker: StartWorker) -> None:
    """After a suspension the run finds the inputs it had, times out where it did, and sends nothing twice."""
    timeouts: list[float] = []

    @flow
    def receiver(other: str) -> list[Any]:
        numbers = receive_input(int, timeout=0.2)
        came = list(numbers)
        timeouts.append(1)
        send_input("hello", other)
        return [came, suspend_flow_run(wait_for_input=str)]

    @flow
    def listener() -> list[str]:
        return list(receive_input(str, timeout=0.2))

    run = receiver.create_run({"other": (other := listener.create_run(db=db)).id}, db=db)
    send_input(1, run.id)
    start_worker(receiver)
    prompt = until_asked(db, run.id)
    send_input(2, run.id)
    answer(db, prompt, value="yes")
    assert until_over(db, run.id).result == [[1], "yes"]
    assert len(timeouts) == 2
    start_worker(listener)
    assert until_over(db, other.id).result == ["hello"]


def test_a_prompt_is_found_under_prefects_keys(db: Database, start_worker: StartWorker) -> None:
    """`paused-1-response` and its like: the schema and the description while it is open, then the answer."""

    @flow
    async def order() -> int:
        asked = await apause_flow_run(Number.with_initial_data(description="How many?", number=2))
        loaded = await Number.aload(keyset_from_base_key("paused-1"))
        assert loaded == asked
        assert loaded.metadata.key == "paused-1-response"
        return int(loaded.number)

    start_worker(order)
    run = order.create_run(db=db)
    prompt = until_asked(db, run.id)
    keys = keyset_from_paused_state(state_of(db, runs.get(db, run.id)))
    assert keys == {
        "description": "paused-1-description",
        "response": "paused-1-response",
        "schema": "paused-1-schema",
    }
    answer(db, prompt, number=3)
    assert until_over(db, run.id).result == 3
    with pytest.raises(RuntimeError, match="The run is Completed"):
        keyset_from_paused_state(state_of(db, runs.get(db, run.id)))


def test_a_model_is_kept_under_a_key_set(db: Database, start_worker: StartWorker) -> None:
    """`save` writes the schema and the description; without an answer `load` gives the defaults."""

    class Defaults(RunInput):
        number: int = 5

    @flow
    def keeps() -> int:
        keyset = Defaults.keyset_from_type()
        Defaults.with_initial_data(description="A number").save(keyset)
        return int(Defaults.load(keyset).number)

    start_worker(keeps)
    run = keeps.create_run(db=db)
    assert until_over(db, run.id).result == 5
    described, schema = (messages.find(db, run.id, f"defaults-{part}") for part in ("description", "schema"))
    assert described is not None
    assert described.value == "A number"
    assert schema is not None
    assert schema.value["properties"]["number"]["default"] == 5


def test_what_is_missing_or_does_not_fit_is_said(db: Database, start_worker: StartWorker) -> None:
    """No run, none of that id, and a value of another type are errors, as in Prefect."""
    with pytest.raises(RuntimeError, match="Give flow_run_id, or call this within a flow run"):
        receive_input(int)
    with pytest.raises(NoSuchRun):
        send_input(1, new_id())
    with pytest.raises(AttributeError, match="not received"):
        _ = Number(number=1).metadata
    assert run_input_subclass_from_type(Number) is Number
    run = receiving(start_worker, db, lambda: receive_input(int, key_prefix="any").next())
    send_input("text", run.id, key_prefix="any")
    assert ValidationError.__name__ in (until_over(db, run.id).error or "")


RECEIVER = '''
"""Adds up what it is sent."""

from signoff import flow
from signoff.input import receive_input


@flow
def adding():
    numbers = receive_input(int, timeout=None)
    return [numbers.next() for _ in range(3)]
'''


def test_inputs_outlive_the_worker(db: Database, database_url: str, tmp_path: Path) -> None:
    """Sent before, between and after two processes, from a third, each is received once."""
    file = tmp_path / "adding.py"
    file.write_text(RECEIVER, encoding="utf-8")
    run = runs.create(db, run_id=new_id(), name=memorable_name(), flow="adding", parameters={}, now=now())
    send_input(1, run.id)
    with WorkerProcess(database_url, file) as worker:
        until(db, lambda: len(journal.load(db, run.id)) == 1)
        worker.kill()
    send_input(2, run.id)
    with WorkerProcess(database_url, file):
        until(db, lambda: len(journal.load(db, run.id)) == 2)
        send_input(3, run.id)
        assert until_over(db, run.id).result == [1, 2, 3]


@pytest.mark.parametrize("suspend", [False, True], ids=["pause", "suspend"])
def test_an_answer_says_who_gave_it(db: Database, start_worker: StartWorker, suspend: bool) -> None:
    """It is in Prefect's attribute, and is the same in every replay, even if the answer is loaded again."""
    seen: list[tuple[Number, Any]] = []

    @flow
    def asks() -> list[str | None]:
        given = (suspend_flow_run if suspend else pause_flow_run)(wait_for_input=Number, key="how-many")
        seen.append((given, given.metadata))
        loaded = Number.load(keyset_from_base_key(given.metadata.key.removesuffix("-response")))
        suspend_flow_run(key="go-on")
        return [given.metadata.sender, loaded.metadata.sender]

    start_worker(asks)
    run = asks.create_run(db=db)
    prompt = until_asked(db, run.id)
    answer(db, prompt, number=3)
    second = until(db, lambda: next((each for each in prompts.of_run(db, run.id) if each.key == "go-on"), None))
    answer(db, second)
    assert until_over(db, run.id).result == [ANA.id, ANA.id]
    (first, metadata), (replayed, again) = seen
    key = f"{'suspended' if suspend else 'paused'}-how-many-response"
    assert metadata == again == RunInputMetadata(key=key, sender=ANA.id, receiver=UUID(run.id))
    assert first == replayed == Number(number=3)


def test_initial_values_that_a_deadline_submits_are_nobodys_answer(db: Database, start_worker: StartWorker) -> None:
    """They have a key, and no sender."""

    @flow
    def asks() -> list[str | None]:
        policy = Policy(deadline=timedelta(milliseconds=50), at_deadline="continue")
        given = pause_flow_run(wait_for_input=Number.with_initial_data(number=1), policy=policy)
        return [given.metadata.key, given.metadata.sender]

    start_worker(asks)
    with DeadlineEnforcer(db):
        assert until_over(db, asks.create_run(db=db).id).result == ["paused-1-response", None]
