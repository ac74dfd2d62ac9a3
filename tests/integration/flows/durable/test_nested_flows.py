"""A flow that is called by another."""

import threading
from typing import Any

import pytest

from signoff import StepTimeout, apause_flow_run, flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.runs import journal
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.stopped_clock import StoppedClock
from tests.support.waiting import until_asked, until_over


def test_a_nested_flow_is_a_step(db: Database, start_worker: StartWorker) -> None:
    """It runs once, its own steps have its name in front, and it may ask."""
    times: list[str] = []

    @task
    def build(what: str) -> str:
        times.append(what)
        return what

    @flow
    def inner(what: str) -> str:
        built = build(what)
        return f"{built} {suspend_flow_run(wait_for_input=str)}"

    @flow
    def outer() -> list[str]:
        return [build("a"), inner("b"), inner("c")]

    start_worker(outer)
    run = outer.create_run(db=db)
    for number in (1, 2):
        answer(db, until_asked(db, run.id, number=number), value=str(number))
    assert until_over(db, run.id).result == ["a", "b 1", "c 2"]
    assert times == ["a", "b", "c"]
    assert sorted(journal.load(db, run.id)) == ["build", "inner", "inner-2", "inner-2/build", "inner/build"]
    assert [prompt.key for prompt in prompts.of_run(db, run.id)] == ["inner--1", "inner-2--1"]


@pytest.mark.parametrize("isasync", [False, True])
def test_a_retried_nested_flow_does_not_run_finished_tasks_again(
    db: Database, start_worker: StartWorker, isasync: bool
) -> None:
    """As for a flow that runs on its own."""
    done: list[str] = []

    @task
    def build() -> str:
        done.append("build")
        return "built"

    @task
    def deploy() -> str:
        done.append("deploy")
        if done.count("deploy") < 2:
            raise OSError("away")
        return "deployed"

    @flow(retries=1)
    def inner() -> str:
        build()
        return deploy()

    @flow(retries=1)
    async def inner_async() -> str:
        build()
        return deploy()

    @flow(name="outer")
    def outer() -> str:
        built = inner()
        suspend_flow_run()
        return built

    @flow(name="outer")
    async def outer_async() -> str:
        built = await inner_async()
        await suspend_flow_run()
        return built

    used: Any = outer_async if isasync else outer
    start_worker(used)
    run = used.create_run(db=db)
    answer(db, until_asked(db, run.id))
    assert until_over(db, run.id).result == "deployed"
    assert done == ["build", "deploy", "deploy"]


def test_the_same_key_in_two_nested_flows_names_two_questions(db: Database, start_worker: StartWorker) -> None:
    """Invariant 5: as in Prefect, where a nested flow is a run of its own: no answer reaches the other's question."""

    @flow
    def inner() -> str:
        return suspend_flow_run(wait_for_input=str, key="name")

    @flow
    def outer() -> list[str]:
        return [inner(), inner()]

    start_worker(outer)
    run = outer.create_run(db=db)
    for number in (1, 2):
        answer(db, until_asked(db, run.id, number=number), value=str(number))
    assert until_over(db, run.id).result == ["1", "2"]


def test_a_person_s_no_in_a_nested_flow_is_not_tried_again(db: Database, start_worker: StartWorker) -> None:
    """As for a flow that runs on its own."""
    times: list[int] = []

    @flow(retries=3)
    def inner() -> None:
        times.append(1)
        pause_flow_run()

    @flow
    def outer() -> None:
        inner()

    start_worker(outer)
    run = outer.create_run(db=db)
    Desk(db).reject(until_asked(db, run.id).id, ANA, "No", via="cli")
    assert until_over(db, run.id).error == "Rejected by Ana: No"
    assert times == [1]


@pytest.mark.parametrize("isasync", [False, True])
def test_a_nested_flow_s_time_does_not_count_the_waiting(
    db: Database, start_worker: StartWorker, stopped_clock: StoppedClock, isasync: bool
) -> None:
    """People take longer than programs, also where a flow that another calls asks them."""

    @flow(timeout_seconds=60)
    def inner() -> str:
        return pause_flow_run(wait_for_input=str)

    @flow(timeout_seconds=60)
    async def inner_async() -> str:
        return await apause_flow_run(wait_for_input=str)  # type: ignore[no-any-return]

    @flow(name="outer")
    def outer() -> str:
        return inner()

    @flow(name="outer")
    async def outer_async() -> str:
        return await inner_async()

    used: Any = outer_async if isasync else outer
    start_worker(used)
    run = used.create_run(db=db)
    prompt = until_asked(db, run.id)
    stopped_clock.advance(3600)
    answer(db, prompt, value="at last")
    assert until_over(db, run.id).result == "at last"


def test_a_nested_flow_whose_time_is_up_stops_at_its_next_step(db: Database, start_worker: StartWorker) -> None:
    """Its caller learns it at once, and nothing that it comes to later has an effect."""
    go_on, left, further = threading.Event(), threading.Event(), threading.Event()

    @task
    def deploy() -> None:
        further.set()

    @flow(timeout_seconds=0.1)
    def inner() -> None:
        try:
            go_on.wait(20)
            deploy()
        finally:
            left.set()

    @flow
    def outer() -> str:
        with pytest.raises(StepTimeout, match=r"inner took longer than 0\.1 seconds\."):
            inner()
        go_on.set()
        left.wait(20)
        return "went on"

    start_worker(outer)
    assert until_over(db, outer.create_run(db=db).id).result == "went on"
    assert not further.is_set()
