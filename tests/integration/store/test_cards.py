"""What the dispatcher gets to post and update. No change of a prompt is ever missed."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.places import Place, PlaceKind
from signoff.store.policy import Policy
from signoff.store.prompts import approvers, due, prompts
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import Card, NoticeKind
from signoff.store.runs import recovery
from tests.integration.store.samples import ANA, NOON, a_worker, an_open_prompt, claim_cards, claim_notices, settle
from tests.support.waiting import until

LEASE = timedelta(seconds=30)


def claimed(db: Database, by: str | None = None, *, limit: int = 50, now: datetime = NOON) -> list[Card]:
    """What a dispatcher gets."""
    return claim_cards(db, by or a_worker(db), now=now, limit=limit)


def posted(db: Database) -> None:
    """Post the card that is due."""
    (card,) = claimed(db)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)


def test_the_card_of_a_new_prompt_is_claimed_once(db: Database) -> None:
    """No other dispatcher claims it until the first has expired. The next one knows that it may have been posted."""
    prompt = an_open_prompt(db)
    dead = a_worker(db)
    (card,) = claimed(db, dead)
    assert (card.prompt.id, card.attempts, card.ts, card.in_doubt) == (prompt.id, 1, None, False)
    assert claimed(db) == []
    recovery.expire_worker(db, dead, now=NOON)
    (again,) = claimed(db)
    assert (again.attempts, again.in_doubt) == (2, True)


def test_no_more_cards_are_claimed_than_the_limit(db: Database) -> None:
    """Each card is claimed by one dispatcher, a few at a time."""
    for _ in range(5):
        an_open_prompt(db)
    workers = [a_worker(db) for _ in range(4)]
    portions = [claimed(db, worker, limit=2) for worker in workers]
    assert [len(portion) for portion in portions] == [2, 2, 1, 0]


def test_a_drawn_card_is_due_again_when_its_prompt_is_settled(db: Database) -> None:
    """It is updated with the decision."""
    prompt = an_open_prompt(db)
    (card,) = claimed(db)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    assert cards.next_due_at(db) is None
    settle(db, prompt)
    (card,) = claimed(db)
    assert (card.channel, card.ts, card.prompt.is_open, card.attempts) == ("C1", "1.0", False, 1)


def test_a_card_stays_due_if_its_prompt_is_settled_while_it_is_drawn(db: Database) -> None:
    """The revision that was drawn is compared with the current one."""
    prompt = an_open_prompt(db)
    (card,) = claimed(db)
    settle(db, prompt)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    (again,) = claimed(db)
    assert not again.prompt.is_open


def test_a_settlement_that_is_not_committed_yet_is_not_missed(db: Database) -> None:
    """Recording a card waits for the transaction that is changing its prompt, and then sees the change."""
    if db.is_sqlite:
        return  # It has one writer at a time.
    prompt = an_open_prompt(db)
    (card,) = claimed(db)
    recording = threading.Thread(
        target=lambda: cards.drawn(db, card, channel="C1", ts="1.0", now=NOON), name="dispatcher"
    )

    def is_blocked() -> bool:
        with db.read() as connection:
            return bool(connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first())

    with db.write() as tx:
        cards.touch(tx, prompt.id, NOON)
        tx.execute(text("UPDATE prompts SET revision = revision + 1, outcome = 'submitted'"))
        recording.start()
        with db.changes.subscribe(Topic.CARDS) as changes:
            while not is_blocked():
                changes.wait(0.02)
    recording.join()
    assert [each.prompt.id for each in claimed(db)] == [prompt.id]


ANAS = (Approver("@ana", "U0ANA"),)


def test_a_card_without_a_mention_is_due_when_its_approvers_are_known(db: Database) -> None:
    """It is posted before Slack has said who they are. One that mentions everybody is not updated."""
    prompt, other = an_open_prompt(db), an_open_prompt(db)
    for card in claimed(db):
        cards.drawn(db, card, channel="C1", ts=f"{card.id}.0", now=NOON, is_complete=card.prompt.id == other.id)
    assert cards.next_due_at(db) is None
    for each in (prompt, other):
        approvers.record(db, each, ANAS, due_at=None, now=NOON)
    (card,) = claimed(db)
    assert (card.prompt.id, card.prompt.found_approvers) == (prompt.id, ANAS)
    cards.drawn(db, card, channel="C1", ts=card.ts or "", now=NOON)
    approvers.record(db, prompts.get(db, prompt.id), ANAS, due_at=None, now=NOON)
    assert cards.next_due_at(db) is None


def test_a_card_stays_due_if_its_approvers_become_known_while_it_is_drawn(db: Database) -> None:
    """It was drawn without them."""
    prompt = an_open_prompt(db)
    (card,) = claimed(db)
    approvers.record(db, prompt, ANAS, due_at=None, now=NOON)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON, is_complete=False)
    (again,) = claimed(db)
    assert again.prompt.found_approvers == ANAS


def test_known_approvers_do_not_hurry_a_card_that_could_not_be_posted(db: Database) -> None:
    """It waits until its next attempt."""
    prompt = an_open_prompt(db)
    (card,) = claimed(db)
    cards.failed(db, card, error="is_archived", retry_at=NOON + LEASE, in_doubt=False, now=NOON)
    approvers.record(db, prompt, ANAS, due_at=None, now=NOON)
    assert cards.next_due_at(db) == NOON + LEASE


def test_a_failure_is_in_the_ledger_once_for_each_reason(db: Database) -> None:
    """Repeated attempts do not fill the ledger."""
    prompt, me = an_open_prompt(db), a_worker(db)
    for error in ("no such channel", "no such channel", "archived"):
        (card,) = claimed(db, me)
        cards.failed(db, card, error=error, retry_at=NOON, in_doubt=False, now=NOON)
    events = [line.event for line in ledger.lines(db, prompt.id)]
    assert events == ["opened", "card_failed", "card_failed"]
    assert cards.next_due_at(db) == NOON


def test_a_lost_card_is_posted_again(db: Database) -> None:
    """A message that was deleted in Slack comes back once, however often its deletion is reported."""
    prompt = an_open_prompt(db)
    posted(db)
    assert cards.lost(db, channel="C1", ts="1.0", now=NOON)
    (card,) = claimed(db)
    assert (card.channel, card.ts) == (None, None)
    assert not cards.lost(db, channel="C1", ts="1.0", now=NOON)
    cards.drawn(db, card, channel="C1", ts="2.0", now=NOON)
    assert not cards.lost(db, channel="C1", ts="1.0", now=NOON)
    assert [line.event for line in ledger.lines(db, prompt.id)].count("card_lost") == 1
    assert cards.next_due_at(db) is None


def test_a_card_that_was_lost_while_it_was_updated_stays_lost(db: Database) -> None:
    """The update went to a message that no longer exists, so it does not bring the card up to date."""
    prompt = an_open_prompt(db)
    posted(db)
    cards.redraw(db, prompt.id, now=NOON)
    (card,) = claimed(db)
    cards.lost(db, channel="C1", ts="1.0", now=NOON)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    (again,) = claimed(db)
    assert (again.ts, again.in_doubt) == (None, False)


def test_the_card_of_a_settled_prompt_is_not_posted_again(db: Database) -> None:
    """There is nothing left to answer."""
    prompt = an_open_prompt(db)
    posted(db)
    settle(db, prompt)
    assert not cards.lost(db, channel="C1", ts="1.0", now=NOON)
    (card,) = claimed(db)
    assert card.ts == "1.0"


def test_a_card_is_being_posted_until_its_timestamp_is_known(db: Database) -> None:
    """Until then nobody can tell whether a message in Slack is that card."""
    an_open_prompt(db)
    assert not cards.is_any_being_posted(db)
    (card,) = claimed(db)
    assert cards.is_any_being_posted(db)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    assert not cards.is_any_being_posted(db)


def test_a_reminder_waits_for_its_card_and_is_posted_once(db: Database) -> None:
    """There is no thread to post it in before."""
    prompt = an_open_prompt(db, due_at=NOON)
    due.remind(db, prompt, sent=1, due_at=None, now=NOON)
    mine, other = a_worker(db), a_worker(db)
    assert claim_notices(db, mine, now=NOON) == []
    (card,) = claimed(db)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    (notice,) = claim_notices(db, mine, now=NOON)
    assert (notice.kind, notice.is_reply, notice.place) == ("reminder", True, Place.thread("C1", "1.0"))
    assert claim_notices(db, other, now=NOON) == []
    notices.posted(db, notice, ts="1.1")
    assert claim_notices(db, mine, now=NOON + LEASE) == []


def test_the_ledger_says_who_did_what_in_order(db: Database) -> None:
    """Each line has its time, its person and the details."""
    prompt = an_open_prompt(db)
    settle(db, prompt, answer={"size": "large"}, now=NOON + LEASE)
    opened, submitted = ledger.lines(db, prompt.id)
    assert (opened.event, opened.at, opened.actor) == ("opened", NOON, None)
    assert (submitted.event, submitted.at, submitted.actor) == ("submitted", NOON + LEASE, ANA.id)
    assert submitted.detail == {"via": "slack", "answer": {"size": "large"}, "name": "Ana"}
    assert until(db, lambda: ledger.lines(db, prompt.id))


def test_a_prompt_has_a_card_in_each_place_and_all_of_them_follow_it(db: Database) -> None:
    """Each is drawn and retried by itself, and when the prompt is settled each is due."""
    prompt, me = an_open_prompt(db), a_worker(db)
    elsewhere = [Place(PlaceKind.CHANNEL, "#other"), Place(PlaceKind.PERSON, "U1")]
    with db.write() as tx:
        cards.add(tx, prompt.id, elsewhere, now=NOON)
    first, second, third = claimed(db, me)
    assert [second.place, third.place] == elsewhere
    cards.failed(db, first, error="is_archived", retry_at=NOON + LEASE, in_doubt=False, now=NOON)
    for card, ts in ((second, "1.0"), (third, "2.0")):
        cards.drawn(db, card, channel="C2", ts=ts, now=NOON)
    assert cards.next_due_at(db) == NOON + LEASE
    settle(db, prompt)
    assert [(card.ts, card.prompt.is_open) for card in claimed(db)] == [(None, False), ("1.0", False), ("2.0", False)]


def test_only_the_deleted_card_of_several_is_posted_again(db: Database) -> None:
    """The others stay where they are."""
    prompt, me = an_open_prompt(db), a_worker(db)
    with db.write() as tx:
        cards.add(tx, prompt.id, [Place(PlaceKind.PERSON, "U1")], now=NOON)
    for number, card in enumerate(claimed(db, me)):
        cards.drawn(db, card, channel=f"C{number}", ts="1.0", now=NOON)
    assert cards.lost(db, channel="C1", ts="1.0", now=NOON)
    (again,) = claimed(db)
    assert again.place == Place(PlaceKind.PERSON, "U1")


def refuse(db: Database, card: Card, *approvers: str) -> None:
    """Record that Slack does not take a card."""
    cards.failed(
        db,
        card,
        error="is_archived",
        refusal="is_archived",
        retry_at=NOON + LEASE,
        in_doubt=False,
        now=NOON,
        approvers=approvers,
    )


def test_each_approver_gets_one_card_in_the_place_of_those_that_are_refused(db: Database) -> None:
    """However often, and in however many places, it is found out. Their cards say why they are there."""
    prompt, me = an_open_prompt(db), a_worker(db)
    with db.write() as tx:
        cards.add(tx, prompt.id, [Place(PlaceKind.CHANNEL, "#other")], now=NOON)
    first, second = claimed(db, me)
    refuse(db, first, "U1")
    refuse(db, second, "U1", "U2")
    direct = claimed(db, me)
    assert [card.place for card in direct] == [Place(PlaceKind.PERSON, "U1"), Place(PlaceKind.PERSON, "U2")]
    assert {card.refused_elsewhere for card in direct} == {"is_archived"}
    redirected = [line.detail["to"] for line in ledger.lines(db, prompt.id) if line.event == "card_redirected"]
    assert redirected == [["U1"], ["U2"]]


def test_nobody_gets_a_card_of_a_prompt_that_was_settled_in_the_meantime(db: Database) -> None:
    """Nor does a dispatcher that has lost its claim send one."""
    prompt, me = an_open_prompt(db), a_worker(db)
    (card,) = claimed(db, me)
    settle(db, prompt)
    refuse(db, card, "U1")
    assert [each.place.kind for each in claimed(db, me, now=NOON + LEASE)] == [PlaceKind.CHANNEL]
    refuse(db, replace(card, worker="another"), "U1")
    assert [line.event for line in ledger.lines(db, prompt.id)].count("card_redirected") == 0


def test_notices_go_to_the_first_card_that_slack_takes(db: Database) -> None:
    """And to the first one of all again, once Slack takes that."""
    prompt, me = an_open_prompt(db), a_worker(db)
    (card,) = claimed(db, me)
    refuse(db, card, "U1", "U2")
    for number, direct in enumerate(claimed(db, me), 1):
        cards.drawn(db, direct, channel=f"D{number}", ts=f"{number}.0", now=NOON)
    with db.write() as tx:
        notices.add(tx, prompt.id, kind=NoticeKind.RUN_ENDED, detail={}, now=NOON)
    (notice,) = claim_notices(db, me, now=NOON)
    assert notice.place == Place.thread("D1", "1.0")
    cards.retry_refused(db, given_up=False, now=NOON)
    (card,) = claimed(db, me)
    cards.drawn(db, card, channel="C1", ts="3.0", now=NOON)
    (notice,) = claim_notices(db, me, now=NOON)
    assert notice.place == Place.thread("C1", "3.0")


def test_a_refused_card_is_due_as_soon_as_its_channel_has_changed(db: Database) -> None:
    """By the name that the policy has, or by its id. What was given up is tried again there, too."""
    me = a_worker(db)
    an_open_prompt(db, stored_policy=Policy(channel="#old"))
    (card,) = claimed(db, me)
    cards.failed(db, card, error="x", refusal="is_archived", retry_at=None, in_doubt=False, now=NOON)
    for channel, name in (("C2", "#other"), ("C3", "old")):
        cards.channel_changed(db, channel, [name], is_closed=False, now=NOON)
        assert claimed(db, me) == []
    cards.channel_changed(db, "C1", ["old", "#old"], is_closed=False, now=NOON)
    (card,) = claimed(db, me)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    assert cards.refused(db) == []
    cards.channel_changed(db, "C1", [], is_closed=False, now=NOON)
    assert claimed(db, me) == []
    cards.channel_changed(db, "C1", [], is_closed=True, now=NOON)
    assert len(claimed(db, me)) == 1


def test_a_notice_with_a_place_of_its_own_waits_for_no_card(db: Database) -> None:
    """A person is told in their direct messages, whatever holds up the card."""
    prompt = an_open_prompt(db)
    with db.write() as tx:
        notices.add(tx, prompt.id, kind=NoticeKind.REMINDER, detail={}, now=NOON, place=Place(PlaceKind.PERSON, "U1"))
    assert cards.next_due_at(db) == NOON
    (notice,) = claim_notices(db, a_worker(db), now=NOON)
    assert (notice.is_reply, notice.place) == (False, Place(PlaceKind.PERSON, "U1"))


def test_a_worker_that_has_expired_claims_nothing(db: Database) -> None:
    """Nobody would see that it holds what it claims, so another one would claim it too."""
    prompt, expired = an_open_prompt(db), a_worker(db)
    with db.write() as tx:
        notices.add(tx, prompt.id, kind=NoticeKind.REMINDER, detail={}, now=NOON, place=Place(PlaceKind.PERSON, "U1"))
    recovery.expire_worker(db, expired, now=NOON)
    assert claimed(db, expired) == []
    assert claim_notices(db, expired, now=NOON) == []
    assert [card.in_doubt for card in claimed(db)] == [False]
    assert [notice.in_doubt for notice in claim_notices(db, a_worker(db), now=NOON)] == [False]


def test_a_late_result_changes_nothing_once_another_worker_has_claimed_the_card(db: Database) -> None:
    """The claim of the one that posts it now stays, so the next one would search before it posts."""
    an_open_prompt(db)
    slow, second = a_worker(db), a_worker(db)
    (late,) = claimed(db, slow)
    recovery.deregister(db, slow, now=NOON)
    (current,) = claimed(db, second)
    cards.failed(db, late, error="is_archived", retry_at=NOON, in_doubt=False, now=NOON)
    cards.drawn(db, late, channel="C1", ts="1.0", now=NOON)
    recovery.deregister(db, second, now=NOON)
    (third,) = claimed(db)
    assert (current.in_doubt, third.in_doubt, third.attempts, third.error, third.ts) == (True, True, 3, None, None)


def test_a_late_result_changes_nothing_once_another_worker_has_claimed_the_notice(db: Database) -> None:
    """It is the same for what is posted beside the cards."""
    prompt = an_open_prompt(db)
    with db.write() as tx:
        notices.add(tx, prompt.id, kind=NoticeKind.REMINDER, detail={}, now=NOON, place=Place(PlaceKind.PERSON, "U1"))
    slow, second = a_worker(db), a_worker(db)
    (late,) = claim_notices(db, slow, now=NOON)
    recovery.deregister(db, slow, now=NOON)
    claim_notices(db, second, now=NOON)
    notices.failed(db, late, error="is_archived", retry_at=None, in_doubt=False)
    notices.posted(db, late, ts="1.0")
    recovery.deregister(db, second, now=NOON)
    (third,) = claim_notices(db, a_worker(db), now=NOON)
    assert (third.in_doubt, third.attempts) == (True, 3)
