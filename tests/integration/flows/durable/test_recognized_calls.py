"""Invariant 5: a call is recognized by its arguments and by what calls it, though others come before it now."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from signoff import Flow, apause_flow_run, flow, idempotency_key, pause_flow_run, suspend_flow_run, task
from signoff.flows.durable import steps
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import journal, runs
from signoff.store.tables import flow_runs
from tests.support.answering import answer
from tests.support.waiting import until, until_over

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def cut_off(db: Database, flow: Flow[Any, Any], reached: Callable[[str], object], *, version: int | None = 2) -> str:
    """Run a flow until something is reached, and then no further: its worker is gone. The run's id."""
    run = flow.create_run(db=db)
    with db.write() as tx:
        tx.execute(update(flow_runs).values(journal_version=version))
    worker = Worker(db, [flow])
    worker.start()
    until(db, lambda: reached(run.id))
    worker.stop(grace=0)
    return run.id


def continued(db: Database, flow: Flow[Any, Any], run_id: str, **answers: Any) -> FlowRun:
    """The end of the run in another worker. Questions get these answers, by the first word of their title."""
    with Worker(db, [flow]):

        def ended() -> FlowRun | None:
            for each in prompts.of_run(db, run_id):
                if each.is_open and runs.get(db, run_id).state.is_waiting:
                    answer(db, each, value=answers[each.title.split()[0]])
            return run if (run := runs.get(db, run_id)).state.is_final else None

        return until(db, ended, what="the end")


def recorded(db: Database, *keys: str) -> Callable[[str], bool]:
    """Whether these steps are recorded."""
    return lambda run_id: set(keys) <= journal.load(db, run_id).keys()


def asked(db: Database, number: int) -> Callable[[str], bool]:
    """Whether the run waits for this many answers."""
    return lambda run_id: (
        len([each for each in prompts.of_run(db, run_id) if each.is_open]) == number
        and runs.get(db, run_id).state.is_waiting
    )


@pytest.fixture
def orders() -> Iterator[list[str]]:
    """The order in which an execution goes through its hosts: another one in the second execution."""
    return iter([["a", "b"], ["b", "a"], ["b", "a"]])


def test_a_nested_flow_in_a_loop_does_not_get_what_belongs_to_another_item(
    db: Database, orders: Iterator[list[str]]
) -> None:
    """The number of a nested flow tells nothing, and neither do steps without arguments in it."""
    done: list[str] = []

    @task
    def ticket() -> str:
        return f"ticket {len(done)}"

    @task
    def ship(host: str, number: str) -> None:
        done.append(f"{host} by {number}")

    @flow
    def release(host: str) -> None:
        number = ticket()
        if pause_flow_run(bool, description="Ship?"):
            ship(host, number)

    @flow
    def releases() -> None:
        for host in next(orders):
            release(host)

    run_id = cut_off(db, releases, asked(db, 1))
    ended = continued(db, releases, run_id, **{"Ship?": True})
    assert (ended.state, done) == (RunState.NEEDS_ATTENTION, [])
    assert 'those of release differ from those that are recorded (host was "a", and is "b" now)' in str(ended.error)
    assert f"Correct the code and run `signoff retry {ended.name}`" in str(ended.error)


@pytest.mark.parametrize("version", [2, None], ids=["today", "version 1"])
def test_coroutines_reach_their_own_nested_flows(db: Database, version: int | None) -> None:
    """They come to them in another order now, and ask the same there."""
    slow = iter(["a", "b"])
    done: list[str] = []

    @task
    async def ticket(host: str) -> str:
        return f"ticket of {host}"

    @task
    async def ship(host: str, number: str) -> None:
        done.append(f"{host} by {number}")

    @flow
    async def release(host: str) -> None:
        number = await ticket(host)
        if await apause_flow_run(bool, description=f"Ship {host}?"):
            await ship(host, number)

    @flow
    async def releases() -> None:
        last, first = next(slow), asyncio.Event()

        async def one(host: str) -> None:
            if host == last:
                await first.wait()
            first.set()
            await release(host)

        await asyncio.gather(one("a"), one("b"))

    run_id = cut_off(db, releases, asked(db, 2), version=version)
    ended = continued(db, releases, run_id, Ship=True)
    if version is None and ended.state is RunState.NEEDS_ATTENTION:
        # Earlier versions did not record which of the nested flows had begun for which host.
        assert not done
    else:
        assert (ended.state, sorted(done)) == (RunState.COMPLETED, ["a by ticket of a", "b by ticket of b"])


