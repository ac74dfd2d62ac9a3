"""Steps that the code of a run calls in threads of its own are recorded, and found again by a replay."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest
from sqlalchemy import delete, update

from signoff import Flow, flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.errors import MissingContextError
from signoff.flows.runtime import flow_run
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import journal
from signoff.store.tables import flow_runs, steps
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over

HOSTS = ["alpha", "beta", "gamma", "delta"]


class Deployment:
    """Deploys to hosts in threads. In the first execution they come to their step in the opposite order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._turn = threading.Condition()
        self._left = [*HOSTS]
        self.push = task(name="push")(self._push)

    def _push(self, host: str) -> str:
        self.done.append(host)
        return f"pushed to {host}"

    def deploy(self, host: str) -> str:
        with self._turn:
            self._turn.wait_for(lambda: host not in self._left or self._left[-1] == host)
            pushed: str = self.push(host)
            if host in self._left:
                self._left.remove(host)
            self._turn.notify_all()
        return pushed


def in_a_pool(deployment: Deployment) -> Flow[Any, Any]:
    @flow
    def release() -> list[str]:
        with ThreadPoolExecutor(max_workers=len(HOSTS)) as pool:
            pushed = list(pool.map(deployment.deploy, HOSTS))
        suspend_flow_run()
        return pushed

    return release


def in_threads_of_asyncio(deployment: Deployment) -> Flow[Any, Any]:
    @flow
    async def release() -> list[str]:
        pushed = await asyncio.gather(*[asyncio.to_thread(deployment.deploy, host) for host in HOSTS])
        await suspend_flow_run()
        return [*pushed]

    return release


def in_an_executor_of_a_loop(deployment: Deployment) -> Flow[Any, Any]:
    @flow
    async def release() -> list[str]:
        loop = asyncio.get_running_loop()
        pushed = await asyncio.gather(*[loop.run_in_executor(None, deployment.deploy, host) for host in HOSTS])
        await suspend_flow_run()
        return [*pushed]

    return release


def in_threads(deployment: Deployment) -> Flow[Any, Any]:
    @flow
    def release() -> list[str]:
        pushed: dict[str, str] = {}
        threads = [
            threading.Thread(target=lambda host=host: pushed.update({host: deployment.deploy(host)})) for host in HOSTS
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        suspend_flow_run()
        return [pushed[host] for host in HOSTS]

    return release


WAYS = pytest.mark.parametrize("way", [in_a_pool, in_threads_of_asyncio, in_an_executor_of_a_loop, in_threads])


@WAYS
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_step_in_a_thread_runs_once_and_each_call_finds_its_own_result(
    db: Database, start_worker: StartWorker, way: Any
) -> None:
    """Although the threads come to it in another order in the replay."""
    deployment = Deployment()
    release = way(deployment)
    start_worker(release)
    run = release.create_run(db=db)
    answer(db, until_asked(db, run.id))
    assert until_over(db, run.id).result == [f"pushed to {host}" for host in HOSTS]
    assert sorted(deployment.done) == sorted(HOSTS)
    assert len(journal.load(db, run.id)) == len(HOSTS)


@pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])
def test_a_question_in_a_thread_gets_its_own_answer(db: Database, start_worker: StartWorker, wait: Any) -> None:
    """Each is asked once, whether the run waits in memory or not."""

    def ask(host: str) -> str:
        answered: str = wait(str, key=host, description=f"Deploy to {host}?")
        return answered

    @flow
    def release() -> list[str]:
        with ThreadPoolExecutor(max_workers=1) as pool:
            return list(pool.map(ask, HOSTS))

    start_worker(release)
    run = release.create_run(db=db)
    for number, host in enumerate(HOSTS, 1):
        asked = until_asked(db, run.id, number=number)
        assert (asked.key, asked.title) == (host, f"Deploy to {host}?")
        answer(db, asked, value=f"{host}: yes")
    assert until_over(db, run.id).result == [f"{host}: yes" for host in HOSTS]
    assert len(prompts.of_run(db, run.id)) == len(HOSTS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_is_over_when_the_threads_are_that_it_did_not_wait_for(db: Database, start_worker: StartWorker) -> None:
    """What it has handed to an executor too, also what has not begun."""
    may_go_on = threading.Event()
    done: list[int] = []

    @task
    def push(number: int) -> None:
        may_go_on.wait(60)
        done.append(number)

    @flow
    def release() -> str:
        pool = ThreadPoolExecutor(max_workers=1)
        for number in range(3):
            pool.submit(push, number)
        threading.Thread(target=push, args=(3,)).start()
        threading.Timer(0.0, may_go_on.set).start()
        return "handed over"

    start_worker(release)
    run = until_over(db, release.create_run(db=db).id)
    assert (run.state, run.result) == (RunState.COMPLETED, "handed over")
    assert sorted(done) == [0, 1, 2, 3]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_executor_of_all_runs_works_for_each_of_them(db: Database, start_worker: StartWorker) -> None:
    """Its threads were started by one run, and do not go on in that one's name. Outside of runs they know of none."""
    shared = ThreadPoolExecutor(max_workers=1)

    def whose() -> str:
        return flow_run.id

    @flow
    def release() -> str:
        return shared.submit(whose).result()

    start_worker(release)
    for _ in range(2):
        run = until_over(db, release.create_run(db=db).id)
        assert run.result == run.id
    with pytest.raises(MissingContextError):
        shared.submit(whose).result(60)
    shared.shutdown()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_step_in_a_thread_pool_without_order_is_refused(db: Database, start_worker: StartWorker) -> None:
    """The sentence says what to use instead."""
    done: list[int] = []
    push = task(name="push")(done.append)

    @flow
    def release() -> None:
        with ThreadPool(2) as pool:
            pool.map(push, [1, 2, 3])

    start_worker(release)
    run = until_over(db, release.create_run(db=db).id)
    assert run.state is RunState.FAILED
    assert "Use a ThreadPoolExecutor, or the task's own submit() or map()." in (run.error or "")
    assert done == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_step_in_a_thread_that_an_earlier_version_has_recorded_does_not_run_again(
    db: Database, start_worker: StartWorker
) -> None:
    """Earlier versions gave such steps the keys of those that the flow itself calls."""
    deployment = Deployment()
    release = in_threads_of_asyncio(deployment)
    worker = start_worker(release)
    run = release.create_run(db=db)
    asked = until_asked(db, run.id)
    worker.stop()
    with db.write() as tx:
        for number, key in enumerate(sorted(journal.load(db, run.id)), 1):
            legacy = "push" if number == 1 else f"push-{number}"
            tx.execute(update(steps).where(steps.c.key == key).values(key=legacy, arguments=None))
        tx.execute(delete(steps).where(steps.c.format == journal.BEGUN))
        tx.execute(update(flow_runs).values(journal_version=None))
    start_worker(release)
    answer(db, asked)
    assert until_over(db, run.id).result == [f"pushed to {host}" for host in HOSTS]
    assert sorted(deployment.done) == sorted(HOSTS)
