"""Finds cards that somebody has deleted without Slack telling.

Slack tells of deleted messages only in channels that the app is a member of, and only while the app can be reached; see
`DeletedCards`. So the cards of open prompts are looked for in Slack, one after the other, at a rate that leaves Slack's
limit to everything else.
"""

import logging
import threading
import time

from slack_sdk import WebClient

from signoff.bot.delivery.slack_calls import MessageDeleted, SlackRejected, SlackUnavailable, call
from signoff.flows.services.background import BackgroundService
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outbox import cards
from signoff.store.records.outbox import PostedCard
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

ROUND_INTERVAL = 300.0
"""Seconds from the start of one round to the next, and to the first one."""

PAUSE = 0.5
"""Seconds between two cards. Slack allows hundreds of these calls a minute (docs of `chat.getPermalink`)."""

RETRY_INTERVAL = 30.0
"""Seconds until a round goes on that Slack or the database has interrupted."""

READ_AT_ONCE = 100


class CardCheck(BackgroundService):
    """Looks for the card of each open prompt every `ROUND_INTERVAL`, or less often if there are many.

    Usable as a context manager.
    """

    def __init__(self, db: Database, client: WebClient) -> None:
        self._db = db
        self._client = client
        self._stopping = threading.Event()
        self._thread = SupervisedThread(self._loop, name="signoff-card-check")

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self._thread.stop()

    def _loop(self) -> None:
        wait = ROUND_INTERVAL
        while not self._stopping.wait(max(wait, 0.0)):
            began = time.monotonic()
            self._round()
            wait = ROUND_INTERVAL - (time.monotonic() - began)

    def _round(self) -> None:
        after: cards.OpenedAt | None = None
        while not self._stopping.is_set():
            try:
                found, end = cards.posted_of_open_prompts(self._db, after=after, limit=READ_AT_ONCE)
                for card in found:
                    self._check(card)
                    if self._stopping.wait(PAUSE):
                        return
            except (SlackUnavailable, StoreError) as error:
                logger.debug("The check of posted cards was interrupted: %s", error)
                self._stopping.wait(RETRY_INTERVAL)
                continue
            if end is None:
                return
            after = end

    def _check(self, card: PostedCard) -> None:
        """Look for one card. One that is missing is posted again, and one that Slack does not show is drawn again.

        Raises:
            SlackUnavailable: If Slack does not answer, or takes no more of these calls for now.
            StoreError: If the database is unavailable.
        """
        try:
            call(lambda: self._client.chat_getPermalink(channel=card.channel, message_ts=card.ts))
        except MessageDeleted:
            if cards.lost(self._db, channel=card.channel, ts=card.ts, now=self._db.now()):
                logger.info("A card of an open prompt was deleted from Slack; it is posted again")
        except SlackRejected as error:
            if error.retry_after is not None:
                raise SlackUnavailable(str(error)) from error
            # Its channel may be gone, for instance. What that means is found out by drawing the card.
            cards.redraw(self._db, card.prompt_id, now=self._db.now())