def test_equal_questions_of_coroutines_get_their_own_answers(db: Database) -> None:
    """Nothing but the coroutine tells them apart."""
    slow = iter(["a", "b"])
    first_asked: list[str] = []

    @flow
    async def release() -> dict[str, int]:
        last, first = next(slow), asyncio.Event()

        async def one(host: str) -> int:
            if host == last:
                await first.wait()
            if not first.is_set():
                asyncio.get_running_loop().call_later(0, first.set)
            return int(await apause_flow_run(int, description="How many?"))

        return dict(zip("ab", await asyncio.gather(one("a"), one("b")), strict=True))

    run_id = cut_off(db, release, asked(db, 2))
    for each in prompts.of_run(db, run_id):
        first_asked.append(each.key)
        answer(db, each, value=1 if each.key == "coroutine-one--1" else 2)
    assert sorted(first_asked) == ["coroutine-one--1", "coroutine-one-2--1"]
    assert continued(db, release, run_id).result == {"a": 1, "b": 2}


@pytest.mark.parametrize("hosts", ["ab", "ba"])
def test_a_step_that_was_cut_off_keeps_its_idempotency_key(db: Database, hosts: str) -> None:
    """In coroutines that come to it in another order, and in a loop over another order."""
    slow, keys = iter("ab"), list[tuple[str, str]]()
    orders = iter(["ab", hosts])

    @task
    async def charge(host: str) -> None:
        keys.append((host, idempotency_key().partition(":")[2]))
        if len(keys) == 2:
            await asyncio.Event().wait()

    @flow
    async def charges() -> None:
        last, first = next(slow), asyncio.Event()

        async def one(host: str) -> None:
            if host == last:
                await first.wait()
            first.set()
            await charge(host)

        await asyncio.gather(*(one(host) for host in next(orders)))

    run_id = cut_off(db, charges, lambda _: len(keys) == 2)
    ended = continued(db, charges, run_id)
    assert ended.state is RunState.COMPLETED
    assert set(keys) == {("a", "coroutine:one/charge"), ("b", "coroutine:one-2/charge")}


@pytest.mark.parametrize("is_retried", [False, True], ids=["cut off", "failed"])
def test_a_loop_in_another_order_exchanges_no_idempotency_keys(
    db: Database, orders: Iterator[list[str]], is_retried: bool
) -> None:
    """The key of a call that was cut off, or has failed, may be known elsewhere by now."""
    keys: list[tuple[str, str]] = []
    stop = asyncio.Event()

    @task
    async def charge(host: str) -> None:
        keys.append((host, idempotency_key().partition(":")[2]))
        if len(keys) == 1 and is_retried:
            raise OSError("away")
        if len(keys) == 1:
            await stop.wait()

    @flow(retries=1)
    async def charges() -> None:
        for host in next(orders):
            await charge(host)

    run_id = cut_off(db, charges, lambda _: len(keys) == (3 if is_retried else 1))
    assert continued(db, charges, run_id).state is RunState.COMPLETED
    assert set(keys) == {("a", "charge"), ("b", "charge-2")}


def test_coroutines_that_are_made_in_another_order_find_what_is_theirs(
    db: Database, orders: Iterator[list[str]]
) -> None:
    """A coroutine is recognized by its arguments."""
    made: list[str] = []

    @task
    async def ticket() -> str:
        made.append("")
        return f"ticket {len(made)}"

    @flow
    async def tickets() -> dict[str, str]:
        hosts = next(orders)

        async def one(host: str) -> str:
            number = await ticket()
            await apause_flow_run(bool, description=f"{host}?")
            return number

        return dict(zip(hosts, await asyncio.gather(*map(one, hosts)), strict=True))

    run_id = cut_off(db, tickets, asked(db, 2))
    ended = continued(db, tickets, run_id, **{"a?": True, "b?": True})
    assert ended.result == {"a": "ticket 1", "b": "ticket 2"}


