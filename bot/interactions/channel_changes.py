"""Slack's events about channels: cards are tried again where they may be posted now, and asked for where they may not.

Without these events, if the manifest lacks them for instance, the dispatcher finds out with its next attempt.
"""

from collections.abc import Mapping

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.connection.web_client import CONNECTION_ERRORS, name_of
from signoff.bot.interactions.events import Event, Events, NotYet
from signoff.store.database import Database
from signoff.store.outbox import cards

CLOSED = ("channel_archive", "channel_deleted", "group_archive", "group_deleted")
OPENED = ("channel_unarchive", "group_unarchive")
NAMED = ("channel_created", "channel_rename", "group_rename")
"""Events that carry the channel with its new name."""


class ChannelChanges:
    """Hears of channels that were archived, made, or renamed, and of the app's coming and going.

    Args:
        client: A client with a short timeout, because Slack waits for the ack of an event.
        default_channel: Where a card goes if its policy names no channel.
    """

    def __init__(self, db: Database, client: WebClient, default_channel: str | None) -> None:
        self._db = db
        self._client = client
        self._default_channel = default_channel

    def register(self, events: Events) -> None:
        """Have `events` call it."""
        for kind in CLOSED:
            events.on(kind, self.closed)
        for kind in OPENED:
            events.on(kind, self.opened)
        for kind in NAMED:
            events.on(kind, self.named)
        events.on("member_joined_channel", self.joined)
        events.on("member_left_channel", self.left)

    def closed(self, event: Event) -> None:
        """A channel was archived or deleted: nobody can answer there."""
        self._changed(_channel_of(event), (), is_closed=True)

    def opened(self, event: Event) -> None:
        """A channel can be posted in again.

        Raises:
            NotYet: If Slack does not say how it is called.
        """
        channel = _channel_of(event)
        try:
            info = self._client.conversations_info(channel=channel)
        except SlackApiError as error:
            # Of a channel that the app cannot see, nothing but the id counts.
            if name_of(error) != "channel_not_found":
                raise NotYet(f"Slack does not say how the channel is called ({name_of(error)})") from None
            names = []
        except CONNECTION_ERRORS as error:
            raise NotYet(f"Slack does not say how the channel is called ({error})") from None
        else:
            names = [str(info["channel"].get("name") or "")]
        self._changed(channel, names, is_closed=False)

    def named(self, event: Event) -> None:
        """A channel was made or renamed."""
        channel = event.fields.get("channel")
        if isinstance(channel, Mapping):
            self._changed(str(channel.get("id")), [str(channel.get("name") or "")], is_closed=False)

    def joined(self, event: Event) -> None:
        """Somebody joined a channel. If it is the app, it can be posted in."""
        if event.fields.get("user") == event.bot_user_id:
            self.opened(event)

    def left(self, event: Event) -> None:
        """Somebody left a channel. If it is the app, its cards there may be out of its reach."""
        if event.fields.get("user") == event.bot_user_id:
            self.closed(event)

    def _changed(self, channel: str, names: list[str] | tuple[str, ...], *, is_closed: bool) -> None:
        named = {variant for name in names if name for variant in (name, f"#{name}")}
        if self._default_channel in {channel, *named}:
            # As cards without a channel of their own name it.
            named.add("")
        cards.channel_changed(self._db, channel, named, is_closed=is_closed, now=self._db.now())


def _channel_of(event: Event) -> str:
    return str(event.fields.get("channel"))
