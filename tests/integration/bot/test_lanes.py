"""Channels do not delay each other, and a limit that Slack sets is kept for all that it holds for."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.people import People
from signoff.bot.connection.pinged import Pinged
from signoff.bot.connection.web_client import web_client
from signoff.bot.delivery.dispatcher import Dispatcher
from signoff.bot.delivery.messenger import Messenger
from signoff.bot.delivery.pings import Pings
from signoff.bot.delivery.rate_limits import RateLimits
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.policy import Policy
from signoff.store.prompts import due, prompts
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.tables import cards as card_rows
from signoff.testing import Emulator
from tests.chaos.bots import serve_slack
from tests.chaos.processes import Victim
from tests.integration.store.samples import NOON, an_open_prompt, post_cards, settle
from tests.support.limited_slack import POST, POST_BURST, LimitedSlack, Limits, Seen
from tests.support.waiting import PATIENCE, until

UPDATE = "chat.update"
UNLIMITED = Limits(posts=1e6)
NO_MORE = Limits(posts=1e-3)
"""A burst of posts to each channel, and then none for a quarter of an hour."""

LATER = NOON + timedelta(hours=1)


@contextmanager
def limited(limits: Limits = UNLIMITED, *, latency: float = 0.0) -> Iterator[LimitedSlack]:
    """Slack with these limits."""
    with LimitedSlack(limits, latency=latency) as slack:
        try:
            yield slack
        finally:
            slack.release()


def dispatcher(db: Database, slack: LimitedSlack) -> Dispatcher:
    """A dispatcher that gives Slack a minute for each call."""
    client = web_client("xoxb-1", slack.api_url, timeout=int(PATIENCE))
    lookups = Lookups(client, "T1")
    people = People(lookups)
    messenger = Messenger(
        client,
        people,
        Pings(db, Pinged(lookups, people), clock=lambda: LATER),
        channel=None,
        find=SlackDirectory(lookups).find,
        channel_id=lookups.channel_id,
    )
    return Dispatcher(db, messenger, RateLimits(slack.api_url), clock=lambda: LATER)


def asked(db: Database, channel: str, count: int = 1, *, since: datetime = NOON) -> list[Prompt]:
    """So many prompts whose cards are due in a channel, one after the other."""
    policy = Policy(channel=f"#{channel}", approvers=("U1",))
    opened = (since + timedelta(milliseconds=number) for number in range(count))
    return [an_open_prompt(db, stored_policy=policy, opened_at=each) for each in opened]


def posts(calls: list[Seen], channel: str = "") -> list[Seen]:
    """The cards and notices that Slack took, in a channel or in all."""
    return [each for each in calls if each.method == POST and each.is_ok and channel in ("", each.channel)]


def until_nothing_is_due(db: Database) -> None:
    """Wait until Slack equals the database."""
    until(db, lambda: cards.next_due_at(db) is None, what="Slack to match the database")


def claims(db: Database) -> list[str | None]:
    """Who holds each card that is in Slack."""
    with db.read() as reading:
        return [each for (each,) in reading.execute(select(card_rows.c.claimed_by).where(card_rows.c.ts.is_not(None)))]


def test_a_refusal_is_heeded_by_all_that_wait_for_the_channel_and_by_nothing_else(db: Database) -> None:
    """`Retry-After` is about posts to the channel: one call learns it, and none of the cards has failed."""
    waiting = asked(db, "a", 15)
    with limited(NO_MORE) as slack, dispatcher(db, slack):
        slack.wait_until(lambda calls: any(not each.is_ok for each in calls))
        elsewhere = asked(db, "b", 2)
        slack.wait_until(lambda calls: len(posts(calls, "Cb")) == 2)
        answered = posts(slack.calls, "Ca")[0].prompt
        settle(db, prompts.get(db, answered), now=LATER)
        slack.wait_until(lambda calls: any(each.method == UPDATE and each.prompt == answered for each in calls))
        until(db, lambda: all(each is None for each in claims(db)) or None, what="the last record")
    assert [each.prompt for each in posts(slack.calls, "Ca")] == [each.id for each in waiting[:POST_BURST]]
    assert {each.prompt for each in posts(slack.calls, "Cb")} == {each.id for each in elsewhere}
    assert sum(not each.is_ok for each in slack.calls) == 1
    assert [line.event for each in waiting for line in ledger.lines(db, each.id)].count("card_failed") == 0


def test_a_channel_that_does_not_answer_delays_no_other(db: Database) -> None:
    """Neither its cards, nor the updates of others, nor a notice."""
    asked(db, "slow", 3)
    posted, reminded = asked(db, "b")[0], asked(db, "c")[0]
    with limited() as slack, dispatcher(db, slack):
        slack.hold("Cslow")
        slack.wait_until(lambda calls: len(posts(calls, "Cb") + posts(calls, "Cc")) == 2)
        until(db, lambda: len(claims(db)) == 2 or None, what="the record")
        settle(db, posted, now=LATER)
        due.remind(db, reminded, sent=1, due_at=None, now=LATER)
        calls = slack.wait_until(
            lambda calls: any(each.method == UPDATE for each in calls) and any(each.thread for each in calls)
        )
        # One at a time, so that the order in the channel is kept.
        assert len(posts(calls, "Cslow")) == 1
        slack.release()
        until_nothing_is_due(db)
    assert len(posts(slack.calls, "Cslow")) == 3


def test_what_was_answered_and_what_reminds_goes_before_new_cards(db: Database) -> None:
    """However many of them wait, and for longer."""
    answered, reminded = asked(db, "a")[0], asked(db, "b")[0]
    post_cards(db)
    for channel in ("C1", "b", "c"):
        asked(db, channel, 20)
    settle(db, answered, now=LATER)
    due.remind(db, reminded, sent=1, due_at=None, now=LATER)
    with limited() as slack, dispatcher(db, slack):
        until_nothing_is_due(db)
    order = [each for each in slack.calls if each.method in (UPDATE, POST)]
    assert len(order) == 62
    # One of each lane is called at the same time.
    assert any(each.method == UPDATE for each in order[:5])
    assert any(each.thread for each in order[:5])


def test_what_is_said_in_a_thread_follows_what_its_card_shows(db: Database) -> None:
    """Nobody reads that a run has ended under a card that still has buttons, and what is said stays in order."""
    ended = asked(db, "a", 5) + asked(db, "b", 5)
    with limited(latency=0.05) as slack, dispatcher(db, slack):
        until_nothing_is_due(db)
        for each in ended:
            settle(db, each, now=LATER)
            with db.write() as tx:
                for state in (RunState.FAILED, RunState.COMPLETED):
                    notices.add(tx, each.id, kind=NoticeKind.RUN_ENDED, detail=_detail(state), now=LATER)
        until_nothing_is_due(db)
    card_of = {each.ts: each.prompt for each in posts(slack.calls) if not each.thread}
    for prompt in ended:
        (update,) = (each for each in slack.calls if each.method == UPDATE and each.prompt == prompt.id)
        replies = [each for each in posts(slack.calls) if card_of.get(each.thread) == prompt.id]
        assert len(replies) == 2
        assert all(each.at >= update.at + 0.05 for each in replies)
        assert replies[1].at >= replies[0].at + 0.05


def _detail(state: RunState) -> dict[str, str | None]:
    return {"state": state.value, "result": None, "reason": None}


def test_stopping_waits_for_the_calls_under_way_and_records_them(db: Database) -> None:
    """Nothing has to be searched for in Slack at the next start, and nothing more is posted."""
    for channel in ("a", "b", "c"):
        asked(db, channel, 3)
    with limited() as slack:
        slack.hold("Ca", "Cb", "Cc")
        running = dispatcher(db, slack)
        running.start()
        slack.wait_until(lambda calls: len(posts(calls)) == 3)
        stopping = threading.Thread(target=running.stop, name="stopping")
        stopping.start()
        assert running._stopping.wait(PATIENCE)
        slack.release()
        stopping.join()
    assert claims(db) == [None] * 3
    assert len(posts(slack.calls)) == 3


def test_two_dispatchers_post_each_card_once(db: Database) -> None:
    """Both take part, and what one holds the other leaves alone."""
    waiting = [prompt for number in range(6) for prompt in asked(db, f"c{number}", 10)]
    with limited(latency=0.01) as slack, dispatcher(db, slack), dispatcher(db, slack):
        until_nothing_is_due(db)
    assert Counter(each.prompt for each in posts(slack.calls)) == Counter(each.id for each in waiting)
    assert not any(each.method.startswith("conversations.") for each in slack.calls)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_cards_that_were_being_posted_when_the_bot_was_killed_are_posted_once(
    slack: Emulator, db: Database, tmp_path: Path
) -> None:
    """Several calls are under way then: each card is found again, and each channel gets the rest of its own."""
    channels = [f"kill-{number}" for number in range(6)]
    for channel in channels:
        slack.client.add_channel(channel)
    waiting = [prompt for channel in channels for prompt in asked(db, channel, 2, since=db.now())]
    slack.client.inject_fault(POST, hold="after", times=len(channels))
    arguments = (slack.api_url, db.url.render_as_string(hide_password=False), str(tmp_path / "paper.db"))
    first = Victim(serve_slack, *arguments, errors=tmp_path / "errors.txt")
    slack.person("mei").wait_until(
        lambda: len(slack.client.calls(POST)) == len(channels), what="all calls", timeout=PATIENCE
    )
    first.kill()
    slack.client.clear_faults()
    second = Victim(serve_slack, *arguments, errors=tmp_path / "errors.txt")
    try:
        until_nothing_is_due(db)
    finally:
        second.kill()
    shown = Counter(
        str((seen.metadata or {}).get("event_payload", {}).get("prompt_id"))
        for channel in channels
        for seen in slack.person("mei").sees(f"#{channel}")
    )
    assert shown == Counter(each.id for each in waiting)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_waits_is_not_all_in_memory(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few of each channel are, and no prompts but those that are being sent."""
    from signoff.bot.delivery import dispatcher as module

    monkeypatch.setattr(module, "IN_MEMORY", 10)
    asked(db, "a", 60)
    asked(db, "b", 60)
    with limited(NO_MORE) as slack, dispatcher(db, slack) as running:
        slack.wait_until(lambda calls: sum(not each.is_ok for each in calls) == 2)
        until(db, lambda: len(claims(db)) == 2 * POST_BURST or None, what="the records")
        kept = [each for queues in list(running._lanes._waiting.values()) for each in queues.cards]
    assert len(kept) <= 10