def test_coroutines_may_be_given_the_time_beside_what_tells_them_apart(
    db: Database, orders: Iterator[list[str]]
) -> None:
    """A time alone makes no other coroutine."""
    made: list[str] = []

    @task
    async def ticket() -> str:
        made.append("")
        return f"ticket {len(made)}"

    @flow
    async def tickets() -> dict[str, str]:
        hosts = next(orders)

        async def one(host: str, since: datetime) -> str:
            number = await ticket()
            await apause_flow_run(bool, description=f"{host}?")
            return number

        found = await asyncio.gather(*(one(host, datetime.now(UTC)) for host in hosts))
        return dict(zip(hosts, found, strict=True))

    run_id = cut_off(db, tickets, asked(db, 2))
    ended = continued(db, tickets, run_id, **{"a?": True, "b?": True})
    assert ended.result == {"a": "ticket 1", "b": "ticket 2"}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_other_coroutines_need_attention(db: Database) -> None:
    """What is in them cannot be told from what is recorded of those before."""
    executions = iter(["first", "second"])

    @task
    async def check(host: str) -> str:
        return host

    @flow
    async def checks() -> None:
        execution = next(executions)

        async def one(host: str) -> None:
            await check(host)
            await apause_flow_run(bool, description="Go?")

        await asyncio.gather(*(one(f"{host} of the {execution}") for host in "abc"))

    run_id = cut_off(db, checks, asked(db, 3))
    ended = continued(db, checks, run_id, **{"Go?": True})
    assert ended.state is RunState.NEEDS_ATTENTION
    assert '(host was "a of the first", and is "a of the second" now)' in str(ended.error)


def test_work_that_threads_get_in_another_order_finds_what_is_its(db: Database, orders: Iterator[list[str]]) -> None:
    """A function in a thread is recognized by its arguments, too."""
    made: list[str] = []

    @task
    def ticket() -> str:
        made.append("")
        return f"ticket {len(made)}"

    @flow
    def tickets() -> dict[str, str]:
        def one(host: str) -> str:
            return ticket()

        hosts = next(orders)
        with ThreadPoolExecutor(1) as pool:
            found = dict(zip(hosts, pool.map(one, hosts), strict=True))
        suspend_flow_run(bool, description="Go?")
        return found

    run_id = cut_off(db, tickets, asked(db, 1))
    assert continued(db, tickets, run_id, **{"Go?": True}).result == {"a": "ticket 1", "b": "ticket 2"}


def test_equal_calls_side_by_side_keep_their_results(db: Database) -> None:
    """The first was cut off when the second had ended: it runs again, and does not take the result of the other."""
    calls: list[int] = []
    is_cut_off = True

    @task
    async def draw() -> int:
        calls.append(len(calls))
        number = len(calls)
        if number == 1 and is_cut_off:
            await asyncio.Event().wait()
        return number

    @flow
    async def draws() -> list[int]:
        return list(await asyncio.gather(draw(), draw()))

    run_id = cut_off(db, draws, recorded(db, "draw-2"))
    is_cut_off = False
    assert continued(db, draws, run_id).result == [3, 2]


def test_equal_calls_that_are_submitted_keep_their_results(db: Database) -> None:
    """A call that was cut off runs again, beside an equal one that had ended."""
    calls: list[str] = []
    is_cut_off = True

    @task
    async def charge(amount: int) -> str:
        calls.append(own := idempotency_key().partition(":")[2])
        # Not for ever, so that its thread ends.
        while own == "charge" and is_cut_off:
            await asyncio.sleep(0.01)
        return own

    @flow
    def charges() -> list[Any]:
        return [each.result() for each in [charge.submit(10), charge.submit(10)]]

    run_id = cut_off(db, charges, recorded(db, "charge-2"))
    is_cut_off = False
    assert continued(db, charges, run_id).result == ["charge", "charge-2"]


