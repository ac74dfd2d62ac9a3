"""Invariant 5: an answer and a result reach their own question and call, in whatever order a replay comes to them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from signoff import Policy, RunInput, ask, asuspend_flow_run, flow, pause_flow_run, suspend_flow_run, task
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.earlier import asked_before_in_full
from signoff.bot.surfaces.full_text import OpenPage, full_text_modal
from signoff.flows.engines.embedded.worker import Worker
from signoff.input import asend_input
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, runs
from signoff.store.tables import inputs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over


def open_prompts(db: Database, run_id: str, number: int) -> dict[str, Prompt]:
    """What a run asks by title, once it asks that many questions."""

    def look() -> dict[str, Prompt] | None:
        found = {each.title: each for each in prompts.of_run(db, run_id) if each.is_open}
        return found if len(found) == number and runs.get(db, run_id).state.is_waiting else None

    return until(db, look, what=f"{number} questions")


def test_coroutines_that_ask_in_another_order_get_their_own_answers(db: Database) -> None:
    """Side by side, the order of arrival is one that no replay repeats."""
    orders = iter([["b", "a"], ["a", "b"]])

    @task
    async def check(host: str) -> str:
        return f"{host} is up"

    @flow
    async def rollout() -> dict[str, Any]:
        arrived = {host: asyncio.Event() for host in "ab"}
        order = next(orders)
        arrived[order[0]].set()

        async def one(host: str) -> Any:
            await arrived[host].wait()
            up = await check(host)
            arrived[order[-1]].set()
            return [up, await pause_flow_run(bool, description=f"Deploy to {host}?")]

        return dict(zip("ab", await asyncio.gather(one("a"), one("b")), strict=True))

    with Worker(db, [rollout]):
        run = rollout.create_run(db=db)
        asked = open_prompts(db, run.id, 2)
    assert {each.title: each.key for each in asked.values()} == {
        "Deploy to a?": "coroutine-one--1",
        "Deploy to b?": "coroutine-one-2--1",
    }
    answer(db, asked["Deploy to a?"], value=False)
    answer(db, asked["Deploy to b?"], value=True)
    with Worker(db, [rollout]):
        assert until_over(db, run.id).result == {"a": ["a is up", False], "b": ["b is up", True]}


def test_a_loop_may_ask_the_same_again_and_again(db: Database, start_worker: StartWorker) -> None:
    """Equal words get their answers one after the other."""

    @flow
    def count() -> list[int]:
        return [suspend_flow_run(int, description="How many?") for _ in range(4)]

    start_worker(count)
    run = count.create_run(db=db)
    for number in range(1, 5):
        answer(db, until_asked(db, run.id, number=number), value=number)
    assert until_over(db, run.id).result == [1, 2, 3, 4]


@pytest.fixture
def versions() -> Iterator[str]:
    """What differs in each execution."""
    return iter(f"1.{number}" for number in range(99))


def test_a_question_that_is_open_is_replaced_where_its_words_differ(db: Database, versions: Iterator[str]) -> None:
    """Nobody answers what is no longer asked: its card says so, and the new one has the words of now."""

    @flow
    def release() -> list[Any]:
        version = next(versions)
        publish, tell = ask(bool, description=f"Publish {version}?"), ask(bool, description="Tell them?")
        return [version, tell.result(), publish.result()]

    with Worker(db, [release]):
        run = release.create_run(db=db)
        asked = open_prompts(db, run.id, 2)
    first = asked["Publish 1.0?"]
    answer(db, asked["Tell them?"], value=False)
    with Worker(db, [release]):
        again = until_asked(db, run.id, number=3)
        assert again.title == "Publish 1.1?"
        answer(db, again, value=True)
        assert until_over(db, run.id).result == ["1.1", False, True]
    ended = prompts.get(db, first.id)
    assert (ended.outcome, ended.reason) == (Outcome.CANCELLED, "It is asked again, in other words.")
    assert [line.event for line in ledger.lines(db, first.id)][-3:] == ["asked_again", "cancelled", "superseded"]
    assert (again.key, again.earlier is not None) == ("3", True)


def test_the_card_shows_what_was_asked_and_answered_before(db: Database, versions: Iterator[str]) -> None:
    """People who are asked again see why, and what exactly was answered before."""

    class Release(RunInput):
        publish: bool
        note: str = ""

    @flow
    def release() -> Any:
        version = next(versions)
        return suspend_flow_run(Release.with_initial_data(description=f"Publish *{version}*?"), key="go").publish

    with Worker(db, [release]):
        run = release.create_run(db=db)
        answer(db, until_asked(db, run.id), publish=True, note="at <!channel> night")
        again = until_asked(db, run.id, number=2)
        shown = card(again, {})
        text = str(shown.blocks)
        assert "🔁 *Asked again, in other words.* What was answered before does not count:" in text
        assert "> *Publish 1.0?*" in text
        assert "> Approved by Ana." in text
        assert "&lt;!channel&gt; night" in text
        assert asked_before_in_full(again).splitlines() == [
            "Release",
            "Publish *1.0*?",
            "Approved by Ana.",
            "publish: true",
            "note: at <!channel> night",
        ]
        assert "note: at <!channel> night" in str(full_text_modal(again, {}, OpenPage()))
        answer(db, again, publish=False)
        assert until_over(db, run.id).result is False
    assert again.key == "go"
    assert "Asked again" not in str(card(prompts.get(db, again.id), {}).blocks)


def test_other_people_are_not_shown_what_was_asked_before(db: Database, versions: Iterator[str]) -> None:
    """Invariant 11: an earlier question is for those whom its own policy names."""

    @flow
    def release() -> Any:
        version = next(versions)
        approvers = ["U1", "U2"] if version == "1.0" else ["U1"]
        return suspend_flow_run(bool, description=f"Publish {version}?", policy=Policy(approvers=approvers))

    with Worker(db, [release]):
        run = release.create_run(db=db)
        answer(db, until_asked(db, run.id), value=True)
        again = until_asked(db, run.id, number=2)
    assert "1.0" not in str(card(again, {}).blocks)
    assert "Something else was asked here before" in str(card(again, {}).blocks)


def test_a_retried_task_that_asks_something_else_asks_again(db: Database, versions: Iterator[str]) -> None:
    """A retry within one execution is a replay, too."""

    @task(retries=1)
    def release() -> str:
        version = next(versions)
        if not pause_flow_run(bool, description=f"Publish {version}?") or version == "1.0":
            raise OSError("away")
        return version

    @flow
    def releases() -> str:
        return release()

    with Worker(db, [releases]):
        run = releases.create_run(db=db)
        answer(db, until_asked(db, run.id), value=True)
        again = until_asked(db, run.id, number=2)
        assert again.title == "Publish 1.1?"
        answer(db, again, value=True)
        assert until_over(db, run.id).result == "1.1"


def test_a_loop_in_another_order_repeats_no_effect(db: Database) -> None:
    """A kill in the middle of a loop over a set: what ran for one host neither counts for another nor runs again."""
    hosts, done = ["a", "b"], []
    stop = asyncio.Event()

    @task
    def deploy(host: str) -> str:
        done.append(host)
        return host

    @flow
    async def rollout() -> list[str]:
        found = []
        for host in hosts:
            found.append(deploy(host))
            await stop.wait()
        return found

    worker = Worker(db, [rollout])
    worker.start()
    run = rollout.create_run(db=db)
    until(db, lambda: journal.load(db, run.id))
    worker.stop(grace=0)
    hosts.reverse()
    with Worker(db, [rollout]):
        ended = until_over(db, run.id)
    assert (ended.state, done) == (RunState.NEEDS_ATTENTION, ["a"])


def test_coroutines_that_were_cut_off_continue_with_their_own_results(db: Database) -> None:
    """Each finds what it has recorded itself; a call that had not run runs."""
    done: list[str] = []
    executions = iter([["b", "a"], ["a", "b"]])

    @task
    async def check(host: str) -> str:
        done.append(f"check {host}")
        return f"{host} is up"

    @task
    async def deploy(host: str, state: str) -> str:
        done.append(f"deploy {host}")
        return f"{host} deployed, since {state}"

    @flow
    async def rollout() -> list[str]:
        order = next(executions)

        async def one(host: str) -> str:
            state = await check(host)
            if host == "a" and order[0] == "b":
                await asyncio.Event().wait()
            return await deploy(host, state)

        return list(await asyncio.gather(one("a"), one("b")))

    worker = Worker(db, [rollout])
    worker.start()
    run = rollout.create_run(db=db)
    until(db, lambda: len(journal.load(db, run.id)) == 3)
    worker.stop(grace=0)
    with Worker(db, [rollout]):
        ended = until_over(db, run.id)
    assert ended.result == ["a deployed, since a is up", "b deployed, since b is up"]
    assert done == ["check a", "check b", "deploy b", "deploy a"]


class Host:
    """Something that has no JSON form, so that its type is all that a hash of it tells."""

    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize("of", [Host, SecretStr], ids=["object", "secret"])
def test_arguments_that_look_alike_are_told_apart_by_their_order(db: Database, of: Any) -> None:
    """A step that was cut off is not given the result of the one beside it, whose argument is of the same type."""
    done: list[str] = []
    is_cut_off = True

    def name_of(host: Any) -> str:
        return str(host.get_secret_value() if isinstance(host, SecretStr) else host.name)

    @task
    async def deploy(host: Any) -> str:
        name = name_of(host)
        if name == "a" and is_cut_off:
            await asyncio.Event().wait()
        done.append(name)
        return name

    @flow
    async def rollout() -> list[str]:
        return list(await asyncio.gather(*(deploy(of(name)) for name in ["a", "b"])))

    worker = Worker(db, [rollout])
    worker.start()
    run = rollout.create_run(db=db)
    until(db, lambda: set(journal.load(db, run.id)) == {"deploy-2"})
    worker.stop(grace=0)
    is_cut_off = False
    with Worker(db, [rollout]):
        ended = until_over(db, run.id)
    assert (ended.state, ended.result, done) == (RunState.COMPLETED, ["a", "b"], ["b", "a"])


def test_coroutines_side_by_side_with_other_arguments_need_attention(db: Database, versions: Iterator[str]) -> None:
    """Whether such a call has run, nobody can tell, so it does not run again."""
    done: list[str] = []

    @task
    async def upload(name: str) -> str:
        done.append(name)
        return name

    @flow
    async def uploads() -> list[str]:
        async def one() -> str:
            return await upload(next(versions))

        found = await asyncio.gather(one(), one())
        await asuspend_flow_run(bool)
        return list(found)

    with Worker(db, [uploads]):
        run = uploads.create_run(db=db)
        answer(db, until_asked(db, run.id), value=True)
        ended = until_over(db, run.id)
    assert (ended.state, done) == (RunState.NEEDS_ATTENTION, ["1.0", "1.1"])
    assert "those of coroutine:one/upload differ from those that are recorded" in str(ended.error)
    assert '(name was "1.0", and is "1.2" now)' in str(ended.error)


def test_a_retried_task_gets_the_answers_that_it_had(db: Database) -> None:
    """In a replay, too: nobody is asked twice, and no answer to equal words elsewhere is used up."""
    tries = []

    @task(retries=2)
    def count() -> int:
        tries.append(pause_flow_run(int, description="How many?"))
        suspend_flow_run(int, description="And then?")
        if len(tries) < 4:
            raise OSError("away")
        return sum(tries)

    @flow
    def counts() -> list[int]:
        first = pause_flow_run(int, description="How many?")
        return [first, count(), pause_flow_run(int, description="How many?")]

    with Worker(db, [counts]):
        run = counts.create_run(db=db)
        for number, value in enumerate([1, 10, 100, 1000], 1):
            answer(db, until_asked(db, run.id, number=number), value=value)
        ended = until_over(db, run.id)
    assert ended.result == [1, 40, 1000]
    assert len(prompts.of_run(db, run.id)) == 4


@pytest.mark.parametrize("mapped", [False, True], ids=["submitted", "mapped"])
def test_a_submitted_task_with_other_arguments(
    db: Database, start_worker: StartWorker, versions: Iterator[str], mapped: bool
) -> None:
    """Of one call the recorded result counts, as of one that is called; of several, nobody can tell."""
    done: list[str] = []

    @task
    def upload(name: str) -> str:
        done.append(name)
        return name

    @flow
    def uploads() -> list[str]:
        name = f"/tmp/{next(versions)}"
        found = upload.map([name]).result() if mapped else [upload.submit(name).result()]
        suspend_flow_run(bool, description="Done?")
        return found

    start_worker(uploads)
    run = uploads.create_run(db=db)
    answer(db, until_asked(db, run.id), value=True)
    ended = until_over(db, run.id)
    assert done == ["/tmp/1.0"]
    assert ended.state is (RunState.NEEDS_ATTENTION if mapped else RunState.COMPLETED)
    assert ended.result == (None if mapped else done)


def test_inputs_that_a_loop_sends_in_another_order_need_attention(db: Database) -> None:
    """None of them is lost for another, and none is sent twice."""
    hosts = ["a", "b"]

    class Host(RunInput):
        name: str

    @flow
    def receiver() -> None:
        suspend_flow_run(bool)

    @flow
    async def sender(to: str) -> None:
        for host in hosts:
            await asend_input(Host(name=host), to)
            await asyncio.Event().wait()

    to = receiver.create_run(db=db).id

    def sent() -> list[Any]:
        with db.read() as reading:
            return [row.value for row in reading.execute(select(inputs))]

    worker = Worker(db, [sender])
    worker.start()
    run = sender.create_run({"to": to}, db=db)
    until(db, sent)
    worker.stop(grace=0)
    hosts.reverse()
    with Worker(db, [sender]):
        ended = until_over(db, run.id)
    assert ended.state is RunState.NEEDS_ATTENTION
    assert "The inputs that a loop sends come in another order" in str(ended.error)
    assert [each["name"] for each in sent()] == ["a"]
