"""Runs and pauses that other engines report."""

import threading
from dataclasses import replace
from datetime import timedelta

from signoff.flows.engine import ReportedPause
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.flows.names import new_id
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.outbox import deliveries
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import reported, runs
from tests.integration.store.samples import (
    ANA,
    NOON,
    a_prompt_elsewhere,
    a_worker,
    claim_cards,
    claim_notices,
    post_cards,
    settle,
)

SOON = NOON + timedelta(seconds=30)
ELSEWHERE = Actor("elsewhere", "elsewhere")


def end(db: Database, state: RunState | None = None) -> bool:
    return reported.end(db, "elsewhere", "7", state=state, reason="It went on there.", actor=ELSEWHERE, now=SOON)


def test_a_reported_pause_is_a_prompt_like_any_other(db: Database) -> None:
    """It is pending, has a card to be posted, and knows its engine and its requester."""
    prompt = a_prompt_elsewhere(db, requester=ANA)
    assert prompts.pending(db) == [prompt]
    assert (prompt.engine, prompt.external_run_id, prompt.requester) == ("elsewhere", "7", ANA)
    assert [card.prompt.id for card in claim_cards(db, a_worker(db), now=NOON)] == [prompt.id]
    run = runs.get(db, prompt.run_id)
    assert (run.engine, run.external_id, run.state, run.runnable_at) == ("elsewhere", "7", RunState.PAUSED, None)
    assert [each.id for each in reported.waiting(db, "elsewhere")] == [run.id]


def test_a_pause_that_is_reported_again_opens_nothing(db: Database) -> None:
    """Also once it was answered: the answer stays."""
    prompt = a_prompt_elsewhere(db)
    assert a_prompt_elsewhere(db).id == prompt.id
    settle(db, prompt)
    assert a_prompt_elsewhere(db).outcome is Outcome.SUBMITTED
    assert len(runs.newest(db)) == 1


def test_several_that_report_the_same_pause_at_once_open_one_prompt(db: Database) -> None:
    """Two bots may poll one engine."""
    first = a_prompt_elsewhere(db, external_run_id="other")
    found, start = [], threading.Barrier(4)

    def report() -> None:
        asked = replace(first, id=new_id(), run_id=new_id(), external_run_id="7")
        start.wait()
        found.append(reported.open_prompt(db, asked).id)

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_run_that_goes_on_by_itself_is_asked_nothing_more(db: Database) -> None:
    """Its engine said so, and is not told."""
    prompt = a_prompt_elsewhere(db)
    assert end(db)
    settled = prompts.get(db, prompt.id)
    assert (settled.outcome, settled.settled_by, settled.reason) == (
        Outcome.CANCELLED,
        ELSEWHERE,
        "It went on there.",
    )
    assert settled.delivery is None
    assert deliveries.next_due_at(db, "elsewhere") is None
    assert runs.get(db, prompt.run_id).state is RunState.RUNNING
    assert reported.waiting(db, "elsewhere") == []


def test_a_run_that_ended_says_so_in_the_thread(db: Database) -> None:
    """Once; and a run that nobody knows ends nothing."""
    assert not end(db)
    prompt = a_prompt_elsewhere(db)
    post_cards(db)
    assert end(db, RunState.FAILED)
    assert not end(db, RunState.FAILED)
    run = runs.get(db, prompt.run_id)
    assert (run.state, run.finished_at) == (RunState.FAILED, SOON)
    post_cards(db, SOON)
    (notice,) = claim_notices(db, a_worker(db), now=SOON)
    assert notice.detail["state"] == "Failed"
    assert "run_ended" in [line.event for line in ledger.lines(db, prompt.id)]


def test_a_run_that_pauses_again_waits_again(db: Database) -> None:
    """Whatever was last heard of it: its engine knows best."""
    prompt = a_prompt_elsewhere(db)
    end(db, RunState.CANCELLED)
    again = a_prompt_elsewhere(db, key="2")
    run = runs.get(db, prompt.run_id)
    assert again.run_id == run.id
    assert (run.state, run.finished_at) == (RunState.PAUSED, None)


def test_a_pause_that_was_withdrawn_by_mistake_is_asked_again(db: Database) -> None:
    """Of two bots that poll one engine, one may report a pause while the other still looks at an older list."""
    slow, quick = (DatabasePauseReports(db, "elsewhere", Policy()) for _ in range(2))
    pause = ReportedPause("7", "quick-heron", "train", "1", "May it go on?")
    polled_before_the_pause: set[str] = set()
    first = quick.paused(pause)
    for run in set(slow.waiting()) - polled_before_the_pause:
        slow.ended(run, "It went on by itself.")
    assert prompts.get(db, first).outcome is Outcome.CANCELLED
    again = slow.paused(pause)
    assert quick.paused(pause) == again != first
    assert [each.id for each in prompts.pending(db)] == [again]
    assert slow.waiting() == {"7"}
    assert "superseded" in [line.event for line in ledger.lines(db, first)]


def test_a_pause_that_people_or_its_end_have_settled_is_not_asked_again(db: Database) -> None:
    """A late report changes neither an answer, nor a cancellation, nor how the run ended."""
    reports = DatabasePauseReports(db, "elsewhere", Policy())
    pauses = {
        run: ReportedPause(run, run, "train", "1", "May it go on?") for run in ("answered", "cancelled", "failed")
    }
    asked = {run: prompts.get(db, reports.paused(pause)) for run, pause in pauses.items()}
    settle(db, asked["answered"])
    runs.cancel(db, asked["cancelled"].run_id, actor=ANA, reason="No more", now=NOON)
    reports.ended("failed", "It failed.", RunState.FAILED)
    assert {run: reports.paused(pause) for run, pause in pauses.items()} == {run: asked[run].id for run in pauses}
    assert prompts.pending(db) == []
