"""Keeps the App Homes of those who have opened them equal to the database.

Slack says that somebody opens their App Home, and never that they have left it. So the newest of those who opened it
are remembered for a day, by this process alone: after a restart, a Home is brought up to date when it is opened again.

When prompts change, those whom that may concern get their Home drawn again; it is published if it looks different.
Whoever has just opened theirs comes first. One thread does this at the rate that Slack allows, and one person is
served at most every few seconds, so that neither a crowd that opens its Homes nor a flood of prompts hammers Slack or
the database.
"""

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from slack_sdk import WebClient

from signoff.bot.blockkit.blocks import Block
from signoff.bot.delivery.rate_limits import PUBLISH, RateLimits
from signoff.bot.delivery.slack_calls import MessageDeleted, RateLimited, SlackRejected, SlackUnavailable, call
from signoff.flows.services.background import BackgroundService
from signoff.flows.services.foreground import foreground
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outage_log import OutageLog
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

MAX_WATCHED = 5000
"""How many people's Homes are kept up to date."""

WATCHED_FOR = 24 * 3600.0
"""Seconds for which one is, after it was opened."""

MIN_INTERVAL = 2.0
"""Seconds between two updates of one person's Home."""

LOOK_INTERVAL = 1.0
"""Seconds between two looks for what has changed."""

RETRY_INTERVAL = 5.0
"""Seconds until a Home is tried again that could not be published."""

INCOMPLETE_INTERVAL = 30.0
"""Seconds until a Home is drawn again for which Slack did not say everything."""

POLL_INTERVAL = 30.0
"""Seconds after which somebody is looked for even if no change was announced."""

MAX_CHANGED = 200
"""If so many prompts have changed at once, everybody's Home is drawn again."""


@dataclass(frozen=True, slots=True)
class DrawnHome:
    """A person's Home as it is to be.

    Attributes:
        shown: The ids of the prompts that it counts or shows.
        is_complete: Whether everything was known; otherwise it is drawn again after a while.
    """

    view: Block
    shown: frozenset[str]
    is_complete: bool = True


@dataclass(slots=True)
class _Watched:
    """Somebody who has opened their Home.

    Attributes:
        text: What was published last; `None` if nothing was.
        served_at: When that was.
    """

    opened_at: float
    text: str | None = None
    shown: frozenset[str] = frozenset()
    served_at: float = -MIN_INTERVAL


