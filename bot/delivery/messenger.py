"""Posts and updates Slack messages on behalf of the dispatcher, each exactly once."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.blockkit.blocks import Message
from signoff.bot.blockkit.without_pings import without_pings
from signoff.bot.connection.people import People
from signoff.bot.connection.web_client import NO_ANSWER
from signoff.bot.surfaces.cards import card as card_message
from signoff.bot.surfaces.notices import notice_message
from signoff.flows.schema.slack_ids import is_conversation_id
from signoff.store.records import Card, Notice

logger = logging.getLogger(__name__)

_ERROR_NAME = re.compile(r"[a-z_]+")
_DELETED = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message"})
_MAYBE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Errors after which, according to Slack's documentation, part of the work may have been done."""
_NO_CHANNEL_RETRY = 60
"""Seconds until a channel that does not exist is looked up again. Somebody may create it."""


class SlackRejected(Exception):
    """Slack rejected the call, so nothing was posted.

    Attributes:
        retry_after: Seconds to wait before the next attempt, as Slack asked; `None` if it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MessageDeleted(Exception):
    """The message was deleted from Slack."""


class SlackUnavailable(Exception):
    """Slack did not answer. The call may or may not have taken effect."""


class Messenger:
    """Posts and updates messages.

    `chat.postMessage` has no idempotency key. A message that may already have been posted, because Slack's response
    was lost or the process died, is therefore searched for by its metadata before it is posted again.

    Args:
        channel: Where to post a card if its policy names no channel.
    """

    def __init__(self, client: WebClient, people: People, *, channel: str | None) -> None:
        self._client = client
        self._people = people
        self._channel = channel

    def draw(self, card: Card) -> tuple[str, str]:
        """Post a card, or update it if it was posted before.

        Returns:
            The id of its channel, and its timestamp.

        Raises:
            SlackRejected: If Slack rejects the call.
            MessageDeleted: If the card was deleted.
            SlackUnavailable: If Slack does not answer.
            bot.forms.FormError: If the prompt's form cannot be shown in Slack.
        """
        mentions = self._people.mentions(card.prompt)
        message = card_message(card.prompt, mentions)
        channel, ts = card.channel, card.ts
        if channel is None or ts is None:
            return self._post_card(card, message, without_pings(message, set(mentions.values()), self._people.name))
        self._update(channel, ts, message)
        return channel, ts

    def post_notice(self, notice: Notice) -> str:
        """Post a notice into its card's thread. Returns its timestamp.

        Raises:
            SlackRejected: If Slack rejects the call.
            MessageDeleted: If the card was deleted.
            SlackUnavailable: If Slack does not answer.
        """
        channel, thread = notice.card_channel or "", notice.card_ts or ""
        message = notice_message(notice, self._people.mentions(notice.prompt))
        if notice.in_doubt:
            found = self._search_thread(channel, thread, notice, message)
            if found is not None:
                return found
        return str(self._post(channel, message, thread_ts=thread)["ts"])

    def _post_card(self, card: Card, message: Message, first: Message) -> tuple[str, str]:
        wanted = card.prompt.policy.channel or self._channel
        if wanted is None:
            raise SlackRejected("No channel: name one in the policy, or set SIGNOFF_CHANNEL.", _NO_CHANNEL_RETRY)
        if card.in_doubt:
            channel = self._channel_id(wanted)
            found = self._search(channel, card, message)
            if found is not None:
                logger.info("Found the card of %r, which an earlier attempt had posted", card.prompt.title)
                # The prompt may have changed since that attempt.
                self._update(channel, found, message)
                return channel, found
        posted = self._post(wanted, first)
        return str(posted["channel"]), str(posted["ts"])

    def _update(self, channel: str, ts: str, message: Message) -> None:
        _call(
            lambda: self._client.chat_update(
                channel=channel, ts=ts, text=message.text, blocks=message.blocks, metadata=_metadata(message)
            )
        )

    def _post(self, channel: str, message: Message, *, thread_ts: str | None = None) -> SlackResponse:
        return _call(
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks,
                metadata=_metadata(message),
                thread_ts=thread_ts,
                unfurl_links=False,
                unfurl_media=False,
            )
        )

    def _search(self, channel: str, card: Card, message: Message) -> str | None:
        """Find the card in the channel's history since the prompt was opened."""
        oldest = _slightly_before(card.prompt.opened_at)
        self._join(channel)
        pages = self._pages(
            lambda cursor: self._client.conversations_history(
                channel=channel, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor
            )
        )
        return next((found for page in pages if (found := _find(page["messages"], message.metadata))), None)

    def _search_thread(self, channel: str, thread: str, notice: Notice, message: Message) -> str | None:
        """Find the notice in its card's thread."""
        oldest = _slightly_before(notice.created_at)
        self._join(channel)
        pages = self._pages(
            lambda cursor: self._client.conversations_replies(
                channel=channel, ts=thread, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor
            )
        )
        return next((found for page in pages if (found := _find(page["messages"], message.metadata))), None)

    def _join(self, channel: str) -> None:
        """Join a channel, because only members may read it. A private channel takes an invitation instead."""
        try:
            _call(lambda: self._client.conversations_join(channel=channel))
        except SlackRejected as error:
            logger.debug("Could not join %s: %s", channel, error)

    def _channel_id(self, channel: str) -> str:
        if is_conversation_id(channel):
            return channel
        name = channel.removeprefix("#")
        pages = self._pages(
            lambda cursor: self._client.conversations_list(
                types="public_channel,private_channel", limit=200, cursor=cursor
            )
        )
        for page in pages:
            for each in page["channels"]:
                if each["name"] == name:
                    return str(each["id"])
        raise SlackRejected(
            f"channel_not_found: there is no channel {channel}, or the bot cannot see it.", _NO_CHANNEL_RETRY
        )

    def _pages(self, ask: Callable[[str], SlackResponse]) -> Iterable[SlackResponse]:
        cursor = ""
        while True:
            page = _call(lambda: ask(cursor))  # noqa: B023 - called before the cursor changes
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _slightly_before(moment: datetime) -> str:
    """A Slack timestamp from shortly before `moment`, to allow for a difference between the two clocks."""
    return f"{moment.timestamp() - 60:.6f}"


