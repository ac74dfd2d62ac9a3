"""The state of the workspace.

It belongs to the server's event loop: nothing else may touch it, so it needs no lock.
"""

import time
from dataclasses import asdict, replace
from pathlib import Path

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.wire import SlackError, new_id
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation, User, UserGroup
from signoff.bot.emulator.workspace.events import Announce, ConversationChanged, Event
from signoff.bot.emulator.workspace.files import Files
from signoff.bot.emulator.workspace.messages import Message, Messages
from signoff.bot.emulator.workspace.persistence import Store
from signoff.bot.emulator.workspace.response_urls import ResponseUrls
from signoff.bot.emulator.workspace.seed import seeded_directory
from signoff.bot.emulator.workspace.timestamps import Clock, Timestamps
from signoff.bot.emulator.workspace.triggers import Triggers
from signoff.bot.emulator.workspace.views import Views
from signoff.bot.manifest import SIGNOFF, AppManifest


class Workspace:
    """People, conversations, messages, modals, and what an app may use once.

    `url` is where it is served, `clock` gives seconds since the epoch. With a `path`, messages, conversations, people
    and groups survive a restart, even a `kill -9`. The `listeners` are told of every change that a person would see.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        url: str = "http://127.0.0.1",
        manifest: AppManifest = SIGNOFF,
        clock: Clock = time.time,
    ) -> None:
        self.url = url
        self.manifest = manifest
        self.clock = clock
        self.listeners: list[Announce] = []
        self._store = Store(path)
        self.directory = seeded_directory(manifest)
        self._restore_directory()
        timestamps = Timestamps(clock)
        self.messages = Messages(self._store, timestamps, self.announce)
        self.views = Views(timestamps, self.announce)
        self.triggers = Triggers(clock)
        self.response_urls = ResponseUrls(clock, url)
        self.files = Files(clock, url)

    def announce(self, event: Event) -> None:
        """Tell the listeners."""
        for listener in self.listeners:
            listener(event)

    def add_person(self, name: str, real_name: str, email: str) -> User:
        """A further person, who joins every public channel. Raises `name_taken`."""
        if any(user.name == name for user in self.directory.users.values()):
            raise SlackError("name_taken")
        user = User(new_id("U"), name, real_name, email=email)
        self.directory.users[user.id] = user
        self._store.put("user", user.id, asdict(user))
        for conversation in list(self.directory.conversations.values()):
            if conversation.kind == "channels":
                self.put_conversation(replace(conversation, members=conversation.members | {user.id}))
        return user

    def add_channel(self, name: str, *, is_private: bool, members: frozenset[str]) -> Conversation:
        """A further channel. Raises `name_taken`."""
        if any(found.name == name for found in self.directory.conversations.values() if not found.is_im):
            raise SlackError("name_taken")
        return self.put_conversation(Conversation(new_id("C"), name, members=members, is_private=is_private))

    def add_group(self, handle: str, name: str, users: tuple[str, ...]) -> UserGroup:
        """A further user group, or the same one with other people."""
        existing = next((g for g in self.directory.groups.values() if g.handle == handle), None)
        group = UserGroup(existing.id if existing else new_id("S"), handle, name, users)
        self.directory.groups[group.id] = group
        self._store.put("group", group.id, asdict(group) | {"users": list(users)})
        return group

    def put_conversation(self, conversation: Conversation) -> Conversation:
        """Add or change a conversation."""
        self.directory.conversations[conversation.id] = conversation
        document = asdict(conversation) | {"members": sorted(conversation.members)}
        self._store.put("conversation", conversation.id, document)
        self.announce(ConversationChanged(conversation))
        return conversation

    def open_direct_messages(self, user: str) -> Conversation:
        """The app's direct messages with a person, opened if they never were."""
        if found := self.directory.direct_messages(user):
            return found
        if user not in self.directory.users or user == BOT_USER_ID:
            raise SlackError("user_not_found")
        members = frozenset({user, BOT_USER_ID})
        return self.put_conversation(Conversation(new_id("D"), "", members=members, user=user))

    def place(self, user: str, reference: str) -> Conversation:
        """The conversation that a person means by an id, `#releases`, or `@signoff`: their messages with the app.

        Raises `channel_not_found` for one that is not in their sidebar.
        """
        if reference == f"@{self.manifest.bot_name}":
            return self.open_direct_messages(user)
        conversation = self.directory.conversation(reference)
        if not conversation.is_seen_by(user):
            raise SlackError("channel_not_found")
        return conversation

    def post_as_app(
        self, channel: str, content: Content, *, thread_ts: str | None = None, ephemeral_to: str | None = None
    ) -> Message:
        """Post a message of the app."""
        return self.messages.post(channel, BOT_USER_ID, content, thread_ts=thread_ts, ephemeral_to=ephemeral_to)

    def visible_message(self, user: str, channel: str, ts: str) -> Message:
        """A message that this person sees. Raises `channel_not_found` or `message_not_found`."""
        message = self.messages.get(self.place(user, channel).id, ts)
        if message.ephemeral_to not in {None, user}:
            raise SlackError("message_not_found")
        return message

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _restore_directory(self) -> None:
        for saved in self._store.load("user"):
            self.directory.users[saved["id"]] = User(**saved)
        for saved in self._store.load("conversation"):
            restored = Conversation(**saved | {"members": frozenset(saved["members"])})
            self.directory.conversations[restored.id] = restored
        for saved in self._store.load("group"):
            self.directory.groups[saved["id"]] = UserGroup(**saved | {"users": tuple(saved["users"])})
