"""Keeps Slack equal to the database: posts missing cards, updates stale ones, and posts notices.

The database is the source of truth and a card is only a view of it. When Slack is down, slow or wrong, cards are
late. Nothing else changes.

One thread looks for what is due, claims it, and records what came of it. It keeps a little of what is due for each
channel in lanes (`bot.delivery.lanes`), and hands one of each lane, as soon as Slack will take it, to a pool of threads
that do nothing but call Slack, and record whom a reminder pings before they do. It claims no more than there are
threads free, so what is claimed is sent at once.

How a lost post is found again: before it calls Slack, the dispatcher claims the card's row with its own worker id. It
releases the row once it has recorded the outcome. If it dies in between, or if Slack's response never arrives, the
row still carries the claim. The next dispatcher to take that row learns from it that the message may already be in
Slack (`in_doubt`), and the messenger searches the channel for it before it posts.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from signoff.bot.delivery.lanes import SEARCH, Lanes
from signoff.bot.delivery.messenger import Messenger, Sent
from signoff.bot.delivery.rate_limits import POST, RateLimits
from signoff.bot.delivery.results import Results
from signoff.bot.delivery.slack_calls import RateLimited
from signoff.flows.liveness.heartbeat import Heartbeat
from signoff.flows.services.background import BackgroundService
from signoff.flows.services.foreground import foreground
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable, StoreError
from signoff.store.outage_log import OutageLog
from signoff.store.outbox import cards, notices
from signoff.store.outbox.waiting import waiting
from signoff.store.records.outbox import Card, Notice, Waiting
from signoff.store.records.prompts import Prompt
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

CALLS_AT_ONCE = 32
"""How many calls to Slack are under way at the same time, at most."""

IN_MEMORY = 1000
MIN_OF_EACH = 5
"""How many cards and notices that wait are kept in memory, without their prompts, or of each place at least."""

LOOK_SHARE = 0.1
MAX_LOOK_INTERVAL = 1.0
"""The share of its time that the dispatcher spends looking for what is due, or after how many seconds it does so in any
case. A look takes the longer the more is due."""

POLL_INTERVAL = 30.0
"""Seconds after which the database is polled even if no change was announced."""

RETRY_INTERVAL = 1.0
"""Seconds until a database that is unavailable is tried again."""

BUSY_INTERVAL = 0.5
"""Seconds until the next look when due work is held by another process."""


@dataclass(slots=True, eq=False)
class _Call:
    """Something that is being sent, and then what came of it.

    Attributes:
        called_at: When it was handed over, by the clock of the rate limits.
        sent: Where the message is; `None` if it failed, or was not needed any more.
        error: Why it failed; `None` if it did not.
    """

    waiting: Waiting
    message: Card | Notice
    called_at: float
    sent: Sent | None = None
    error: BaseException | None = None


class Dispatcher(BackgroundService):
    """Draws cards and posts notices. Usable as a context manager.

    Args:
        on_settled: Called with a settled prompt whenever its card is drawn. Must not raise.
    """

    def __init__(
        self,
        db: Database,
        messenger: Messenger,
        limits: RateLimits,
        *,
        on_settled: Callable[[Prompt], None] = lambda _: None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._db = db
        self._messenger = messenger
        self._on_settled = on_settled
        self._now = clock or db.now
        self._results = Results(db, self._now)
        self._limits = limits
        self._lanes = Lanes(limits)
        self._under_way = 0
        self._finished: deque[_Call] = deque()
        # When the database is looked at next, by the monotonic clock, and how soon after the last look that may be.
        self._next_look = self._earliest_look = 0.0
        self._heartbeat = Heartbeat(db, expired=lambda: None)
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = SupervisedThread(self._loop, name="signoff-dispatcher")
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="signoff-slack")

    def start(self) -> None:
        """Start the thread. It begins with everything that is missing or stale now."""
        self._heartbeat.start()
        self._changes = self._db.changes.subscribe(Topic.CARDS)
        self._thread.start()

    def stop(self) -> None:
        """Finish the calls under way, then stop."""
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.stop()
            self._pool.shutdown()
            self._record_last()
            self._changes.close()
            self._heartbeat.stop()

    def _loop(self) -> None:
        changes = self._changes
        outage = OutageLog(logger, "Cards are on hold because the database is unavailable")
        while changes is not None and not self._stopping.is_set():
            try:
                wait = self._step()
                outage.worked()
            except StoreError as error:
                outage.failed(error)
                wait = RETRY_INTERVAL
            if changes.wait(max(wait, 0.0)):
                self._next_look = min(self._next_look, self._earliest_look)

    def _step(self) -> float:
        """Record what was sent, and send what may be sent now. Returns seconds until there may be more to do."""
        is_quiet = foreground.let_pass()
        self._record_finished()
        if time.monotonic() >= self._next_look:
            self._look()
        free = CALLS_AT_ONCE - self._under_way
        self._send(self._lanes.take(free if is_quiet else min(free, 1)))
        if self._finished:
            return 0.0
        wait = self._next_look - time.monotonic()
        to_next = self._lanes.seconds_to_next if self._under_way < CALLS_AT_ONCE else None
        return wait if to_next is None else min(wait, to_next)

    def _look(self) -> None:
        """Fill the lanes with what is due."""
        began = time.monotonic()
        of_each = max(IN_MEMORY // max(len(self._lanes), 1), MIN_OF_EACH)
        self._lanes.fill(waiting(self._db, self._heartbeat.worker, now=self._now(), limit=of_each))
        wait = self._seconds_to_next_look()
        ended = time.monotonic()
        self._earliest_look = ended + min((ended - began) / LOOK_SHARE, MAX_LOOK_INTERVAL)
        self._next_look = max(ended + wait, self._earliest_look)

    def _seconds_to_next_look(self) -> float:
        if not self._lanes.is_idle:
            return BUSY_INTERVAL
        soonest = cards.next_due_at(self._db)
        if soonest is None:
            return POLL_INTERVAL
        # Due work that this dispatcher could not take is held by another process, so there is no hurry.
        wait = (soonest - self._now()).total_seconds()
        return min(wait if wait > 0 else BUSY_INTERVAL, POLL_INTERVAL)

    def _send(self, taken: list[Waiting]) -> None:
        """Claim what was taken from the lanes, and hand it to the threads that call Slack."""
        messages: dict[tuple[bool, int], Card | Notice] = {}
        try:
            for is_notice, claim in ((False, cards.claim), (True, notices.claim)):
                ids = [each.id for each in taken if each.is_notice is is_notice]
                for message in claim(self._db, self._heartbeat.worker, ids, now=self._now()) if ids else []:
                    messages[is_notice, message.id] = message
        finally:
            for each in taken:
                if (claimed := messages.get((each.is_notice, each.id))) is None:
                    # Another process has it, it is not due any more, or the database is unavailable.
                    self._lanes.sent(each)
                else:
                    self._hand_over(each, claimed)

    def _hand_over(self, each: Waiting, message: Card | Notice) -> None:
        if isinstance(message, Card) and not message.prompt.is_open:
            self._on_settled(message.prompt)
        key = self._lanes.key_of(each)
        self._under_way += 1
        self._pool.submit(self._call, _Call(each, message, self._limits.called(key.method, key.channel)))

    def _call(self, call: _Call) -> None:
        """Call Slack, in a thread of the pool."""
        try:
            if isinstance(call.message, Card):
                call.sent = self._messenger.draw(call.message)
            else:
                call.sent = self._messenger.post_notice(call.message)
        except BaseException as error:  # noqa: BLE001 - recorded by the thread of the dispatcher
            call.error = error
        finally:
            self._finished.append(call)
            if self._changes is not None:
                self._changes.wake()

    def _record_finished(self) -> None:
        """Record what came of the calls that have ended. What cannot be recorded now is recorded later."""
        while self._finished:
            call = self._finished.popleft()
            try:
                self._record(call)
            except StoreError:
                self._finished.appendleft(call)
                raise
            finally:
                if call not in self._finished:
                    self._under_way -= 1
                    self._lanes.sent(call.waiting)

    def _record(self, call: _Call) -> None:
        if call.sent is not None:
            self._results.sent(call.message, call.sent)
            self._lanes.learn(call.waiting.place, call.sent.channel)
        elif call.error is None and isinstance(call.message, Notice):
            self._results.dropped(call.message)
        elif isinstance(call.error, RateLimited):
            self._record_rate_limit(call, call.error)
        elif call.error is not None and not isinstance(call.error, DatabaseUnavailable):
            # Without the database nothing is known of the call: its claim stays, so that it is looked for in Slack.
            self._results.failed(call.message, call.error)

    def _record_rate_limit(self, call: _Call, error: RateLimited) -> None:
        """Close the lane for as long as Slack says. What was refused waits at the head of it, as if not claimed."""
        key = self._lanes.key_of(call.waiting)
        is_of_lane = error.method == key.method or (key.method == SEARCH and error.method != POST)
        method = key.method if is_of_lane else error.method
        self._limits.rate_limited(method, key.channel, error.retry_after, called_at=call.called_at)
        if is_of_lane:
            self._results.released(call.message)
        else:
            self._results.failed(call.message, error)

    def _record_last(self) -> None:
        try:
            self._record_finished()
        except StoreError as error:
            count = len(self._finished)
            logger.warning(
                "Could not record %d calls; the next dispatcher looks for what they posted: %s", count, error
            )
