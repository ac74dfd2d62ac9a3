"""Hands the outcomes of prompts to another engine, until it has taken or refused each of them.

The database is the source of truth: an outcome waits in the outbox, whatever becomes of this process. A claim on its
row says who hands it over, and that it may have got there if that one dies (`in_doubt`).
"""

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from signoff.flows.engine import Acceptance, Accepted, Engine, EngineUnavailable, OutgoingDelivery, Refused
from signoff.flows.liveness.heartbeat import Heartbeat
from signoff.flows.services.background import BackgroundService
from signoff.flows.services.foreground import foreground
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outage_log import OutageLog
from signoff.store.outbox import deliveries
from signoff.store.records.actors import SIGNOFF
from signoff.store.records.outbox import ClaimedDelivery
from signoff.store.records.prompts import Outcome
from signoff.store.redaction import redacted
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

FIRST_BACKOFF = 0.5
"""Seconds before the first retry, at the most. They double with every further one."""

MAX_BACKOFF = 300.0
"""The longest time between two attempts, in seconds."""

POLL_INTERVAL = 30.0
"""Seconds after which the database is polled even if no change was announced."""

BUSY_INTERVAL = 0.5
"""Seconds until the next look when due work is held by another process."""

RETRY_INTERVAL = 1.0
"""Seconds until the next attempt while the database is unavailable."""

STOP_WITHIN = 10.0
"""Seconds that an engine gets to answer when this process stops. What it does not answer stays in doubt."""

_WORDS = 1000


