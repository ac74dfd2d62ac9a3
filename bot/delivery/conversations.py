"""From the places that the database names to Slack's conversations: channels, threads and direct messages."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from signoff.bot.blockkit.markup import plain
from signoff.bot.delivery.slack_calls import ChannelBlocked, SlackRejected, call
from signoff.flows.approval.approvers import Unknowable, names_person
from signoff.flows.schema.slack_ids import is_conversation_id, is_user_group_id, is_user_id
from signoff.store.places import Place, PlaceKind
from signoff.store.records.approvers import Approver

NO_CHANNEL = "no_channel"
"""The reason why a card is not posted that has no channel at all. It is named as Slack names its own."""

_NOT_FOUND = "channel_not_found"

RETRY_LISTING_AFTER = 2
"""Seconds until it is looked again whether Slack has listed a person or a channel. In the background that goes on."""

_NAME = 80


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a message is posted.

    Attributes:
        channel: A channel id, `#name`, or a user id: `chat.postMessage` takes all of them.
        thread_ts: The timestamp of the message whose thread it is; `None` outside of threads.
    """

    channel: str
    thread_ts: str | None = None

    @property
    def is_direct(self) -> bool:
        """Whether it is the direct messages with a person."""
        return self.channel.startswith("D") or is_user_id(self.channel)


class Conversations:
    """Finds the conversation of a place.

    Each kind of place is one entry of `_by_kind`. A new kind in Slack is one more entry.

    Args:
        default_channel: Where a card goes if its policy names no channel.
        find: Says who has a handle or an e-mail address, which may stand in the place of a channel.
        channel_id: Says which channel has a name.
    """

    def __init__(
        self,
        client: WebClient,
        default_channel: str | None,
        find: Callable[[str], Approver | Unknowable],
        channel_id: Callable[[str], str | Unknowable | None],
    ) -> None:
        self._client = client
        self._default_channel = default_channel
        self._find = find
        self._channel_id = channel_id
        self._direct_messages: dict[str, str] = {}
        self._by_kind: dict[PlaceKind, Callable[[Place], Conversation]] = {
            PlaceKind.CHANNEL: self._channel,
            PlaceKind.THREAD: lambda place: Conversation(*place.message),
            PlaceKind.PERSON: lambda place: self._with(place.target),
        }

    def of(self, place: Place, *, tried: str | None = None) -> Conversation:
        """The conversation of a place.

        Args:
            tried: The id of the channel in which an earlier attempt may have posted. Its name, or the handle of its
                person, may be another one's by now.

        Raises:
            SlackRejected: If there is none, or Slack does not open it.
            SlackUnavailable: If Slack does not answer.
        """
        if tried is not None and place.kind is not PlaceKind.THREAD:
            return Conversation(tried)
        return self._by_kind[place.kind](place)

    def id_of(self, conversation: Conversation) -> str:
        """The id of a conversation's channel, which all methods but `chat.postMessage` need.

        Raises:
            SlackRejected: If there is no channel of that name, or the bot cannot see it.
            SlackUnavailable: If Slack does not answer.
        """
        if is_conversation_id(conversation.channel):
            return conversation.channel
        if is_user_id(conversation.channel):
            return self._open(conversation.channel)
        found = self._channel_id(conversation.channel)
        if isinstance(found, Unknowable):
            raise SlackRejected(
                f"Slack has not listed {conversation.channel} yet, so it is not known whether this was posted.",
                RETRY_LISTING_AFTER,
            )
        if found is not None:
            return found
        raise ChannelBlocked(
            f"{_NOT_FOUND}: there is no channel {conversation.channel}, or the bot cannot see it.", _NOT_FOUND
        )

    def _channel(self, place: Place) -> Conversation:
        channel = place.target or self._default_channel
        if channel is None:
            raise ChannelBlocked("No channel: name one in the policy, or set SIGNOFF_CHANNEL.", NO_CHANNEL)
        return self._with(channel) if names_person(channel) else Conversation(channel)

    def _with(self, person: str) -> Conversation:
        """The direct messages with a person, who is named by a user id, a handle or an e-mail address."""
        user_id = person if is_user_id(person) else self._id_of_person(person)
        if user_id not in self._direct_messages:
            try:
                self._direct_messages[user_id] = self._open(user_id)
            except SlackRejected:
                # Without the scope for this, Slack opens them with the first message.
                return Conversation(user_id)
        return Conversation(self._direct_messages[user_id])

    def _open(self, user_id: str) -> str:
        return str(call(lambda: self._client.conversations_open(users=user_id))["channel"]["id"])

    def _id_of_person(self, name: str) -> str:
        found, shown = self._find(name), plain(name, _NAME)
        if isinstance(found, Unknowable):
            raise SlackRejected(f"Slack has not said yet who {shown} is.", RETRY_LISTING_AFTER)
        if found.id is None:
            raise ChannelBlocked(f"{_NOT_FOUND}: {shown} is nobody. {found.fault}", _NOT_FOUND)
        if is_user_group_id(found.id):
            raise ChannelBlocked(
                f"{_NOT_FOUND}: {shown} is a user group, which has no messages. Name a channel or a person.", _NOT_FOUND
            )
        return found.id
