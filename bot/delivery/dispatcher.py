"""Keeps Slack equal to the database: posts missing cards, updates stale ones, and posts notices.

The database is the source of truth and a card is only a view of it. When Slack is down, slow or wrong, cards are
late. Nothing else changes.

How a lost post is found again: before it calls Slack, the dispatcher claims the card's row with its own worker id. It
releases the row once it has recorded the outcome. If it dies in between, or if Slack's response never arrives, the
row still carries the claim. The next dispatcher to take that row learns from it that the message may already be in
Slack (`in_doubt`), and the messenger searches the channel for it before it posts.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from signoff.bot.delivery.messenger import Messenger
from signoff.bot.delivery.slack_calls import MessageDeleted, SlackRejected, SlackUnavailable
from signoff.bot.forms import FormError
from signoff.flows.liveness.heartbeat import Heartbeat
from signoff.flows.services.background import BackgroundService
from signoff.flows.services.foreground import foreground
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable, StoreError, UnreadablePolicy
from signoff.store.outage_log import OutageLog
from signoff.store.outbox import cards, notices
from signoff.store.records.outbox import Card, Notice
from signoff.store.records.prompts import Prompt
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

FIRST_BACKOFF = timedelta(seconds=0.5)
"""The delay before the first retry. It doubles with every further one."""

MAX_BACKOFF_REJECTED = timedelta(minutes=5)
"""The longest delay after Slack has rejected a call. Usually a person has to fix something first."""

MAX_BACKOFF_UNAVAILABLE = timedelta(seconds=30)
"""The longest delay while Slack is unavailable. It recovers by itself, and cards should follow soon."""

POLL_INTERVAL = 30.0
"""Seconds after which the database is polled even if no change was announced."""

RETRY_INTERVAL = 1.0
"""Seconds until a database that is unavailable is tried again."""

MAX_HELD_UP = 0.25
"""Seconds that a card waits for people's presses at most, so that cards are posted however many presses there are."""

BUSY_INTERVAL = 0.5
"""Seconds until the next look when due work is held by another process."""

_EXPECTED = (SlackRejected, SlackUnavailable, MessageDeleted, FormError, UnreadablePolicy)
"""Errors that explain themselves."""


