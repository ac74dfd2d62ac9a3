"""The connection to PostgreSQL breaks at a commit, and who sent it does not know whether it was done."""

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from signoff import flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled, Settled
from signoff.flows.engines.embedded.worker import Worker
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.prompts import prompts
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import journal, runs
from tests.support.answering import ANA, answer
from tests.support.proxy import Lost, Proxy, proxied
from tests.support.waiting import until, until_asked, until_over, until_state

pytestmark = [
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
    pytest.mark.parametrize("lost", list(Lost)),
]


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    """The way that breaks."""
    with proxied(database_url) as way:
        yield way


@pytest.fixture
def far_db(proxy: Proxy) -> Iterator[Database]:
    """The database, through the connection that breaks."""
    with closing(Database(proxy.url)) as far:
        yield far


def test_a_claim_in_doubt_leaves_no_run_behind(db: Database, far_db: Database, proxy: Proxy, lost: Lost) -> None:
    """A run that was claimed without the worker knowing is claimed again."""
    began = threading.Event()

    @task
    def work() -> int:
        began.set()
        return 1

    @flow
    def use() -> int:
        return work()

    with Worker(far_db, [use]):
        proxy.cut_next_commit(lost)
        run = use.create_run(db=db)
        assert proxy.was_cut.wait(20)
        assert until_over(db, run.id).result == 1


def test_a_claim_in_doubt_of_a_run_held_in_memory_wakes_it(
    db: Database, far_db: Database, proxy: Proxy, lost: Lost
) -> None:
    """Its local variables live on."""
    began = []

    @flow
    def use() -> str:
        began.append(1)
        return pause_flow_run(wait_for_input=str)

    with Worker(far_db, [use]):
        run = use.create_run(db=db)
        prompt = until_asked(db, run.id)
        proxy.cut_next_commit(lost)
        answer(db, prompt, value="yes")
        assert proxy.was_cut.wait(20)
        assert until_over(db, run.id).result == "yes"
    assert began == [1]


def test_a_claim_in_doubt_of_a_cancelled_run_ends_it_in_memory(
    db: Database, far_db: Database, proxy: Proxy, lost: Lost
) -> None:
    """A worker does not hold for ever what nobody will answer, and the hooks of its end are called."""
    left, called = threading.Event(), threading.Event()

    @flow(on_cancellation=[lambda *_: called.set()])
    def use() -> None:
        try:
            pause_flow_run()
        finally:
            left.set()

    with Worker(far_db, [use]):
        run = use.create_run(db=db)
        until_asked(db, run.id)
        proxy.cut_next_commit(lost)
        Desk(db).cancel(run.id, ANA, "Not today")
        assert proxy.was_cut.wait(20)
        assert left.wait(20)
        assert called.wait(20)


def test_hooks_go_on_while_a_claim_is_in_doubt(db: Database, far_db: Database, proxy: Proxy, lost: Lost) -> None:
    """What the worker does hold stays with it: they are not called again."""
    called: list[str] = []
    began, go_on = threading.Event(), threading.Event()

    def hook(_flow: Any, run: FlowRun, _state: Any) -> None:
        called.append(run.id)
        began.set()
        go_on.wait(20)

    @flow(on_completion=[hook])
    def hooked() -> None: ...

    @flow
    def use() -> None: ...

    with Worker(far_db, [hooked, use]):
        first = hooked.create_run(db=db)
        assert began.wait(20)
        proxy.cut_next_commit(lost)
        second = use.create_run(db=db)
        until_over(db, second.id)
        go_on.set()
        until(db, lambda: runs.get(db, first.id).is_done, what="the end of the hook")
    assert called == [first.id]


@pytest.mark.parametrize("ask", [pause_flow_run, suspend_flow_run])
def test_what_a_run_records_in_doubt_stands_once(
    db: Database, far_db: Database, proxy: Proxy, lost: Lost, ask: Any
) -> None:
    """A step, a question and the end: each is written once, and no task runs twice for it."""
    worked: list[int] = []
    cuts = 0

    def cut() -> None:
        nonlocal cuts
        proxy.cut_next_commit(lost)
        cuts += 1

    @task
    def work() -> int:
        worked.append(1)
        cut()
        return 1

    @flow
    def use() -> str:
        work()
        # A replay passes here again: the answer is there then.
        if cuts == 1:
            cut()
        said: str = ask(wait_for_input=str)
        cut()
        return said

    with Worker(far_db, [use]):
        run = use.create_run(db=db)
        answer(db, until_asked(db, run.id), value="yes")
        assert until_over(db, run.id).result == "yes"
    assert (worked, cuts) == ([1], 3)
    assert list(journal.load(db, run.id)) == ["work"]
    (prompt,) = prompts.of_run(db, run.id)
    assert [line.event for line in ledger.lines(db, prompt.id)].count("opened") == 1


def test_an_answer_in_doubt_can_be_given_again(db: Database, far_db: Database, proxy: Proxy, lost: Lost) -> None:
    """Whoever sends it again learns the outcome, and it counts once."""

    @flow
    def use() -> str:
        return suspend_flow_run(wait_for_input=str)

    with Worker(db, [use]):
        run = use.create_run(db=db)
        prompt = until_asked(db, run.id)
        proxy.cut_next_commit(lost)
        with pytest.raises(DatabaseUnavailable, match="may or may not have been saved"):
            Desk(far_db).submit(prompt.id, ANA, {"value": "first"}, via="cli")
        reply = Desk(far_db).submit(prompt.id, ANA, {"value": "second"}, via="cli")
        stands = "first" if lost is Lost.REPLY else "second"
        assert isinstance(reply, AlreadySettled if lost is Lost.REPLY else Settled)
        assert reply.prompt.answer == {"value": stands}
        assert until_over(db, run.id).result == stands


def test_a_run_whose_creation_is_in_doubt_is_created_once(
    db: Database, far_db: Database, proxy: Proxy, lost: Lost
) -> None:
    """Who starts a run need not wonder whether to start it again."""

    @flow
    def use() -> None: ...

    proxy.cut_next_commit(lost)
    run = use.create_run(db=far_db)
    assert proxy.was_cut.is_set()
    assert [each.id for each in runs.newest(db)] == [run.id]
    with Worker(db, [use]):
        assert until_state(db, run.id, RunState.COMPLETED).id == run.id


def test_a_flow_failure_in_doubt_is_retried_once(db: Database, far_db: Database, proxy: Proxy, lost: Lost) -> None:
    """A retry that was written without the worker hearing of it counts once."""
    tries: list[int] = []

    @flow(retries=1)
    def use() -> int:
        tries.append(1)
        if len(tries) == 1:
            proxy.cut_next_commit(lost)
            raise ValueError("not yet")
        return len(tries)

    # It has no room for the second try before it knows what became of the first.
    with Worker(far_db, [use], concurrency=1):
        run = use.create_run(db=db)
        run = until_over(db, run.id)
    assert (run.result, run.attempt, len(tries)) == (2, 2, 2)
