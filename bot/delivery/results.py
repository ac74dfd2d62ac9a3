"""What came of the calls to Slack, recorded in the database."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from signoff.bot.delivery.messenger import Sent
from signoff.bot.delivery.slack_calls import (
    AppBlocked,
    Blocked,
    ChannelBlocked,
    MessageDeleted,
    SlackRejected,
    SlackUnavailable,
)
from signoff.bot.forms import FormError
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.outbox import cards, notices
from signoff.store.places import PlaceKind
from signoff.store.prompts import prompts
from signoff.store.records.outbox import Card, Notice
from signoff.store.records.prompts import Prompt

logger = logging.getLogger(__name__)

FIRST_BACKOFF = timedelta(seconds=0.5)
"""The delay before the first retry. It doubles with every further one."""

FIRST_BACKOFF_BLOCKED = timedelta(minutes=1)
"""The delay before the first retry of what only a person can mend. It doubles with every further one."""

MAX_BACKOFF_BLOCKED = timedelta(hours=1)
"""The longest delay of such a retry. Slack's events, and `signoff doctor`, end it earlier."""

MAX_BACKOFF_REJECTED = timedelta(minutes=5)
"""The longest delay after Slack has rejected a call for any other reason."""

MAX_BACKOFF_UNAVAILABLE = timedelta(seconds=30)
"""The longest delay while Slack is unavailable. It recovers by itself, and cards should follow soon."""

_EXPECTED = (SlackRejected, SlackUnavailable, MessageDeleted, FormError, UnreadablePolicy)
"""Errors that explain themselves."""


class Results:
    """Records what came of a card or a notice that a dispatcher had claimed.

    All of its methods raise `StoreError` if the database cannot be written.
    """

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._now = clock

    def sent(self, message: Card | Notice, sent: Sent) -> None:
        """Record that a message is in Slack, and where."""
        if isinstance(message, Card):
            cards.drawn(self._db, message, **sent._asdict(), now=self._now())
        else:
            notices.posted(self._db, message, ts=sent.ts)

    def dropped(self, notice: Notice) -> None:
        """Record that a notice is not to be posted, because what it says is over."""
        notices.dropped(self._db, notice)

    def released(self, message: Card | Notice) -> None:
        """Record that nothing came of a message because its turn has not come."""
        if isinstance(message, Card):
            cards.released(self._db, message)
        else:
            notices.released(self._db, message)

    def failed(self, message: Card | Notice, error: BaseException) -> None:
        """Record why a message is not in Slack, and when that is tried again."""
        if isinstance(message, Notice):
            self._notice_failed(message, error)
        elif isinstance(error, MessageDeleted) and message.ts is not None:
            self._card_deleted(message, message.ts)
        else:
            # If a message was deleted that is not the card itself, it is the one in whose thread the card should go.
            self._card_failed(message, error)

    def _card_deleted(self, card: Card, ts: str) -> None:
        if card.prompt.is_open:
            cards.lost(self._db, channel=card.channel or "", ts=ts, now=self._now())
        else:
            # Nobody needs the card of a settled prompt.
            self.sent(card, Sent(card.channel or "", ts))

    def _card_failed(self, card: Card, error: BaseException) -> None:
        approvers = error.approvers if isinstance(error, ChannelBlocked) else ()
        told = f"Could not draw the card of {card.prompt.label} in {card.place.label}"
        _log(f"{told}, so its approvers are asked directly" if approvers else told, error)
        cards.failed(
            self._db,
            card,
            error=_message_of(error),
            retry_at=None if _is_over(card.prompt, error) else self._retry_at(card.attempts, error),
            in_doubt=card.in_doubt or _leaves_doubt(error),
            now=self._now(),
            channel=error.channel if isinstance(error, SlackUnavailable) else None,
            refusal=error.reason if isinstance(error, Blocked) else None,
            approvers=approvers,
        )
        if isinstance(error, ChannelBlocked) and _may_have_others(card, approvers):
            self._redirect_again(card)

    def _redirect_again(self, card: Card) -> None:
        """Draw a card again whose approvers have become known since it was claimed.

        Those that become known from now on make it due themselves: `approvers.record` sees that it was refused.
        """
        if prompts.get(self._db, card.prompt.id).found_approvers != card.prompt.found_approvers:
            cards.redraw(self._db, card.prompt.id, now=self._now())

    def _notice_failed(self, notice: Notice, error: BaseException) -> None:
        if isinstance(error, MessageDeleted):
            self._repost_card(notice, error)
            return
        _log(f"Could not post a notice about {notice.prompt.label} in {notice.place.label}", error)
        if isinstance(error, ChannelBlocked) and notice.is_reply and notice.prompt.is_open:
            # Its card is refused too then. Drawing it finds that out, and where the notice goes instead.
            cards.redraw(self._db, notice.prompt.id, now=self._now())
        retry_at = None if _is_over(notice.prompt, error) else self._retry_at(notice.attempts, error)
        in_doubt = notice.in_doubt or _leaves_doubt(error)
        notices.failed(self._db, notice, error=_message_of(error), retry_at=retry_at, in_doubt=in_doubt)

    def _repost_card(self, notice: Notice, error: MessageDeleted) -> None:
        """Post the card again, then the reply to it, while the prompt is open. Drop every other notice."""
        retry_at = None
        if notice.is_reply and notice.prompt.is_open:
            channel, ts = notice.place.message
            cards.lost(self._db, channel=channel, ts=ts, now=self._now())
            retry_at = self._now()
        notices.failed(self._db, notice, error=_message_of(error), retry_at=retry_at, in_doubt=False)

    def _retry_at(self, attempts: int, error: BaseException) -> datetime:
        if isinstance(error, SlackRejected) and error.retry_after is not None:
            return self._now() + timedelta(seconds=error.retry_after)
        first, longest = FIRST_BACKOFF, MAX_BACKOFF_REJECTED
        if isinstance(error, Blocked):
            first, longest = FIRST_BACKOFF_BLOCKED, MAX_BACKOFF_BLOCKED
        elif isinstance(error, SlackUnavailable):
            longest = MAX_BACKOFF_UNAVAILABLE
        doublings = min(max(attempts - 1, 0), 10)
        return self._now() + min(first * (1 << doublings), longest)


def _may_have_others(card: Card, approvers: Collection[str]) -> bool:
    """Whether an open prompt has approvers of whom it was not known who they are, and who were not asked directly."""
    prompt = card.prompt
    is_to_channel = card.place.kind is not PlaceKind.PERSON
    return is_to_channel and prompt.is_open and prompt.policy_fault is None and len(approvers) < len(prompt.approvers)


def _is_over(prompt: Prompt, error: BaseException) -> bool:
    """Whether nothing is lost if this is not tried again: nobody has to answer, and a person would have to act first.

    What holds for the whole app is tried again nevertheless. Once it is mended, every card has to be right.
    """
    return not prompt.is_open and isinstance(error, Blocked) and not isinstance(error, AppBlocked)


def _leaves_doubt(error: BaseException) -> bool:
    """Whether Slack may have posted the message in spite of this error."""
    return isinstance(error, SlackUnavailable)


def _message_of(error: BaseException) -> str:
    """The error for the ledger. What a bug says may hold anything, so that goes to the log alone."""
    return (str(error) if isinstance(error, _EXPECTED) else "") or type(error).__name__


def _log(what: str, error: BaseException) -> None:
    # Expected failures explain themselves. Anything else is a bug, so its traceback is logged.
    expected = isinstance(error, _EXPECTED)
    logger.warning("%s: %s", what, error, exc_info=None if expected else error)
