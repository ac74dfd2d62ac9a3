"""The fixture `start_flow`: a flow, the bot and the people, in the process of one test."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signoff import FlowPauseTimeout, Policy, PromptRejected, RunInput, asuspend_flow_run, flow, pause_flow_run, task
from signoff.flows.approval.desk import Desk
from signoff.flows.errors import InvalidParameters, RunCancelled
from signoff.flows.flow import Flow
from signoff.store.changes import Topic
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from signoff.testing import Emulator, FlowStarter
from tests.integration.bot.running_service import copied

MEI = Actor("U0MEITANA1", "Mei Tanaka", frozenset({"@mei"}))
PATIENCE = 30.0
ORDERS = Policy(channel="#orders", approvers=["@mei"])


@pytest.fixture
def start_flow(slack: Emulator, sqlite_file: Path, tmp_path: Path) -> Iterator[FlowStarter]:
    """As users have it, but with a database whose tables are there already."""
    copied(sqlite_file, tmp_path / "signoff.db")
    with FlowStarter(slack, tmp_path / "signoff.db") as starter:
        yield starter


class Shirt(RunInput):
    """Which shirt."""

    approved: bool
    color: str = "red"


@flow
def order(count: int, *, soon: bool = False) -> Shirt:
    """Ask for shirts, and return the answer as it is."""
    return pause_flow_run(
        wait_for_input=Shirt.with_initial_data(description=f"{count} shirts?"),
        policy=Policy(deadline=0.01) if soon else ORDERS,
    )


@task
def ship(color: str) -> str:
    """Send it."""
    return f"{color}, shipped"


@flow
async def order_async() -> str:
    """Ask outside of memory, in an async flow."""
    await asyncio.sleep(0)
    answer = await asuspend_flow_run(bool, description="A shirt?", policy=ORDERS)
    return ship("green") if answer else "none"


@flow
def order_by_another_run(count: int) -> str:
    """Leave it to a run of another flow."""
    return order.create_run({"count": count}).id


@flow
def order_for_somebody() -> bool:
    """Ask somebody else than the one who wants it."""
    policy = Policy(channel="#orders", approvers=["@mei", "@ana"], requester_may_answer=False)
    return pause_flow_run(bool, description="A hat?", policy=policy)


def press(slack: Emulator, question: str, button: str) -> None:
    """Have Mei answer a question."""
    mei = slack.person("mei")
    mei.wait_for_message("#orders", lambda seen: question in seen.full_text and button in seen.buttons)
    mei.press(button, in_="#orders")


def test_a_run_returns_what_its_flow_returns(slack: Emulator, start_flow: FlowStarter) -> None:
    """With its type, and whichever way the flow waits; several runs go on side by side."""
    first, second = start_flow(order, 2), start_flow(order_async)
    press(slack, "A shirt?", "Yes")
    assert second.result() == "green, shipped"
    press(slack, "2 shirts?", "Approve")
    answer = first.result()
    assert isinstance(answer, Shirt)
    assert (answer.approved, answer.color) == (True, "red")
    assert first.result() is answer


def test_a_run_raises_what_its_flow_raises(slack: Emulator, start_flow: FlowStarter) -> None:
    """A deadline that has passed, and a rejection with its reason."""
    with pytest.raises(FlowPauseTimeout):
        start_flow(order, count=1, soon=True).result()
    rejected = start_flow(order, count=3)
    slack.person("mei").wait_for_message("#orders", "3 shirts?")
    Desk(start_flow.db).reject(prompts.of_run(start_flow.db, rejected.id)[0].id, MEI, "Too many", via="slack")
    with pytest.raises(PromptRejected, match="Too many"):
        rejected.result()


def test_a_run_that_goes_on_says_what_it_waits_for(slack: Emulator, start_flow: FlowStarter) -> None:
    """A test that forgot an answer fails with a sentence that names the question."""
    run = start_flow(order, count=4)
    slack.person("mei").wait_for_message("#orders", "4 shirts?")
    said = f"The run {run.name} has not ended after 0.1 s. Nobody has answered '4 shirts?'."
    with pytest.raises(TimeoutError, match=re.escape(said)):
        run.result(timeout=0.1)


def test_a_cancelled_run_is_told_apart_from_one_that_failed(slack: Emulator, start_flow: FlowStarter) -> None:
    """As when a flow is called."""
    run = start_flow(order, count=5)
    slack.person("mei").wait_for_message("#orders", "5 shirts?")
    Desk(start_flow.db).cancel(run.id, MEI, "Out of stock")
    with pytest.raises(RunCancelled, match="Out of stock"):
        run.result()


def test_wrong_parameters_start_nothing(start_flow: FlowStarter) -> None:
    """The sentence shows what the flow takes."""
    with pytest.raises(InvalidParameters, match=r"Its signature is order\(count: int, \*, soon: bool = False\)"):
        start_flow(order, size="large")


def test_what_a_flow_starts_is_run_as_well(slack: Emulator, start_flow: FlowStarter) -> None:
    """Of its module, and of the function around it; for the requester of the first run."""

    @flow
    def order_twice() -> list[str]:
        return [order_by_another_run.create_run({"count": 6}).id, order_later.create_run().id]

    @flow
    def order_later() -> str:
        return ship("blue")

    created = start_flow(order_twice, requester="@ana").result()
    press(slack, "6 shirts?", "Approve")
    with start_flow.db.changes.subscribe(Topic.STATES) as changes:
        while not all(run.is_done for run in runs.newest(start_flow.db)):
            assert changes.wait(PATIENCE)
    ended = runs.newest(start_flow.db)
    assert {run.state for run in ended} == {RunState.COMPLETED}
    assert len(ended) == 4
    assert {run.requester and run.requester.id for run in ended} == {"@ana"}
    assert runs.get(start_flow.db, created[1]).result == "blue, shipped"


def test_the_requester_of_a_run_may_be_named(slack: Emulator, start_flow: FlowStarter) -> None:
    """So a test can show that they may not answer."""
    run = start_flow(order_for_somebody, requester="@mei")
    press(slack, "A hat?", "Yes")
    slack.person("mei").wait_for_message("#orders", "You requested this, so somebody else has to answer.")
    slack.person("ana").press("Yes", in_="#orders")
    assert run.result() is True


def test_flows_of_the_same_code_are_told_apart(slack: Emulator, start_flow: FlowStarter) -> None:
    """A function that makes flows makes each with values of its own."""

    def sending(color: str) -> Flow[[], str]:
        @flow
        def send() -> str:
            return ship(color)

        return send

    started = [start_flow(sending(color)) for color in ("red", "blue", "green")]
    assert [run.result() for run in started] == ["red, shipped", "blue, shipped", "green, shipped"]
