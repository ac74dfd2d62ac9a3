"""Keeps Slack equal to the record: posts what is missing, updates what is stale, finds what was lost.

Slack being down, slow or wrong delays cards, and changes nothing else.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from bot.forms import FormError
from bot.messenger import Gone, Messenger, Refusal, Unanswered
from flows.names import now
from store import cards, notices
from store.changes import Subscription, Topic
from store.database import Database
from store.errors import StoreError
from store.records import Card, Notice

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
"""How long one card may take. A dispatcher that dies while it posts is followed after that."""

LONGEST_BACKOFF = timedelta(minutes=5)
"""The longest time between two tries."""

LOOK_AT_LEAST_EVERY = 30.0
"""Seconds after which the record is looked at although nothing told to."""


class Dispatcher:
    """One thread that draws cards and posts notices as the record asks. Usable as a context manager."""

    def __init__(self, db: Database, messenger: Messenger, *, clock: Callable[[], datetime] = now) -> None:
        self._db = db
        self._messenger = messenger
        self._now = clock
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = threading.Thread(target=self._loop, name="signoff-dispatcher", daemon=True)

    def start(self) -> None:
        """Begin with what is missing or stale now."""
        self._changes = self._db.changes.subscribe(Topic.CARDS)
        self._thread.start()

    def stop(self) -> None:
        """Finish the card that is being drawn, and draw no more."""
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.join()
            self._changes.close()

    def look(self) -> bool:
        """Draw one card, or post one notice, that is due; whether there was one."""
        for card in cards.take_due(self._db, now=self._now(), lease=LEASE, limit=1):
            self._draw(card)
            return True
        for notice in notices.take_due(self._db, now=self._now(), lease=LEASE, limit=1):
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
        # What is due and was not taken waits for another process, or for its card: no need to hurry.
        return min(max((soonest - self._now()).total_seconds(), 0.5), LOOK_AT_LEAST_EVERY)

    def _draw(self, card: Card) -> None:
        prompt = card.prompt
        try:
            channel, ts = self._messenger.draw(card)
        except Gone:
            if prompt.is_open:
                cards.lost(self._db, prompt.id, now=self._now())
            else:
                self._drawn(card, card.channel or "", card.ts or "")
        except (Refusal, Unanswered, FormError) as error:
            retry_at = self._retry_at(card.attempts, error)
            logger.warning("The card of %r could not be drawn: %s", prompt.title, error)
            cards.failed(self._db, prompt.id, error=_kept(error), retry_at=retry_at, now=self._now())
        else:
            self._drawn(card, channel, ts)

    def _drawn(self, card: Card, channel: str, ts: str) -> None:
        cards.drawn(self._db, card.prompt, channel=channel, ts=ts, now=self._now())

    def _post(self, notice: Notice) -> None:
        try:
            ts = self._messenger.post_notice(notice)
        except Gone as error:
            notices.failed(self._db, notice.id, error=_kept(error), retry_at=None)
        except (Refusal, Unanswered) as error:
            logger.warning("A notice on %r could not be posted: %s", notice.prompt.title, error)
            retry_at = self._retry_at(notice.attempts, error)
            notices.failed(self._db, notice.id, error=_kept(error), retry_at=retry_at)
        else:
            notices.posted(self._db, notice.id, ts=ts)

    def _retry_at(self, attempts: int, error: Exception) -> datetime:
        wanted = error.retry_after if isinstance(error, Refusal) else None
        backoff = min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_BACKOFF)
        return self._now() + (backoff if wanted is None else timedelta(seconds=wanted))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _kept(error: Exception) -> str:
    """What the record keeps of an error; `Messenger` reads it to know whether Slack may have posted after all."""
    return f"{type(error).__name__}: {error}"