def _metadata(message: Message) -> dict[str, Any]:
    return dict(message.metadata or {})


def _find(messages: Iterable[Mapping[str, Any]], metadata: Mapping[str, Any] | None) -> str | None:
    for message in messages:
        if metadata and message.get("metadata") == metadata:
            return str(message["ts"])
    return None


def _call(method: Callable[[], SlackResponse]) -> SlackResponse:
    try:
        return method()
    except SlackApiError as error:
        raise _error_for(error.response) from error
    except NO_ANSWER as error:
        raise SlackUnavailable(f"Slack did not answer ({str(error) or type(error).__name__})") from error


def _error_for(response: SlackResponse | Mapping[str, Any]) -> SlackRejected | MessageDeleted | SlackUnavailable:
    # A proxy may put its own page in the place of Slack's JSON, so a name is only repeated if it looks like one.
    status = getattr(response, "status_code", 200)
    name = str(response.get("error") or f"HTTP {status}")
    if status >= 500 or name in _MAYBE_DONE or not _ERROR_NAME.fullmatch(name):
        return SlackUnavailable(f"Slack answered with {name if _ERROR_NAME.fullmatch(name) else f'HTTP {status}'}")
    if name in _DELETED:
        return MessageDeleted(name)
    details = (response.get("response_metadata") or {}).get("messages") or []
    after = getattr(response, "headers", {}).get("Retry-After")
    said = ": ".join([name, "; ".join(map(str, details))]) if details else name
    needed = response.get("needed")
    said += f" (the app needs the scope {needed})" if needed else ""
    return SlackRejected(said, float(after) if after and after.isdecimal() else None)
