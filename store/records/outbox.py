"""What waits to be sent: messages to Slack, and outcomes to other engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from signoff.store.places import Place
from signoff.store.records.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Card:
    """A message that shows a prompt in one of its places.

    Attributes:
        place: Where it goes.
        channel: The id of the channel that it was posted to, or may have been; `None` before that.
        ts: Slack's timestamp of the message; `None` before it was posted.
        attempts: The number of attempts to post or update it since the last one that succeeded.
        error: Why the last attempt failed.
        worker: Who has claimed it.
        in_doubt: Whether an earlier attempt may have succeeded without having been recorded.
        refused_elsewhere: Why Slack does not take the prompt's card in another place, by Slack's name for the error;
            `None` if it does.
    """

    id: int
    prompt: Prompt
    place: Place
    channel: str | None
    ts: str | None
    attempts: int
    error: str | None
    worker: str
    in_doubt: bool = False
    refused_elsewhere: str | None = None


@dataclass(frozen=True, slots=True)
class CardPlace:
    """Where people can see a card.

    Attributes:
        channel: The id of the channel that it was posted to; `None` before it was posted.
    """

    place: Place
    channel: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A card or a notice that is due, without its prompt.

    Attributes:
        is_notice: Whether `id` is a notice's and not a card's.
        place: Where it goes.
        channel: The id of the channel that its message, or its thread, is in; `None` if that is not known.
        is_update: Whether it is a card that is in Slack already.
        is_settled: Whether it is a card whose prompt is settled.
        in_doubt: Whether an earlier attempt may have posted it without that having been recorded.
    """

    id: int
    is_notice: bool
    place: Place
    channel: str | None
    is_update: bool
    is_settled: bool
    in_doubt: bool
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedCards:
    """Cards that Slack does not take in one place until a person mends something.

    Attributes:
        channel: The id of their channel, if they were posted before.
        refusal: Slack's name for the error.
        open: How many of their prompts are open.
        settled: How many of them are settled.
    """

    place: Place
    channel: str | None
    refusal: str
    open: int
    settled: int


@dataclass(frozen=True, slots=True)
class PostedCard:
    """A card that is in Slack, as far as is known."""

    prompt_id: str
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """An outcome that is to be handed to another engine now, by whoever has claimed it.

    Attributes:
        attempts: How often this was tried, this time included.
        worker: Who has claimed it.
        in_doubt: Whether an earlier attempt may have gone through without having been recorded.
    """

    prompt: Prompt
    attempts: int
    worker: str
    in_doubt: bool


class NoticeKind(StrEnum):
    """What a notice reports."""

    REMINDER = "reminder"
    RUN_ENDED = "run_ended"
    ASKED_AGAIN = "asked_again"
    VOTED = "voted"
    ESCALATED = "escalated"
    EXTENDED = "extended"
    ASSIGNED = "assigned"
    COMMENT = "comment"
    OUTCOME = "outcome"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about a prompt that is posted once.

    Attributes:
        detail: What the message is about, as JSON.
        place: Where it goes.
        is_reply: Whether it goes to the thread of the prompt's first card, and not to a place of its own.
        worker: Who has claimed it.
        in_doubt: Whether an earlier attempt may have succeeded without having been recorded.
    """

    id: int
    prompt: Prompt
    kind: NoticeKind
    detail: Mapping[str, Any]
    created_at: datetime
    attempts: int
    place: Place
    is_reply: bool
    worker: str
    in_doubt: bool = False
