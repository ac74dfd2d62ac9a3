"""Deadlines are enforced and reminders sent, also those that came while everything was down."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from signoff import FlowPauseTimeout, Policy, RunInput, flow, pause_flow_run, suspend_flow_run
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.policy import deadline_of, next_due_at
from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.prompts import due, prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses
from signoff.store.tables import notices
from tests.integration.store.samples import a_claimed_run, asking
from tests.support.fixtures import StartWorker
from tests.support.sql_capture import captured_sql
from tests.support.waiting import until, until_over

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def opened(db: Database, policy: Policy, *, at: datetime = NOON) -> Prompt:
    """A prompt that was opened at this moment."""
    deadline = deadline_of(policy, at, None)
    run = a_claimed_run(db)
    asked = asking(
        run,
        stored_policy=policy,
        opened_at=at,
        deadline=deadline,
        due_at=next_due_at(policy, at, reminders_sent=0, deadline=deadline),
    )
    return pauses.open_prompt(db, asked, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)


def look(db: Database, at: datetime) -> int:
    """Let the clock look at this moment."""
    return DeadlineEnforcer(db, clock=lambda: at).do_due()


def events(db: Database, prompt: Prompt) -> list[str]:
    return [line.event for line in ledger.lines(db, prompt.id)]


def test_a_deadline_is_enforced_at_its_moment_and_not_before(db: Database) -> None:
    """Invariant 6: a look a microsecond early does nothing; one at the moment ends the prompt, once."""
    prompt = opened(db, Policy(deadline=HOUR))
    assert look(db, NOON + HOUR - timedelta(microseconds=1)) == 0
    assert look(db, NOON + HOUR) == 1
    assert look(db, NOON + HOUR) == 0
    settled = prompts.get(db, prompt.id)
    assert (settled.outcome, settled.settled_at) == (Outcome.TIMED_OUT, NOON + HOUR)
    assert settled.settled_by is not None
    assert settled.settled_by.name == "Signoff (deadline)"
    assert events(db, prompt) == ["opened", "timed_out"]


def test_a_deadline_passes_before_a_reminder_that_came_due_with_it(db: Database) -> None:
    """No reminder is sent for a settled prompt."""
    prompt = opened(db, Policy(deadline=HOUR, reminders=(HOUR / 2, HOUR)))
    assert look(db, NOON + 2 * HOUR) == 1
    assert events(db, prompt) == ["opened", "timed_out"]


def test_reminders_come_one_by_one_in_the_order_of_their_times(db: Database) -> None:
    """Whatever order the policy names them in; then the deadline."""
    prompt = opened(db, Policy(deadline=4 * HOUR, reminders=(2 * HOUR, HOUR)))
    done = [look(db, NOON + hours * HOUR) for hours in (0.5, 1, 1.5, 2, 3, 4, 5)]
    assert done == [0, 1, 0, 1, 0, 1, 0]
    assert events(db, prompt) == ["opened", "reminded", "reminded", "timed_out"]


def test_reminders_that_were_missed_are_one(db: Database) -> None:
    """After a weekend of standing still a person is reminded once."""
    prompt = opened(db, Policy(reminders=(HOUR, 2 * HOUR, 3 * HOUR, 9 * HOUR)))
    assert look(db, NOON + 5 * HOUR) == 1
    assert prompts.get(db, prompt.id).reminders_sent == 3
    assert prompts.get(db, prompt.id).due_at == NOON + 9 * HOUR
    assert look(db, NOON + 9 * HOUR) == 1
    assert prompts.get(db, prompt.id).due_at is None
    assert events(db, prompt) == ["opened", "reminded", "reminded"]


def test_what_is_longest_due_comes_first(db: Database) -> None:
    """Of several the oldest is ended first, and all of them are."""
    asked = [opened(db, Policy(deadline=hours * HOUR)) for hours in (3, 1, 2)]
    assert [prompt.id for prompt in due.due(db, now=NOON + 9 * HOUR, limit=2)] == [asked[1].id, asked[2].id]
    assert look(db, NOON + 9 * HOUR) == 3


def test_more_than_one_page_of_deadlines_is_enforced_in_one_look(db: Database) -> None:
    """However many came due while nothing ran."""
    run = a_claimed_run(db)
    for number in range(105):
        asked = asking(run, key=str(number), opened_at=NOON, deadline=NOON + HOUR, due_at=NOON + HOUR)
        pauses.open_prompt(db, asked, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)
    assert look(db, NOON + HOUR) == 105
    assert prompts.pending(db) == []


def test_a_deadline_that_passed_while_everything_was_down_is_enforced_at_the_start(db: Database) -> None:
    """Invariant 6: deadlines are checked at the start, and the waiting flow continues."""
    prompt = opened(db, Policy(deadline=HOUR), at=datetime.now(UTC) - 2 * HOUR)
    with DeadlineEnforcer(db):
        until(db, lambda: not prompts.get(db, prompt.id).is_open)
    assert prompts.get(db, prompt.id).outcome is Outcome.TIMED_OUT


def test_a_deadline_that_another_process_opens_is_enforced_on_time(db: Database, database_url: str) -> None:
    """The clock has looked already, and would not look again so soon by itself."""
    other = Database(database_url)

    def times_out() -> None:
        prompt = opened(other, Policy(deadline=timedelta(milliseconds=1)), at=datetime.now(UTC))
        until(db, lambda: prompts.get(db, prompt.id).outcome is Outcome.TIMED_OUT)

    with DeadlineEnforcer(db):
        times_out()
        times_out()
    other.close()


def test_a_tick_does_not_read_the_database_until_something_is_due(db: Database) -> None:
    """Invariant 4: it remembers when that is."""
    prompt = opened(db, Policy(deadline=2 * HOUR, reminders=(HOUR,)))
    moments = [NOON]
    clock = DeadlineEnforcer(db, clock=lambda: moments[-1])
    asked = captured_sql(db)
    clock.check()
    assert asked
    for moment, expected in [
        (NOON + HOUR / 2, ["opened"]),
        (NOON + HOUR, ["opened", "reminded"]),
        (NOON + 1.5 * HOUR, ["opened", "reminded"]),
        (NOON + 2 * HOUR, ["opened", "reminded", "timed_out"]),
        (NOON + 3 * HOUR, ["opened", "reminded", "timed_out"]),
    ]:
        before = events(db, prompt)
        moments.append(moment)
        asked.clear()
        clock.check()
        assert bool(asked) == (before != expected)
        assert events(db, prompt) == expected


def test_a_system_clock_that_is_set_back_or_forward_only_moves_what_is_due(db: Database) -> None:
    """A deadline is enforced when the clock on the wall says so, whatever it said before."""
    prompt = opened(db, Policy(deadline=HOUR))
    moments = [NOON]
    clock = DeadlineEnforcer(db, clock=lambda: moments[-1])
    for moment in (NOON, NOON - 24 * HOUR, NOON + HOUR / 2):
        moments.append(moment)
        clock.check()
        assert prompts.get(db, prompt.id).is_open
    moments.append(NOON + 24 * HOUR)
    clock.check()
    assert prompts.get(db, prompt.id).outcome is Outcome.TIMED_OUT


def test_a_tick_that_failed_is_made_up_for_by_the_next(db: Database) -> None:
    """Whatever was due at that time is still done."""
    prompt = opened(db, Policy(deadline=HOUR))
    clock = DeadlineEnforcer(db, clock=lambda: NOON + HOUR)
    with db.write() as tx:
        tx.execute(text("ALTER TABLE prompts RENAME TO elsewhere"))
    with pytest.raises(StoreError):
        clock.check()
    with db.write() as tx:
        tx.execute(text("ALTER TABLE elsewhere RENAME TO prompts"))
    clock.check()
    assert prompts.get(db, prompt.id).outcome is Outcome.TIMED_OUT


def test_a_flow_times_out_by_the_clock(db: Database, start_worker: StartWorker) -> None:
    """Nobody answers, and the flow learns of it."""

    @flow
    def ask() -> str:
        try:
            pause_flow_run(timeout=0)
        except FlowPauseTimeout:
            return "nobody answered"
        return "somebody answered"

    start_worker(ask)
    with DeadlineEnforcer(db):
        assert until_over(db, ask.create_run(db=db).id).result == "nobody answered"


class Limit(RunInput):
    """How much may be spent."""

    amount: int


def test_a_policy_may_go_on_with_the_initial_values(db: Database, start_worker: StartWorker) -> None:
    """At the deadline the flow gets them as if a person had sent them."""

    @flow
    def ask() -> int:
        policy = Policy(at_deadline="continue", deadline=timedelta(milliseconds=1))
        return suspend_flow_run(wait_for_input=Limit.with_initial_data(amount=7), policy=policy).amount

    start_worker(ask)
    with DeadlineEnforcer(db):
        ended = until_over(db, ask.create_run(db=db).id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, 7)


def test_initial_values_that_could_not_be_gone_on_with_are_refused_at_once(
    db: Database, start_worker: StartWorker
) -> None:
    """Not at the deadline, when nobody is there to mend it."""

    @flow
    def ask() -> None:
        pause_flow_run(wait_for_input=Limit, policy=Policy(at_deadline="continue"))

    start_worker(ask)
    ended = until_over(db, ask.create_run(db=db).id)
    assert ended.error is not None
    assert "with_initial_data" in ended.error


def test_a_reminder_is_a_message_under_the_card(db: Database) -> None:
    """The dispatcher gets one message for each reminder."""
    prompt = opened(db, Policy(reminders=(HOUR,)))
    look(db, NOON + HOUR)
    with db.read() as connection:
        rows = connection.execute(notices.select()).all()
    assert [(row.prompt_id, row.kind, row.due_at) for row in rows] == [(prompt.id, "reminder", NOON + HOUR)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_clock_stops(db: Database) -> None:
    """It can be started and stopped without leaving a thread."""
    with db.changes.subscribe(Topic.PROMPTS):
        before = threading.enumerate()
        with DeadlineEnforcer(db):
            pass
        assert set(threading.enumerate()) <= {*before}
