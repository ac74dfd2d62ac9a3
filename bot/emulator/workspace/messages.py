"""The messages of the workspace."""

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import Any

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.walk import with_ids
from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.changes import (
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Notify,
    ThreadChanged,
)
from signoff.bot.emulator.workspace.directory import APP_ID, BOT_ID, BOT_USER_ID, SLACKBOT_ID, TEAM_ID
from signoff.bot.emulator.workspace.persistence import Store
from signoff.bot.emulator.workspace.timestamps import Timestamps


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `ephemeral_to` names the only person who sees it."""

    channel: str
    ts: str
    user: str
    content: Content
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited_ts: str | None = None
    is_tombstone: bool = False

    @property
    def by_app(self) -> bool:
        """Whether the app posted it."""
        return self.user == BOT_USER_ID

    @property
    def is_reply(self) -> bool:
        """Whether it counts as a reply of its thread. An ephemeral one does not."""
        return self.thread_ts is not None and not self.ephemeral_to

    def wire(self, *, metadata: bool = True) -> Json:
        """As Slack returns it."""
        message: Json = {"type": "message", "user": self.user, "ts": self.ts, "team": TEAM_ID}
        if self.by_app:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID}
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
        if metadata and self.content.metadata:
            message["metadata"] = self.content.metadata
        return message


class Messages:
    """Every message by channel and `ts`. Persistent, except the ephemeral ones, which Slack forgets too."""

    def __init__(self, store: Store, timestamps: Timestamps, notify: Notify) -> None:
        self._store = store
        self._timestamps = timestamps
        self._notify = notify
        self._by_channel: defaultdict[str, dict[str, Message]] = defaultdict(dict)
        self._replies: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for saved in store.load("message"):
            self._keep(Message(**saved | {"content": Content(**saved["content"])}))
            timestamps.go_past(saved["ts"])

    def post(
        self,
        channel: str,
        user: str,
        content: Content,
        *,
        thread_ts: str | None = None,
        ephemeral_to: str | None = None,
    ) -> Message:
        """Add a message. Blocks without a `block_id` get one, as in Slack."""
        message = Message(
            channel=channel,
            ts=self._timestamps.next(),
            user=user,
            content=replace(content, blocks=with_ids(content.blocks)),
            thread_ts=thread_ts,
            ephemeral_to=ephemeral_to,
        )
        self._put(message)
        self._notify(MessagePosted(channel, self.wire(message), ephemeral_to))
        self._thread_changed(message)
        return message

    def change(self, message: Message, content: Content) -> Message:
        """Replace what a message says. One with blocks is not marked as edited (docs of `chat.update`)."""
        edited_ts = message.edited_ts if content.blocks else self._timestamps.next()
        changed = replace(message, content=replace(content, blocks=with_ids(content.blocks)), edited_ts=edited_ts)
        self._replace(message, changed)
        return changed

    def delete(self, message: Message) -> None:
        """Remove a message. Above replies it leaves a tombstone, which goes with the last of them."""
        if self.replies(message):
            tombstone = Content("This message was deleted.")
            self._replace(
                message, replace(message, user=SLACKBOT_ID, content=tombstone, edited_ts=None, is_tombstone=True)
            )
            return
        previous = self.wire(message)
        del self._by_channel[message.channel][message.ts]
        if message.is_reply:
            self._replies[message.channel, message.thread_ts or ""].remove(message.ts)
        self._store.delete("message", f"{message.channel} {message.ts}")
        self._notify(MessageDeleted(message.channel, previous, message.ephemeral_to))
        parent = self._thread_changed(message)
        if parent and parent.is_tombstone and not self.replies(parent):
            self.delete(parent)

    def find(self, channel: str, ts: str) -> Message | None:
        """A message, or None."""
        return self._by_channel[channel].get(ts)

    def get(self, channel: str, ts: str) -> Message:
        """A message. Raises `message_not_found`."""
        if found := self.find(channel, ts):
            return found
        raise SlackError("message_not_found")

    def in_channel(self, channel: str) -> list[Message]:
        """Every message of a channel, replies and ephemeral ones too, oldest first."""
        return list(self._by_channel[channel].values())

    def replies(self, parent: Message) -> list[Message]:
        """The replies in a message's thread, oldest first."""
        by_ts = self._by_channel[parent.channel]
        return [by_ts[ts] for ts in self._replies[parent.channel, parent.ts]]

    def wire(self, message: Message, *, metadata: bool = True) -> Json:
        """As Slack returns it, with what its thread adds."""
        wired = message.wire(metadata=metadata)
        if message.thread_ts is None and (replies := self.replies(message)):
            wired |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users": sorted({reply.user for reply in replies}),
                "latest_reply": replies[-1].ts,
            }
        return wired

    def shown(self, message: Message) -> Json:
        """As the control API shows it: Slack's form, and where it is and who sees it."""
        return shown_message(message.channel, self.wire(message), message.ephemeral_to)

    def _put(self, message: Message) -> None:
        self._keep(message)
        if not message.ephemeral_to:
            self._store.put("message", f"{message.channel} {message.ts}", asdict(message))

    def _replace(self, message: Message, changed: Message) -> None:
        previous = self.wire(message)
        self._put(changed)
        self._notify(MessageEdited(message.channel, self.wire(changed), previous, message.ephemeral_to))

    def _keep(self, message: Message) -> None:
        is_new = message.ts not in self._by_channel[message.channel]
        self._by_channel[message.channel][message.ts] = message
        if is_new and message.is_reply:
            self._replies[message.channel, message.thread_ts or ""].append(message.ts)

    def _thread_changed(self, reply: Message) -> Message | None:
        """Tell that the parent of a reply has more or fewer replies; gives the parent."""
        if not reply.is_reply or (parent := self.find(reply.channel, reply.thread_ts or "")) is None:
            return None
        self._notify(ThreadChanged(parent.channel, self.wire(parent)))
        return parent


def shown_message(channel: str, message: Json, only_to: str | None) -> Json:
    """A message in Slack's form, as the control API shows it: with where it is and who sees it."""
    shown: dict[str, Any] = message | {"channel": channel}
    return shown | {"ephemeral_to": only_to} if only_to else shown