class Dispatcher(BackgroundService):
    """One thread that draws cards and posts notices. Usable as a context manager.

    Args:
        on_settled: Called with a settled prompt whenever its card is drawn. Must not raise.
    """

    def __init__(
        self,
        db: Database,
        messenger: Messenger,
        *,
        on_settled: Callable[[Prompt], None] = lambda _: None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._db = db
        self._messenger = messenger
        self._on_settled = on_settled
        self._now = clock or db.now
        self._heartbeat = Heartbeat(db, expired=lambda: None)
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = SupervisedThread(self._loop, name="signoff-dispatcher")

    def start(self) -> None:
        """Start the thread. It begins with everything that is missing or stale now."""
        self._heartbeat.start()
        self._changes = self._db.changes.subscribe(Topic.CARDS)
        self._thread.start()

    def stop(self) -> None:
        """Finish the card in progress, then stop."""
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.stop()
            self._changes.close()
            self._heartbeat.stop()

    def deliver_next(self) -> bool:
        """Draw one due card or post one due notice. Returns whether there was one.

        Cards come first: a notice goes into its card's thread, and people act on cards.
        """
        for card in cards.claim_due(self._db, self._heartbeat.worker, now=self._now(), limit=1):
            self._draw(card)
            return True
        for notice in notices.claim_due(self._db, self._heartbeat.worker, now=self._now(), limit=1):
            self._post(notice)
            return True
        return False

    def _loop(self) -> None:
        changes = self._changes
        outage = OutageLog(logger, "Cards are on hold because the database is unavailable")
        while changes is not None and not self._stopping.is_set():
            try:
                foreground.let_pass(MAX_HELD_UP)
                wait = 0.0 if self.deliver_next() else self._seconds_to_next()
                outage.worked()
            except StoreError as error:
                outage.failed(error)
                wait = RETRY_INTERVAL
            if wait:
                changes.wait(wait)

    def _seconds_to_next(self) -> float:
        soonest = cards.next_due_at(self._db)
        if soonest is None:
            return POLL_INTERVAL
        # Due work that this dispatcher could not take is held by another process, so there is no hurry.
        wait = (soonest - self._now()).total_seconds()
        return min(wait if wait > 0 else BUSY_INTERVAL, POLL_INTERVAL)

    def _draw(self, card: Card) -> None:
        prompt = card.prompt
        if not prompt.is_open:
            self._on_settled(prompt)
        try:
            channel, ts = self._messenger.draw(card)
        except DatabaseUnavailable:
            raise  # the loop reports a database outage once, not once for each card
        except MessageDeleted as error:
            if card.ts is None:
                # Not the card itself is gone but the message in whose thread it should go.
                self._failed(card, error)
            elif prompt.is_open:
                cards.lost(self._db, channel=card.channel or "", ts=card.ts, now=self._now())
            else:
                # Nobody needs the card of a settled prompt.
                self._drawn(card, card.channel or "", card.ts)
        except Exception as error:  # noqa: BLE001 - one bad card must not hold up the others
            self._failed(card, error)
        else:
            self._drawn(card, channel, ts)

    def _drawn(self, card: Card, channel: str, ts: str) -> None:
        cards.drawn(self._db, card, channel=channel, ts=ts, now=self._now())

    def _failed(self, card: Card, error: Exception) -> None:
        _log(f"Could not draw the card of {card.prompt.label} in {card.place.label}", error)
        cards.failed(
            self._db,
            card,
            error=_message_of(error),
            retry_at=self._retry_at(card.attempts, error),
            in_doubt=card.in_doubt or _leaves_doubt(error),
            now=self._now(),
        )

    def _post(self, notice: Notice) -> None:
        try:
            ts = self._messenger.post_notice(notice)
        except DatabaseUnavailable:
            raise
        except MessageDeleted as error:
            self._repost_card(notice, error)
        except Exception as error:  # noqa: BLE001 - one bad notice must not hold up the others
            _log(f"Could not post a notice about {notice.prompt.label} in {notice.place.label}", error)
            retry_at = self._retry_at(notice.attempts, error)
            in_doubt = notice.in_doubt or _leaves_doubt(error)
            notices.failed(self._db, notice, error=_message_of(error), retry_at=retry_at, in_doubt=in_doubt)
        else:
            notices.posted(self._db, notice, ts=ts)

    def _repost_card(self, notice: Notice, error: MessageDeleted) -> None:
        """Post the card again, then the reply to it, while the prompt is open. Drop every other notice."""
        retry_at = None
        if notice.is_reply and notice.prompt.is_open:
            channel, ts = notice.place.message
            cards.lost(self._db, channel=channel, ts=ts, now=self._now())
            retry_at = self._now()
        notices.failed(self._db, notice, error=_message_of(error), retry_at=retry_at, in_doubt=False)

    def _retry_at(self, attempts: int, error: Exception) -> datetime:
        if isinstance(error, SlackRejected) and error.retry_after is not None:
            return self._now() + timedelta(seconds=error.retry_after)
        longest = MAX_BACKOFF_UNAVAILABLE if isinstance(error, SlackUnavailable) else MAX_BACKOFF_REJECTED
        doublings = min(max(attempts - 1, 0), 10)
        return self._now() + min(FIRST_BACKOFF * (1 << doublings), longest)


def _leaves_doubt(error: Exception) -> bool:
    """Whether Slack may have posted the message in spite of this error."""
    return isinstance(error, SlackUnavailable)


def _message_of(error: Exception) -> str:
    """The error for the ledger. What a bug says may hold anything, so that goes to the log alone."""
    return (str(error) if isinstance(error, _EXPECTED) else "") or type(error).__name__


def _log(what: str, error: Exception) -> None:
    # Expected failures explain themselves. Anything else is a bug, so its traceback is logged.
    expected = isinstance(error, _EXPECTED)
    logger.warning("%s: %s", what, error, exc_info=None if expected else error)
