"""Messages that the app has scheduled, and their posting (docs of `chat.scheduleMessage`)."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.protocol import Json, SlackError, new_id
from signoff.bot.emulator.workspace.persistence import Store
from signoff.bot.emulator.workspace.timestamps import Clock

MAX_DAYS = 120
MAX_IN_WINDOW = 30
WINDOW_SECONDS = 300
LAST_MINUTE = 60
"""Seconds before its time in which a scheduled message can no longer be deleted."""
POLL_SECONDS = 0.2
"""How often the workspace's clock is read while messages are scheduled: a test may move it."""


@dataclass(frozen=True, slots=True)
class ScheduledMessage:
    """A message that is to be posted at `post_at`, in seconds since the epoch."""

    id: str
    channel: str
    post_at: int
    created: int
    content: Content
    thread_ts: str | None

    def slack_json(self) -> Json:
        """The form in which `chat.scheduledMessages.list` returns it."""
        return {
            "id": self.id,
            "channel_id": self.channel,
            "post_at": self.post_at,
            "date_created": self.created,
            "text": self.content.text,
        }


class ScheduledMessages:
    """The messages that are not posted yet. `post` posts one; `start` and `stop` are for the server's event loop."""

    def __init__(self, store: Store, clock: Clock, post: Callable[[ScheduledMessage], None]) -> None:
        self._store = store
        self._clock = clock
        self._post = post
        self._pending = {
            saved["id"]: ScheduledMessage(**saved | {"content": Content(**saved["content"])})
            for saved in store.load("scheduled")
        }
        self._posting: asyncio.Task[None] | None = None

    def add(self, channel: str, post_at: int, content: Content, thread_ts: str | None) -> ScheduledMessage:
        """Schedule a message. Raises `time_in_past`, `time_too_far` or `restricted_too_many`."""
        now = int(self._clock())
        if post_at <= now:
            raise SlackError("time_in_past")
        if post_at > now + MAX_DAYS * 86_400:
            raise SlackError("time_too_far")
        close = [each for each in self.in_order(channel) if abs(each.post_at - post_at) < WINDOW_SECONDS]
        if len(close) >= MAX_IN_WINDOW:
            raise SlackError("restricted_too_many")
        message = ScheduledMessage(new_id("Q"), channel, post_at, now, content, thread_ts)
        self._pending[message.id] = message
        self._store.put("scheduled", message.id, asdict(message))
        self.start()
        return message

    def delete(self, channel: str, message_id: str) -> None:
        """Delete a message before it is posted. Raises `invalid_scheduled_message_id`, also in its last minute."""
        message = self._pending.get(message_id)
        if message is None or message.channel != channel or message.post_at - self._clock() < LAST_MINUTE:
            raise SlackError("invalid_scheduled_message_id")
        self._forget(message)

    def in_order(self, channel: str | None = None) -> list[ScheduledMessage]:
        """The messages that are to be posted, in one channel or in all, the next one first."""
        found = [each for each in self._pending.values() if channel in {None, each.channel}]
        return sorted(found, key=lambda message: (message.post_at, message.id))

    def start(self) -> None:
        """Post the messages when their time comes, unless that is under way."""
        if self._pending and (self._posting is None or self._posting.done()):
            self._posting = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Post no more."""
        if self._posting is not None:
            self._posting.cancel()

    async def _run(self) -> None:
        while self._pending:
            for message in self.in_order():
                if message.post_at > self._clock():
                    break
                self._forget(message)
                self._post(message)
            await asyncio.sleep(POLL_SECONDS)

    def _forget(self, message: ScheduledMessage) -> None:
        del self._pending[message.id]
        self._store.delete("scheduled", message.id)
