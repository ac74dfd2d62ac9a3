"""From the places that the database names to Slack's conversations: channels, threads and direct messages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from signoff.bot.delivery.slack_calls import SlackRejected, call
from signoff.flows.schema.slack_ids import is_conversation_id, is_user_id
from signoff.store.places import Place, PlaceKind

RETRY_CHANNEL_AFTER = 60
"""Seconds until a channel that does not exist is looked up again. Somebody may create it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a message is posted.

    Attributes:
        channel: A channel id, `#name`, or a user id: `chat.postMessage` takes all of them.
        thread_ts: The timestamp of the message whose thread it is; `None` outside of threads.
    """

    channel: str
    thread_ts: str | None = None


class Conversations:
    """Finds the conversation of a place.

    Each kind of place is one entry of `_by_kind`. A new kind in Slack is one more entry.

    Args:
        default_channel: Where a card goes if its policy names no channel.
    """

    def __init__(self, client: WebClient, default_channel: str | None) -> None:
        self._client = client
        self._default_channel = default_channel
        self._by_kind: dict[PlaceKind, Callable[[Place], Conversation]] = {
            PlaceKind.CHANNEL: self._channel,
            PlaceKind.THREAD: lambda place: Conversation(*place.message),
            PlaceKind.PERSON: lambda place: Conversation(place.target),
        }

    def of(self, place: Place) -> Conversation:
        """The conversation of a place.

        Raises:
            SlackRejected: If there is none, or Slack does not open it.
            SlackUnavailable: If Slack does not answer.
        """
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
            opened = call(lambda: self._client.conversations_open(users=conversation.channel))
            return str(opened["channel"]["id"])
        name = conversation.channel.removeprefix("#")
        pages = pages_of(
            lambda cursor: self._client.conversations_list(
                types="public_channel,private_channel", limit=200, cursor=cursor
            )
        )
        for page in pages:
            for each in page["channels"]:
                if each["name"] == name:
                    return str(each["id"])
        raise SlackRejected(
            f"channel_not_found: there is no channel {conversation.channel}, or the bot cannot see it.",
            RETRY_CHANNEL_AFTER,
        )

    def _channel(self, place: Place) -> Conversation:
        channel = place.target or self._default_channel
        if channel is None:
            raise SlackRejected("No channel: name one in the policy, or set SIGNOFF_CHANNEL.", RETRY_CHANNEL_AFTER)
        return Conversation(channel)


def pages_of(ask: Callable[[str], SlackResponse]) -> Iterable[SlackResponse]:
    """Every page of a method that is paginated by a cursor.

    Raises:
        SlackRejected: If Slack rejects the call.
        SlackUnavailable: If Slack does not answer.
    """
    cursor = ""
    while True:
        page = call(lambda: ask(cursor))  # noqa: B023 - called before the cursor changes
        yield page
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
