"""A limited number of submitted tasks of a run work at once, and they cannot deadlock."""

import threading

from signoff import flow, pause_flow_run, task
from signoff.flows.durable.task_slots import MAX_CONCURRENT_TASKS
from signoff.flows.names import now
from signoff.futures import wait
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

MANY = MAX_CONCURRENT_TASKS + 8


def threads_of_tasks() -> int:
    """How many threads belong to the submitted tasks of the test below now."""
    return sum(thread.name.startswith(("task-slow", "task-times")) for thread in threading.enumerate())


def test_a_thousand_submitted_tasks_take_few_threads(db: Database, start_worker: StartWorker) -> None:
    """The others start as these end, including those that wait for the result of another one."""
    go_on = threading.Event()

    @task
    def slow() -> int:
        go_on.wait(20)
        return 1

    @task
    def times(number: int, one: int) -> int:
        return number * one

    @flow
    def maps() -> int:
        first = [slow.submit() for _ in range(MANY)]
        return sum(times.map(list(range(1000)), first[-1]).result())

    start_worker(maps)
    run = maps.create_run(db=db)
    until(db, lambda: threads_of_tasks() == MAX_CONCURRENT_TASKS)
    until(db, lambda: runs.get(db, run.id).state is RunState.RUNNING)
    assert threads_of_tasks() == MAX_CONCURRENT_TASKS
    go_on.set()
    assert until_over(db, run.id).result == sum(range(1000))


def test_tasks_that_submit_tasks_and_wait_for_them_all_end(db: Database, start_worker: StartWorker) -> None:
    """Who waits for a task lets it work, however many do."""

    @task
    def child(number: int) -> int:
        return number

    @task
    def parent(number: int) -> int:
        one, other = child.submit(number), child.submit(number)
        wait([other])
        return one.result()

    @flow
    def family() -> int:
        return sum(parent.map(list(range(MANY))).result())

    start_worker(family)
    assert until_over(db, family.create_run(db=db).id).result == sum(range(MANY))


def test_tasks_that_wait_for_people_take_no_turn(db: Database, start_worker: StartWorker) -> None:
    """All of them ask, and each continues when it is answered."""

    @task
    def asks(key: str) -> str:
        return pause_flow_run(wait_for_input=str, key=key)

    @flow
    def survey() -> int:
        return len(asks.map([f"number-{number}" for number in range(MANY)]).result())

    start_worker(survey)
    run = survey.create_run(db=db)
    until(db, lambda: len(prompts.of_run(db, run.id)) == MANY)
    for prompt in prompts.of_run(db, run.id):
        answer(db, prompt, value="yes")
    assert until_over(db, run.id).result == MANY


def test_a_run_that_is_over_begins_no_more_of_them(db: Database, start_worker: StartWorker) -> None:
    """Tasks that have not started when somebody cancels have no effect."""
    began, go_on, gone = threading.Semaphore(0), threading.Event(), threading.Event()
    effects: list[int] = []

    @task
    def work(number: int) -> None:
        effects.append(number)
        began.release()
        go_on.wait(20)

    @flow
    def maps() -> None:
        try:
            work.map(list(range(MANY)))
            pause_flow_run()
        finally:
            gone.set()

    worker = start_worker(maps)
    run = maps.create_run(db=db)
    for _ in range(MAX_CONCURRENT_TASKS):
        assert began.acquire(timeout=20)
    until_asked(db, run.id)
    runs.cancel(db, run.id, actor=ANA, reason="", now=now())
    assert gone.wait(20)
    go_on.set()
    worker.stop()
    until(db, lambda: not any(thread.name.startswith("task-work") for thread in threading.enumerate()))
    assert len(effects) == MAX_CONCURRENT_TASKS
