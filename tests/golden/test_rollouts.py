"""Invariant 5: an answer reaches the words it was given to, and no others. Recorded journals are replayed elsewhere."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from signoff.flows.engines.embedded.worker import Worker
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs
from tests.golden.journals.recording import OF_VERSION_1, ROLLOUT, RUN_ID, load, module_of
from tests.support.answering import answer
from tests.support.waiting import until

BEFORE = ["/tmp/a", "disk is fine", "load is fine"]

EDIT = ("    return done", "    done.append('edited')\n    return done")


class Replay:
    """A journal of `rollout.py` that is replayed where the world around the code is another one."""

    def __init__(self, db: Database, place: Path, journal: str, *, edited: bool = False, **world: Any) -> None:
        self.db = db
        self.module = module_of(ROLLOUT.replace(*EDIT) if edited else ROLLOUT, place)
        self.module.WORLD.update(world)
        original = self.module.rollout.fingerprint
        self.effects: list[str] = self.module.EFFECTS
        load(db, journal, fingerprint=None if edited else original)

    def run(self, *answers: bool) -> FlowRun:
        """Replay until the run is over, or waits for more than these answers."""
        given = list(answers)

        def looked() -> FlowRun | None:
            run = runs.get(self.db, RUN_ID)
            for asked in self.open():
                if run.state.is_waiting and not given:
                    return run
                if run.state.is_waiting:
                    answer(self.db, asked, value=given.pop(0))
            return run if run.state.is_final else None

        with Worker(self.db, [self.module.rollout]):
            return until(self.db, looked, what="the end")

    def open(self) -> list[Prompt]:
        """What the run asks now."""
        return [each for each in prompts.of_run(self.db, RUN_ID) if each.is_open]

    def earlier(self) -> list[tuple[str, str | None]]:
        """What was asked again, and what was asked there before."""
        return [
            (each.title, each.earlier.question["title"] if each.earlier.question else None)
            for each in prompts.of_run(self.db, RUN_ID)
            if each.earlier is not None
        ]


StartReplay = Callable[..., Replay]


@pytest.fixture(params=["", OF_VERSION_1], ids=["today", "version 1"])
def replay(db: Database, tmp_path: Path, request: pytest.FixtureRequest) -> StartReplay:
    """Prepares a replay of what is recorded today, or was by an earlier version."""
    return lambda journal, **world: Replay(db, tmp_path, f"{journal}{request.param}", **world)


def test_the_same_words_get_their_answer(replay: StartReplay) -> None:
    """Word for word the same, so the answer is handed over."""
    again = replay("two_hosts")
    assert again.run().result == [*BEFORE, "deployed alpha", "deployed beta"]
    assert again.effects == ["deploy beta"]


def test_the_approval_of_one_host_is_not_that_of_another(replay: StartReplay) -> None:
    """In a loop whose order differs in the next execution, the other host is asked about, and nothing happens to it."""
    again = replay("one_host", hosts=["beta", "alpha"])
    assert again.run().state is RunState.PAUSED
    assert again.effects == []
    assert again.earlier() == [("Deploy to beta?", "Deploy to alpha?")]
    ended = again.run(False)
    assert ended.result == [*BEFORE, "deployed alpha"]
    assert [each for each in again.effects if each.startswith("deploy")] == ["deploy alpha"]


def test_an_effect_in_another_order_needs_attention(replay: StartReplay) -> None:
    """Each answer finds its own question; whether `deploy` has run for this host, nobody can tell."""
    again = replay("two_hosts", hosts=["beta", "alpha"])
    ended = again.run()
    assert (ended.state, again.effects, again.earlier()) == (RunState.NEEDS_ATTENTION, [], [])
    assert "The calls of deploy come in another order, or with other arguments" in str(ended.error)


def test_a_key_of_its_own_that_another_question_has_needs_attention(replay: StartReplay, db: Database) -> None:
    """The key says one question and the words say another, so nothing is handed over."""
    again = replay("two_hosts", hosts=["beta", "alpha"], keys={0: "1", 1: "2"})
    ended = again.run()
    assert (ended.state, again.effects) == (RunState.NEEDS_ATTENTION, [])
    assert "'Deploy to beta?' was asked with the key '2' before, and has the key '1' now" in str(ended.error)


def test_a_clock_in_the_text_strands_nobody(replay: StartReplay, db: Database) -> None:
    """The same code asks the same with another time in it: the ledger says which text was answered."""
    again = replay("one_host", note=f"Now: {datetime.now(UTC)}")
    assert again.run(True).result == [*BEFORE, "deployed alpha", "deployed beta"]
    assert again.earlier() == []
    first = prompts.of_run(db, RUN_ID)[0]
    (line,) = [line for line in ledger.lines(db, first.id) if line.event == "reworded"]
    assert line.detail["answered"] == "the text on the card"
    assert str(datetime.now(UTC).year) in line.detail["description"]


def test_a_time_that_is_not_that_of_asking_is_a_word_like_others(replay: StartReplay) -> None:
    """Tomorrow's backup is not today's."""
    again = replay("one_host", note="Now: 2026-02-01 00:00:00.250000+00:00")
    assert again.run().state is RunState.PAUSED
    assert again.effects == []


def test_a_clock_in_the_text_of_edited_code_asks_again(replay: StartReplay) -> None:
    """Neither handed over nor stranded."""
    again = replay("one_host", edited=True, note=f"Now: {datetime.now(UTC)}")
    waits = again.run()
    assert (waits.state, again.effects) == (RunState.SUSPENDED, [])
    assert again.earlier() == [("Deploy to alpha?", "Deploy to alpha?")]
    assert again.run(True, True).result == [*BEFORE, "deployed alpha", "deployed beta", "edited"]


class Counting:
    """A text that is another one whenever it is read, as fresh data is."""

    def __init__(self) -> None:
        self._rows = count(10)

    def __str__(self) -> str:
        return f"{next(self._rows)} rows"


def test_fresh_data_in_the_text_asks_again_and_lets_the_run_end(replay: StartReplay) -> None:
    """Whoever approved ten rows has not approved eleven. The run waits in memory, or it would ask for ever."""
    again = replay("one_host", note=Counting())
    ended = again.run(*[True] * 9)
    assert ended.result == [*BEFORE, "deployed alpha", "deployed beta"]
    assert [each for each in again.effects if each.startswith("deploy")] == ["deploy alpha", "deploy beta"]
    assert len(again.earlier()) == 3


@pytest.mark.parametrize("edited", [False, True], ids=["the same code", "edited code"])
def test_an_argument_that_differs_in_each_execution(replay: StartReplay, edited: bool) -> None:
    """Of the same code the recorded result counts; of edited code nobody can tell."""
    again = replay("two_hosts", edited=edited, folder="/tmp/b")
    ended = again.run()
    if edited:
        assert (ended.state, again.effects) == (RunState.NEEDS_ATTENTION, [])
        assert "fetch is now called with different arguments" in str(ended.error)
    else:
        assert ended.result == [*BEFORE, "deployed alpha", "deployed beta"]
        assert again.effects == ["deploy beta"]


def test_the_result_of_a_call_in_a_loop_reaches_no_other_call(replay: StartReplay) -> None:
    """In a loop the place tells nothing: calls in another order get their own results, another call needs attention."""
    again = replay("two_hosts", checks=["load", "disk"])
    assert again.run().result == ["/tmp/a", "load is fine", "disk is fine", "deployed alpha", "deployed beta"]
    assert again.effects == ["deploy beta"]


def test_another_call_in_a_loop_needs_attention(replay: StartReplay) -> None:
    """Whether it is the recorded one with a clock in its arguments, or a new one, nobody can tell."""
    again = replay("two_hosts", checks=["memory", "disk"])
    ended = again.run()
    assert (ended.state, again.effects) == (RunState.NEEDS_ATTENTION, [])
    assert "The calls of check come in another order, or with other arguments" in str(ended.error)