def test_equal_steps_of_coroutines_keep_their_results(db: Database) -> None:
    """What one coroutine has drawn is not what the other draws, although both call the task alike."""
    is_cut_off = True
    drawn: list[str] = []

    @task
    async def draw() -> str:
        if not drawn:
            drawn.append("")
            if is_cut_off:
                await asyncio.Event().wait()
        drawn.append("")
        return f"number {len(drawn)}"

    @task
    async def deploy(host: str, number: str) -> str:
        return f"{host} with {number}"

    @flow
    async def rollout() -> list[str]:
        async def one(host: str) -> str:
            return await deploy(host, await draw())

        return list(await asyncio.gather(one("a"), one("b")))

    run_id = cut_off(db, rollout, recorded(db, "coroutine:one-2/deploy"))
    is_cut_off = False
    assert continued(db, rollout, run_id).result == ["a with number 3", "b with number 2"]


def test_submitted_tasks_that_ask_in_another_order_get_their_own_answers(
    db: Database, orders: Iterator[list[str]]
) -> None:
    """They are recognized by their arguments when they are submitted."""

    @task
    def deploy(host: str) -> bool:
        return bool(suspend_flow_run(bool, description=f"{host}: really?"))

    @flow
    def deploys() -> dict[str, bool]:
        hosts = next(orders)
        return dict(zip(hosts, [each.result() for each in [deploy.submit(host) for host in hosts]], strict=True))

    run_id = cut_off(db, deploys, asked(db, 2))
    ended = continued(db, deploys, run_id, **{"a:": True, "b:": False})
    assert ended.result == {"a": True, "b": False}
    assert [each.key for each in prompts.of_run(db, run_id)] == ["deploy--1", "deploy-2--1"]


@dataclass
class Staging:
    """A place to deploy to."""

    host: str


@dataclass
class Production:
    """Another one."""

    host: str


def deploy_to(place: Any) -> str:
    """What is done there."""
    return f"deployed to {type(place).__name__}"


def rolled_out(place: Any) -> str:
    """Something else."""
    return f"rolled out to {type(place).__name__}"


@pytest.mark.parametrize(
    "arguments",
    [[(deploy_to, Staging("web")), (deploy_to, Production("web"))], [(deploy_to, None), (rolled_out, None)]],
    ids=["classes", "functions"],
)
def test_arguments_of_other_types_are_others(db: Database, arguments: list[Any]) -> None:
    """Two classes with the same fields are two, and so are two functions."""
    orders = iter([arguments, arguments[::-1]])

    @task
    def act(function: Any, place: Any) -> str:
        return str(function(place))

    @flow
    def acts() -> list[str]:
        done = [act(*each) for each in next(orders)]
        suspend_flow_run(bool, description="Go?")
        return done

    run_id = cut_off(db, acts, asked(db, 1))
    ended = continued(db, acts, run_id, **{"Go?": True})
    assert ended.result == [function(place) for function, place in arguments[::-1]]


def test_tasks_of_a_factory_are_told_apart_by_the_texts_around_them(db: Database, orders: Iterator[list[str]]) -> None:
    """They have one name and no arguments."""

    def deployment(host: str) -> Any:
        @task
        def deploy() -> str:
            return f"deployed to {host}"

        return deploy

    @flow
    def deploys() -> list[str]:
        done = [deployment(host)() for host in next(orders)]
        suspend_flow_run(bool, description="Go?")
        return done

    run_id = cut_off(db, deploys, asked(db, 1))
    assert continued(db, deploys, run_id, **{"Go?": True}).result == ["deployed to b", "deployed to a"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [("a", "b", '(host was "a", and is "b" now)'), (3, 7, "(host was 3, and is 7 now)")],
    ids=["text", "number"],
)
def test_one_call_with_another_argument_needs_attention(db: Database, first: Any, second: Any, told: str) -> None:
    """A canary that was chosen by chance stands for no other host. What differs is said."""
    hosts, done = iter([first, second]), []

    @task
    def deploy(host: Any) -> None:
        done.append(host)

    @flow
    def canary() -> None:
        deploy(next(hosts))
        suspend_flow_run(bool, description="Go?")

    run_id = cut_off(db, canary, asked(db, 1))
    ended = continued(db, canary, run_id, **{"Go?": True})
    assert (ended.state, done) == (RunState.NEEDS_ATTENTION, [first])
    assert told in str(ended.error)


