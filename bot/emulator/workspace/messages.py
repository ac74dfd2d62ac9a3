"""The messages of the workspace."""

import re
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.returned import returned, returned_text
from signoff.bot.emulator.blocks.walk import with_ids
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.changes import (
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Notify,
    ReactionChanged,
    ThreadChanged,
)
from signoff.bot.emulator.workspace.directory import APP_ID, BOT_ID, BOT_PROFILE, BOT_USER_ID, SLACKBOT_ID, TEAM_ID
from signoff.bot.emulator.workspace.persistence import Store
from signoff.bot.emulator.workspace.timestamps import Timestamps

EMOJI_NAME = r"[a-z0-9_'+-]+(::skin-tone-[2-6])?"
MAX_EMOJI = 50
"""Different emoji on one message."""
MAX_EMOJI_OF_ONE_USER = 23


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `ephemeral_to` is the only person who sees it, if it is ephemeral."""

    channel: str
    ts: str
    user: str
    content: Content
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited_ts: str | None = None
    is_tombstone: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Who reacted with each emoji, by its name, in the order in which they did."""

    @property
    def by_app(self) -> bool:
        """Whether the app posted it."""
        return self.user == BOT_USER_ID

    @property
    def is_reply(self) -> bool:
        """Whether it counts as a reply in its thread. An ephemeral message does not."""
        return self.thread_ts is not None and not self.ephemeral_to

    def slack_json(self, *, metadata: bool = True) -> Json:
        """The form in which Slack returns it."""
        message: Json = {"type": "message", "user": self.user, "ts": self.ts, "team": TEAM_ID}
        if self.by_app:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": BOT_PROFILE}
        if self.is_tombstone:
            message |= {"subtype": "tombstone", "hidden": True}
        message["text"] = self.content.text
        if self.content.blocks:
            message["blocks"] = self.content.blocks
        if self.content.attachments:
            message["attachments"] = self.content.attachments
        if self.thread_ts:
            message["thread_ts"] = self.thread_ts
        if self.edited_ts:
            message["edited"] = {"user": self.user, "ts": self.edited_ts}
        if self.reactions:
            message["reactions"] = [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items()
            ]
        if metadata and self.content.metadata:
            message["metadata"] = self.content.metadata
        return message


