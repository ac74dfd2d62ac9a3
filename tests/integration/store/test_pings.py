"""Whom a reminder pings now, and whom later, is recorded before it is posted; nobody is pinged twice for one thing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.outbox import notices, pings
from signoff.store.outbox.pings import FOR, PINGED
from signoff.store.prompts import due, prompts
from signoff.store.records.outbox import Notice
from signoff.store.records.prompts import Prompt
from tests.integration.store.samples import NOON, a_worker, an_open_prompt, claim_notices, post_cards

HOUR = timedelta(hours=1)
PEOPLE = ["U1", "U2", "U3"]


def asked(db: Database) -> Prompt:
    """An open prompt with a card."""
    prompt = an_open_prompt(db, due_at=NOON)
    post_cards(db)
    return prompt


def reminded(db: Database, prompt: Prompt, number: int, at: datetime = NOON) -> Notice:
    """A reminder that a dispatcher has claimed."""
    current = prompts.get(db, prompt.id)
    assert due.remind(db, current, sent=number, due_at=None, now=at)
    return claim_notices(db, a_worker(db), now=at)[-1]


def planned(db: Database, notice: Notice, *, late: Sequence[str], until: datetime, now: datetime) -> list[str] | None:
    """Whom the notice pings, if some people may not be pinged before a moment; `None` if it is not posted."""

    def ready(person: str, _recent: Sequence[datetime]) -> datetime:
        return until if person in late else now

    found = pings.plan(db, notice, PEOPLE, ready, now=now)
    return None if found is None else found.detail[PINGED]


def test_whoever_may_not_be_pinged_now_gets_a_reminder_of_their_own(db: Database) -> None:
    """The others are pinged at once. The ledger says for whom it was put off, and until when."""
    prompt, later = asked(db), NOON + 9 * HOUR
    notice = reminded(db, prompt, 1)
    assert planned(db, notice, late=["U2"], until=later, now=NOON) == ["U1", "U3"]
    notices.posted(db, notice, ts="1.1")
    assert claim_notices(db, a_worker(db), now=later - HOUR) == []
    (second,) = claim_notices(db, a_worker(db), now=later)
    assert (second.detail[FOR], second.is_reply, second.created_at) == (["U2"], True, later)
    assert planned(db, second, late=[], until=later, now=later) == ["U2"]
    lines = [line for line in ledger.lines(db, prompt.id) if line.event == "put_off"]
    assert [line.detail for line in lines] == [{"until": {"U2": later.isoformat()}}]


def test_reminders_that_wait_for_the_same_person_are_one(db: Database) -> None:
    """The last one takes the place of those before it."""
    prompt, later = asked(db), NOON + 9 * HOUR
    for number in (1, 2, 3):
        now = NOON + number * HOUR
        assert planned(db, reminded(db, prompt, number, now), late=PEOPLE, until=later, now=now) is None
    (only,) = claim_notices(db, a_worker(db), now=later)
    assert (only.detail[FOR], only.detail["number"]) == (PEOPLE, 3)


def test_a_reminder_that_was_put_off_is_not_posted_for_those_who_were_pinged_since(db: Database) -> None:
    """Somebody was reminded of the same thing in the meantime."""
    prompt, later = asked(db), NOON + HOUR
    assert planned(db, reminded(db, prompt, 1), late=PEOPLE, until=later, now=NOON) is None
    put_off = claim_notices(db, a_worker(db), now=later)
    regular = reminded(db, prompt, 2, later)
    assert planned(db, regular, late=[], until=later, now=later) == PEOPLE
    assert [planned(db, each, late=[], until=later, now=later) for each in put_off] == [None]
    assert claim_notices(db, a_worker(db), now=later + HOUR) == []


def test_what_was_not_posted_is_decided_again(db: Database) -> None:
    """Slack was away, and by the time it is back, other people may be pinged. Nobody counts who was not."""
    prompt, later = asked(db), NOON + 9 * HOUR
    notice = reminded(db, prompt, 1)
    assert planned(db, notice, late=["U2", "U3"], until=later, now=NOON) == ["U1"]
    notices.failed(db, notice, error="503", retry_at=later, in_doubt=False)
    again, *put_off = claim_notices(db, a_worker(db), now=later)
    assert planned(db, again, late=["U1"], until=later + HOUR, now=later) == ["U2", "U3"]
    assert [planned(db, each, late=[], until=later, now=later) for each in put_off] == [None]