class Deliverer(BackgroundService):
    """One thread that hands outcomes to one engine. Usable as a context manager.

    Args:
        stop_within: Seconds that the engine gets to answer when this stops.
    """

    def __init__(
        self,
        db: Database,
        engine: Engine,
        *,
        clock: Callable[[], datetime] | None = None,
        stop_within: float = STOP_WITHIN,
    ) -> None:
        self._db = db
        self._engine = engine
        self._stop_within = stop_within
        self._now = clock or db.now
        self._heartbeat = Heartbeat(db)
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._failures = 0
        self._fault = OutageLog(logger, f"A delivery to {engine.name} failed unexpectedly", each_reason=True)
        self._engine_outage = OutageLog(
            logger, f"{engine.name} is unavailable", level=logging.WARNING, recovered=f"{engine.name} is back"
        )
        self._thread = SupervisedThread(self._work, name=f"signoff-deliver-{engine.name}")

    def start(self) -> None:
        """Start the thread. It begins with everything that is pending."""
        self._heartbeat.start()
        self._changes = self._db.changes.subscribe(Topic.DELIVERIES)
        self._thread.start()

    def stop(self) -> None:
        """Finish the delivery in progress, then stop. If the engine does not answer in time, stop without its answer.

        The worker stays registered until the engine answers. Otherwise another process would claim the outcome and
        hand it over while this one is still doing so.
        """
        self._stopping.set()
        if self._changes is None:
            return
        self._changes.wake()
        if not self._thread.stop(self._stop_within):
            logger.warning(
                "%s has not answered within %g seconds; another process will hand over the same outcome again if the "
                "answer does not arrive before this one ends",
                self._engine.name,
                self._stop_within,
            )

    def deliver_next(self) -> float | None:
        """Hand over one outcome that is due.

        Returns:
            Seconds until the next attempt makes sense; `None` if nothing was due.
        """
        claimed = deliveries.claim_due(self._db, self._engine.name, self._heartbeat.worker, now=self._now())
        for each in claimed:
            try:
                return self._hand_over(each)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - this outcome waits, so that it does not hold up the others
                self._fault.failed(error)
                self._failed(each, type(error).__name__, _backoff(each.attempts), in_doubt=True)
                return 0.0
        return None

    def _work(self) -> None:
        try:
            if self._changes is not None:
                self._loop(self._changes)
        finally:
            # Otherwise the thread starts this again.
            if self._stopping.is_set():
                if self._changes is not None:
                    self._changes.close()
                self._heartbeat.stop()

    def _loop(self, changes: Subscription) -> None:
        outage = OutageLog(logger, f"Deliveries to {self._engine.name} are on hold because the database is unavailable")
        while not self._stopping.is_set():
            try:
                foreground.let_pass()
                wait = self.deliver_next()
                if wait is None:
                    changes.wait(self._seconds_to_next())
                outage.worked()
            except StoreError as error:
                outage.failed(error)
                wait = RETRY_INTERVAL
            except Exception as error:  # noqa: BLE001 - without this loop nothing reaches the engine any more
                self._fault.failed(error)
                wait = RETRY_INTERVAL
            if wait:
                # New outcomes do not end this wait: an engine that is unavailable is so for them, too.
                self._stopping.wait(wait)

    def _seconds_to_next(self) -> float:
        soonest = deliveries.next_due_at(self._db, self._engine.name)
        if soonest is None:
            return POLL_INTERVAL
        wait = (soonest - self._now()).total_seconds()
        return min(wait if wait > 0 else BUSY_INTERVAL, POLL_INTERVAL)

    def _hand_over(self, claimed: ClaimedDelivery) -> float:
        prompt = claimed.prompt
        delivery = _delivery(claimed)
        hand_over = self._engine.cancel if prompt.outcome is Outcome.CANCELLED else self._engine.deliver
        try:
            answer = _checked(hand_over(delivery))
        except EngineUnavailable as error:
            said = redacted(str(error))
            self._engine_outage.failed(said)
            self._failures += 1
            wait = _backoff(self._failures)
            self._failed(claimed, said, wait, in_doubt=error.may_have_arrived)
            return wait
        except BaseException as error:
            # Whatever one outcome meets, even a SystemExit, the others are handed over. What the error says may hold a
            # secret, so only its type goes into the ledger.
            logger.exception("%s failed to take the outcome of %s; retrying", self._engine.name, prompt.label)
            self._failed(claimed, type(error).__name__, _backoff(claimed.attempts), in_doubt=True)
            return 0.0
        self._record(claimed, answer)
        return 0.0

    def _record(self, claimed: ClaimedDelivery, answer: Acceptance) -> None:
        self._engine_outage.worked()
        self._fault.worked()
        if self._failures:
            self._failures = 0
            deliveries.retry_now(self._db, self._engine.name, now=self._now())
        prompt, words = claimed.prompt, redacted(answer.words)[:_WORDS]
        if isinstance(answer, Accepted):
            deliveries.accepted(self._db, prompt.id, words=words, now=self._now())
        else:
            logger.error("%s refused the outcome of %s: %s", self._engine.name, prompt.label, words)
            deliveries.refused(self._db, prompt.id, words=words, now=self._now())

    def _failed(self, claimed: ClaimedDelivery, error: str, wait: float, *, in_doubt: bool) -> None:
        moment = self._now()
        deliveries.failed(
            self._db,
            claimed,
            error=error[:_WORDS],
            retry_at=moment + timedelta(seconds=wait),
            in_doubt=in_doubt or claimed.in_doubt,
            now=moment,
        )


def _delivery(claimed: ClaimedDelivery) -> OutgoingDelivery:
    prompt = claimed.prompt
    return OutgoingDelivery(
        id=prompt.id,
        external_run_id=prompt.external_run_id or "",
        key=prompt.key,
        outcome=prompt.outcome or Outcome.CANCELLED,
        answer=prompt.answer,
        reason=prompt.reason,
        settled_by=prompt.settled_by or SIGNOFF,
        settled_at=prompt.settled_at or prompt.opened_at,
        attempts=claimed.attempts,
        in_doubt=claimed.in_doubt,
    )


def _checked(answer: object) -> Acceptance:
    if not isinstance(answer, Accepted | Refused):
        raise TypeError(f"an engine answers with Accepted or Refused, not {type(answer).__name__}")
    if not isinstance(answer.words, str):
        raise TypeError(f"the words of an engine are a str, not {type(answer.words).__name__}")
    return answer


def _backoff(failures: int) -> float:
    """Seconds until the next attempt. Spread, so that several processes do not come back all at once."""
    longest = min(FIRST_BACKOFF * 2.0 ** min(failures - 1, 16), MAX_BACKOFF)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - not for secrets