class Homes(BackgroundService):
    """Publishes App Homes. Usable as a context manager.

    Args:
        draw: Draws the Home of the person with this id.
        concerned: The ids of the people whose Homes a prompt may be on; `None` if it may be anybody's.
    """

    def __init__(
        self,
        db: Database,
        client: WebClient,
        limits: RateLimits,
        *,
        draw: Callable[[str], DrawnHome],
        concerned: Callable[[Prompt], Collection[str] | None],
    ) -> None:
        self._db = db
        self._client = client
        self._limits = limits
        self._draw = draw
        self._concerned = concerned
        self._lock = threading.Lock()
        self._watched: OrderedDict[str, _Watched] = OrderedDict()
        # Those who have opened theirs, the last of whom comes first; and when the others may be served.
        self._opened: OrderedDict[str, None] = OrderedDict()
        self._stale: dict[str, float] = {}
        self._known: dict[str, int] | None = None
        self._has_changed = False
        self._next_look = 0.0
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = SupervisedThread(self._loop, name="signoff-homes")

    def start(self) -> None:
        """Start the thread."""
        self._changes = self._db.changes.subscribe(Topic.CARDS)
        self._thread.start()

    def stop(self) -> None:
        """Finish the call under way, then stop."""
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.stop()
            self._changes.close()

    def opened(self, user_id: str) -> None:
        """Note that somebody opens their Home. It is published soon."""
        with self._lock:
            watched = self._watched.pop(user_id, None) or _Watched(0.0)
            watched.opened_at = time.monotonic()
            self._watched[user_id] = watched
            self._opened[user_id] = None
            self._opened.move_to_end(user_id)
            while len(self._watched) > MAX_WATCHED:
                self._forget(next(iter(self._watched)))
        if self._changes is not None:
            self._changes.wake()

    def _loop(self) -> None:
        changes = self._changes
        outage = OutageLog(logger, "App Homes are on hold because the database is unavailable")
        while changes is not None and not self._stopping.is_set():
            try:
                wait = self._step()
                outage.worked()
            except StoreError as error:
                outage.failed(error)
                wait = RETRY_INTERVAL
            if changes.wait(max(wait, 0.0)):
                self._has_changed = True

    def _step(self) -> float:
        """Look for changes, and serve one person. Returns seconds until there may be more to do."""
        foreground.let_pass()
        now = time.monotonic()
        if self._has_changed and now >= self._next_look:
            self._has_changed = False
            self._look()
            self._next_look = time.monotonic() + LOOK_INTERVAL
        until_look = self._next_look - now if self._has_changed else POLL_INTERVAL
        user_id, wait = self._next(now)
        if user_id is None:
            return min(wait, until_look)
        if (blocked := self._limits.seconds_until(PUBLISH, "")) > 0:
            self._again(user_id, after=0.0)
            return min(blocked, until_look) if self._has_changed else blocked
        self._serve(user_id)
        return 0.0

    def _next(self, now: float) -> tuple[str | None, float]:
        """Whose Home is to be drawn now; or nobody's, and the seconds until it may be somebody's."""
        with self._lock:
            while self._watched and next(iter(self._watched.values())).opened_at < now - WATCHED_FOR:
                self._forget(next(iter(self._watched)))
            if self._opened:
                user_id, _ = self._opened.popitem()
                self._stale.pop(user_id, None)
                return user_id, 0.0
            if not self._stale:
                return None, POLL_INTERVAL
            user_id = min(self._stale, key=self._stale.__getitem__)
            if (wait := self._stale[user_id] - now) > 0:
                return None, wait
            del self._stale[user_id]
            return user_id, 0.0

    def _look(self) -> None:
        """Mark the Homes that may look different by now."""
        with self._lock:
            watched = {user_id: each.shown for user_id, each in self._watched.items()}
        if not watched:
            self._known = None
            return
        now_open = prompts.revisions_of_open(self._db)
        known, self._known = self._known, now_open
        changed = None if known is None else {key for key, _ in known.items() ^ now_open.items()}
        if changed is None or len(changed) > MAX_CHANGED:
            concerned = set(watched)
        else:
            concerned = {user_id for user_id, shown in watched.items() if not shown.isdisjoint(changed)}
            still_open = changed & now_open.keys()
            for prompt in prompts.with_ids(self._db, still_open) if still_open else ():
                people = self._concerned(prompt)
                concerned |= watched.keys() if people is None else watched.keys() & set(people)
        for user_id in concerned:
            self._again(user_id, after=0.0)

    def _again(self, user_id: str, *, after: float) -> None:
        """Have somebody's Home drawn after so many seconds, unless it was served just now."""
        with self._lock:
            if (watched := self._watched.get(user_id)) is not None:
                soonest = max(time.monotonic() + after, watched.served_at + MIN_INTERVAL)
                self._stale[user_id] = min(soonest, self._stale.get(user_id, soonest))

    def _serve(self, user_id: str) -> None:
        """Draw somebody's Home, and publish it if it looks different from what Slack has."""
        watched = self._watched.get(user_id)
        if watched is None:
            return
        # Before it is drawn: what changes from now on is seen by the next look.
        if self._known is None:
            self._known = prompts.revisions_of_open(self._db)
        called_at = self._limits.called(PUBLISH, "")
        drawn = self._draw(user_id)
        text = json.dumps(drawn.view, sort_keys=True)
        watched.shown, watched.served_at = drawn.shown, time.monotonic()
        if not drawn.is_complete:
            self._again(user_id, after=INCOMPLETE_INTERVAL)
        if text == watched.text:
            return
        try:
            call(lambda: self._client.views_publish(user_id=user_id, view=drawn.view))
            watched.text = text
        except RateLimited as error:
            self._limits.rate_limited(PUBLISH, "", error.retry_after, called_at=called_at)
            self._again(user_id, after=0.0)
        except SlackUnavailable as error:
            logger.info("The App Home of %s is published later: %s", user_id, error)
            self._again(user_id, after=RETRY_INTERVAL)
        except (SlackRejected, MessageDeleted) as error:
            logger.warning("Slack did not take the App Home of %s: %s", user_id, error)
            with self._lock:
                self._forget(user_id)

    def _forget(self, user_id: str) -> None:
        self._watched.pop(user_id, None)
        self._opened.pop(user_id, None)
        self._stale.pop(user_id, None)