class Messages:
    """All messages, by channel and `ts`. Ephemeral ones are not persisted; Slack does not keep them either."""

    def __init__(self, store: Store, timestamps: Timestamps, notify: Notify) -> None:
        self._store = store
        self._timestamps = timestamps
        self._notify = notify
        self._by_channel: defaultdict[str, dict[str, Message]] = defaultdict(dict)
        self._replies: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for saved in store.load("message"):
            self._index(Message(**saved | {"content": Content(**saved["content"])}))
            timestamps.advance_past(saved["ts"])

    def post(
        self,
        channel: str,
        user: str,
        content: Content,
        *,
        thread_ts: str | None = None,
        ephemeral_to: str | None = None,
    ) -> Message:
        """Post a message. As in Slack, blocks without a `block_id` get one."""
        message = Message(
            channel=channel,
            ts=self._timestamps.next(),
            user=user,
            content=_stored(content),
            thread_ts=thread_ts,
            ephemeral_to=ephemeral_to,
        )
        self._put(message)
        self._notify(MessagePosted(channel, self.slack_json(message), ephemeral_to))
        self._thread_changed(message)
        return message

    def change(self, message: Message, content: Content) -> Message:
        """Replace the content of a message. If it has blocks, it is not marked as edited (docs of `chat.update`)."""
        edited_ts = message.edited_ts if content.blocks else self._timestamps.next()
        changed = replace(message, content=_stored(content), edited_ts=edited_ts)
        self._replace(message, changed)
        return changed

    def react(self, message: Message, name: str, user: str) -> Message:
        """Add an emoji to a message.

        Raises `already_reacted`, `invalid_name`, `too_many_emoji`, `too_many_reactions`, and `message_not_found` for
        an ephemeral message or a tombstone.
        """
        if message.ephemeral_to or message.is_tombstone:
            raise SlackError("message_not_found")
        if not re.fullmatch(EMOJI_NAME, name):
            raise SlackError("invalid_name")
        if user in message.reactions.get(name, []):
            raise SlackError("already_reacted")
        if name not in message.reactions and len(message.reactions) >= MAX_EMOJI:
            raise SlackError("too_many_emoji")
        if sum(user in users for users in message.reactions.values()) >= MAX_EMOJI_OF_ONE_USER:
            raise SlackError("too_many_reactions")
        users = [*message.reactions.get(name, []), user]
        return self._with_reaction(message, name, user, users)

    def remove_reaction(self, message: Message, name: str, user: str) -> Message:
        """Remove an emoji that this user added. Raises `no_reaction`."""
        users = message.reactions.get(name, [])
        if user not in users:
            raise SlackError("no_reaction")
        return self._with_reaction(message, name, user, [each for each in users if each != user])

    def _with_reaction(self, message: Message, name: str, user: str, users: list[str]) -> Message:
        is_added = user in users
        reactions = {each: before for each, before in (message.reactions | {name: users}).items() if before}
        changed = replace(message, reactions=reactions)
        self._put(changed)
        self._notify(ReactionChanged(message.channel, self.slack_json(changed), name, user, is_added))
        return changed

    def delete(self, message: Message) -> None:
        """Delete a message. One with replies leaves a tombstone, which goes when its last reply does."""
        if self.replies(message):
            tombstone = Content("This message was deleted.")
            self._replace(
                message,
                replace(message, user=SLACKBOT_ID, content=tombstone, edited_ts=None, is_tombstone=True, reactions={}),
            )
            return
        previous = self.slack_json(message)
        del self._by_channel[message.channel][message.ts]
        if message.is_reply:
            self._replies[message.channel, message.thread_ts or ""].remove(message.ts)
        self._store.delete("message", f"{message.channel} {message.ts}")
        self._notify(MessageDeleted(message.channel, previous, message.ephemeral_to))
        parent = self._thread_changed(message)
        if parent and parent.is_tombstone and not self.replies(parent):
            self.delete(parent)

    def find(self, channel: str, ts: str) -> Message | None:
        """The message, or None."""
        return self._by_channel[channel].get(ts)

    def get(self, channel: str, ts: str) -> Message:
        """The message. Raises `message_not_found`."""
        if found := self.find(channel, ts):
            return found
        raise SlackError("message_not_found")

    def in_channel(self, channel: str) -> list[Message]:
        """All messages of a channel, including replies and ephemeral ones, oldest first."""
        return list(self._by_channel[channel].values())

    def replies(self, parent: Message) -> list[Message]:
        """The replies in a message's thread, oldest first."""
        by_ts = self._by_channel[parent.channel]
        return [by_ts[ts] for ts in self._replies[parent.channel, parent.ts]]

    def slack_json(self, message: Message, *, metadata: bool = True) -> Json:
        """The form in which Slack returns it, with the fields about its thread."""
        body = message.slack_json(metadata=metadata)
        if message.thread_ts and (parent := self.find(message.channel, message.thread_ts)):
            body["parent_user_id"] = parent.user
        if message.thread_ts is None and (replies := self.replies(message)):
            users = sorted({reply.user for reply in replies})
            body |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users_count": len(users),
                "latest_reply": replies[-1].ts,
                "reply_users": users,
                "is_locked": False,
                "subscribed": False,
            }
        return body

    def control_json(self, message: Message) -> Json:
        """The form in which the control API returns it."""
        return message_control_json(message.channel, self.slack_json(message), message.ephemeral_to)

    def _put(self, message: Message) -> None:
        self._index(message)
        if not message.ephemeral_to:
            self._store.put("message", f"{message.channel} {message.ts}", asdict(message))

    def _replace(self, message: Message, changed: Message) -> None:
        previous = self.slack_json(message)
        self._put(changed)
        self._notify(MessageEdited(message.channel, self.slack_json(changed), previous, message.ephemeral_to))

    def _index(self, message: Message) -> None:
        is_new = message.ts not in self._by_channel[message.channel]
        self._by_channel[message.channel][message.ts] = message
        if is_new and message.is_reply:
            self._replies[message.channel, message.thread_ts or ""].append(message.ts)

    def _thread_changed(self, reply: Message) -> Message | None:
        """Notify the listeners that the parent of a reply changed; returns the parent."""
        if not reply.is_reply or (parent := self.find(reply.channel, reply.thread_ts or "")) is None:
            return None
        self._notify(ThreadChanged(parent.channel, self.slack_json(parent)))
        return parent


def _stored(content: Content) -> Content:
    return replace(content, text=returned_text(content.text), blocks=returned(with_ids(content.blocks)))


def message_control_json(channel: str, message: Json, only_to: str | None) -> Json:
    """The form in which the control API returns a message: Slack's, and the channel and who sees it."""
    shown: dict[str, Any] = message | {"channel": channel}
    return shown | {"ephemeral_to": only_to} if only_to else shown
