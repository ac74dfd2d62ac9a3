"""Keeps Slack equal to the record: posts what is missing, updates what is stale, finds what was lost.

Slack being down, slow or wrong delays cards, and changes nothing else.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from signoff.bot.delivery.messenger import Gone, Messenger, Refusal, Unanswered
from signoff.bot.forms import FormError
from signoff.flows.engines.embedded.heartbeat import Heartbeat
from signoff.flows.names import now
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outbox import cards, notices
from signoff.store.records import Card, Notice, Prompt

logger = logging.getLogger(__name__)

FIRST_BACKOFF = timedelta(seconds=0.5)
"""The time before the second try; it doubles with each further one."""

LONGEST_BACKOFF = timedelta(minutes=5)
"""The longest time between two tries where Slack refuses: somebody has to mend something first."""

LONGEST_SILENCE = timedelta(seconds=30)
"""The longest time between two tries where Slack does not answer: it comes back by itself."""

LOOK_AT_LEAST_EVERY = 30.0
"""Seconds after which the record is looked at although nothing told to."""


class Dispatcher:
    """One thread that draws cards and posts notices as the record asks. Usable as a context manager.

    What it has begun is left to it as long as its process lives. Who begins after its death knows by that that a
    post may have gone through, and looks for it first.

    Args:
        settled: What else is to be told of a prompt that is settled; must not raise.
    """

    def __init__(
        self,
        db: Database,
        messenger: Messenger,
        *,
        settled: Callable[[Prompt], None] = lambda _: None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._db = db
        self._messenger = messenger
        self._settled = settled
        self._now = clock
        self._heartbeat = Heartbeat(db, expired=lambda: None)
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = threading.Thread(target=self._loop, name="signoff-dispatcher", daemon=True)

    def start(self) -> None:
        """Begin with what is missing or stale now."""
        self._heartbeat.start()
        self._changes = self._db.changes.subscribe(Topic.CARDS)
        self._thread.start()

    def stop(self) -> None:
        """Finish the card that is being drawn, and draw no more."""
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.join()
            self._changes.close()
            self._heartbeat.stop()

    def look(self) -> bool:
        """Draw one card, or post one notice, that is due; whether there was one."""
        for card in cards.take_due(self._db, self._heartbeat.worker, now=self._now(), limit=1):
            self._draw(card)
            return True
        for notice in notices.take_due(self._db, self._heartbeat.worker, now=self._now(), limit=1):
            self._post(notice)
            return True
        return False

    def _loop(self) -> None:
        changes, said = self._changes, False
        while changes is not None and not self._stopping.is_set():
            try:
                wait = 0.0 if self.look() else self._seconds_to_next()
                said = False
            except StoreError as error:
                if not said:
                    logger.error("Cards cannot be drawn, trying again: %s", error)
                said, wait = True, 1.0
            if wait:
                changes.wait(wait)

    def _seconds_to_next(self) -> float:
        soonest = cards.next_due_at(self._db)
        if soonest is None:
            return LOOK_AT_LEAST_EVERY
        # What is due and was not taken is in another process's hands: no need to hurry.
        wait = (soonest - self._now()).total_seconds()
        return min(wait if wait > 0 else 0.5, LOOK_AT_LEAST_EVERY)

    def _draw(self, card: Card) -> None:
        prompt = card.prompt
        if not prompt.is_open:
            self._settled(prompt)
        try:
            channel, ts = self._messenger.draw(card)
        except StoreError:
            raise
        except Gone:
            if prompt.is_open:
                cards.lost(self._db, prompt.id, now=self._now())
            else:
                self._drawn(card, card.channel or "", card.ts or "")
        except Exception as error:  # noqa: BLE001 - whatever one card meets, the others are drawn
            _log(f"The card of {prompt.title!r} could not be drawn", error)
            cards.failed(
                self._db,
                prompt.id,
                error=_told(error),
                retry_at=self._retry_at(card.attempts, error),
                in_doubt=card.in_doubt or _leaves_doubt(error),
                now=self._now(),
            )
        else:
            self._drawn(card, channel, ts)

    def _drawn(self, card: Card, channel: str, ts: str) -> None:
        cards.drawn(self._db, card.prompt, channel=channel, ts=ts, now=self._now())

    def _post(self, notice: Notice) -> None:
        try:
            ts = self._messenger.post_notice(notice)
        except StoreError:
            raise
        except Gone as error:
            self._card_gone(notice, error)
        except Exception as error:  # noqa: BLE001 - whatever one notice meets, the others are posted
            _log(f"A notice on {notice.prompt.title!r} could not be posted", error)
            retry_at = self._retry_at(notice.attempts, error)
            in_doubt = notice.in_doubt or _leaves_doubt(error)
            notices.failed(self._db, notice.id, error=_told(error), retry_at=retry_at, in_doubt=in_doubt)
        else:
            notices.posted(self._db, notice.id, ts=ts)

    def _card_gone(self, notice: Notice, error: Gone) -> None:
        """A card that is still needed is posted again, and the notice after it; otherwise nobody wants either."""
        retry_at = None
        if notice.prompt.is_open:
            cards.lost(self._db, notice.prompt.id, now=self._now())
            retry_at = self._now()
        notices.failed(self._db, notice.id, error=_told(error), retry_at=retry_at, in_doubt=False)

    def _retry_at(self, attempts: int, error: Exception) -> datetime:
        if isinstance(error, Refusal) and error.retry_after is not None:
            return self._now() + timedelta(seconds=error.retry_after)
        longest = LONGEST_SILENCE if isinstance(error, Unanswered) else LONGEST_BACKOFF
        doublings = min(max(attempts - 1, 0), 10)
        return self._now() + min(FIRST_BACKOFF * (1 << doublings), longest)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _leaves_doubt(error: Exception) -> bool:
    """Whether Slack may have posted although this was raised."""
    return isinstance(error, Unanswered)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _log(what: str, error: Exception) -> None:
    known = isinstance(error, (Refusal, Unanswered, FormError))
    logger.warning("%s: %s", what, error, exc_info=None if known else error)