def test_no_secret_is_shown_where_arguments_differ(db: Database) -> None:
    """Neither in the message nor in the journal."""
    passwords = iter(["correct-horse-1", "correct-horse-2"])

    @task
    def login(password: str, options: dict[str, str]) -> None:
        """Log in."""

    @flow
    def logins() -> None:
        password = next(passwords)
        login(password, {"api_key": password})
        suspend_flow_run(bool, description="Go?")

    run_id = cut_off(db, logins, asked(db, 1))
    ended = continued(db, logins, run_id, **{"Go?": True})
    assert ended.state is RunState.NEEDS_ATTENTION
    assert "correct-horse" not in f"{ended.error}{journal.load(db, run_id)}"


def test_what_is_awaited_at_once_is_part_of_its_caller(db: Database) -> None:
    """Some versions of Python make a task of it and some do not, so it has no scope of its own."""

    @task
    async def check() -> int:
        return 1

    @flow
    async def checks() -> int:
        async def one() -> int:
            return await check()

        return await asyncio.wait_for(one(), 60) + await asyncio.shield(one())

    run = checks.create_run(db=db)
    with Worker(db, [checks]):
        until_over(db, run.id)
    assert list(journal.load(db, run.id)) == ["check", "coroutine:one/check"]


def test_coroutines_within_a_sync_flow_have_scopes_of_their_own(db: Database) -> None:
    """`asyncio.run` has an event loop of its own."""

    @task
    async def check(host: str) -> str:
        return host

    @flow
    def checks() -> list[str]:
        async def one(host: str) -> str:
            return await check(host)

        async def both() -> list[str]:
            return list(await asyncio.gather(one("a"), one("b")))

        return asyncio.run(both())

    run = checks.create_run(db=db)
    with Worker(db, [checks]):
        assert until_over(db, run.id).result == ["a", "b"]
    assert sorted(journal.load(db, run.id)) == ["coroutine:one-2/check", "coroutine:one/check"]


def test_a_task_that_changes_its_argument_is_warned_of(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A replay does not run it again, so what it has changed is missing there."""

    @task
    def fill(hosts: list[str], where: dict[str, str]) -> int:
        hosts.append("a")
        return len(hosts)

    @task
    def count(hosts: list[str]) -> int:
        return len(hosts)

    @flow
    def fills() -> list[int]:
        hosts: list[str] = []
        return [fill(hosts, {}), count(hosts)]

    run = fills.create_run(db=db)
    with Worker(db, [fills]):
        assert until_over(db, run.id).result == [1, 1]
    (warning,) = [each for each in caplog.messages if "argument" in each]
    assert "fill has changed its argument hosts. A replay does not run it again" in warning


def test_calls_of_an_earlier_version_with_other_arguments_need_attention(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coroutines had no scopes then, so whether such a call has run, nobody can tell."""
    monkeypatch.setattr(steps, "WAIT_FOR_OTHERS", 0.2)
    numbers, done = iter(range(9)), list[int]()

    @task
    async def upload(number: int) -> int:
        done.append(number)
        return number

    @flow
    async def uploads() -> None:
        async def one() -> int:
            return await upload(next(numbers))

        await asyncio.gather(one(), one())
        await apause_flow_run(bool, description="Go?")

    run_id = cut_off(db, uploads, asked(db, 1), version=None)
    ended = continued(db, uploads, run_id, **{"Go?": True})
    assert (ended.state, done) == (RunState.NEEDS_ATTENTION, [0, 1])
    assert "upload is called side by side with other arguments" in str(ended.error)
