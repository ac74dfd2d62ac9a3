"""The state of the workspace.

Only the server's event loop uses it, so it needs no lock.
"""

import time
from dataclasses import asdict, replace
from pathlib import Path

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.protocol import SlackError, new_id
from signoff.bot.emulator.workspace.changes import (
    AppUninstalled,
    Change,
    ConversationChanged,
    HomeOpened,
    Notify,
    UserChanged,
    UserGroupChanged,
)
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, TEAM_ID, Conversation, User, UserGroup
from signoff.bot.emulator.workspace.files import Files
from signoff.bot.emulator.workspace.messages import Message, Messages
from signoff.bot.emulator.workspace.persistence import Store
from signoff.bot.emulator.workspace.response_urls import ResponseUrls
from signoff.bot.emulator.workspace.scheduled import ScheduledMessage, ScheduledMessages
from signoff.bot.emulator.workspace.seed import seeded_directory
from signoff.bot.emulator.workspace.timestamps import Clock, Timestamps
from signoff.bot.emulator.workspace.triggers import LIFETIME_SECONDS, Triggers
from signoff.bot.emulator.workspace.views import Views
from signoff.bot.manifest import SIGNOFF, AppManifest


class Workspace:
    """People, conversations, messages, views, trigger ids and response URLs.

    `url` is the address of the server and `clock` returns seconds since the epoch. With a `path`, messages,
    conversations, people and groups survive a restart, even a `kill -9`. The `listeners` are notified of every change.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        url: str = "http://127.0.0.1",
        manifest: AppManifest = SIGNOFF,
        clock: Clock = time.time,
        trigger_lifetime: float = LIFETIME_SECONDS,
    ) -> None:
        self.url = url
        self.manifest = manifest
        self.clock = clock
        self.listeners: list[Notify] = []
        self.is_installed = True
        self._store = Store(path)
        self.directory = seeded_directory(manifest)
        self._restore_directory()
        self.timestamps = Timestamps(clock)
        self.messages = Messages(self._store, self.timestamps, self.notify)
        self.views = Views(self.timestamps, self.notify)
        self.triggers = Triggers(clock, trigger_lifetime)
        self.response_urls = ResponseUrls(clock, url)
        self.files = Files(clock, url)
        self.scheduled = ScheduledMessages(self._store, clock, self._post_scheduled)

    def notify(self, change: Change) -> None:
        """Notify the listeners of a change."""
        for listener in self.listeners:
            listener(change)

    def add_person(self, name: str, real_name: str, email: str, *, team: str = TEAM_ID) -> User:
        """Add a person, who joins every public channel; one of another workspace joins none. Raises `name_taken`."""
        if any(user.name == name and user.team == team for user in self.directory.users.values()):
            raise SlackError("name_taken")
        user = self._put_user(User(new_id("U"), name, real_name, email=email, updated=int(self.clock()), team=team))
        if user.is_stranger:
            return user
        for conversation in list(self.directory.conversations.values()):
            if conversation.kind == "channels":
                self.put_conversation(replace(conversation, members=conversation.members | {user.id}), by=user.id)
        return user

    def change_person(self, user: User, **changed: str | bool) -> User:
        """Change a person's name, profile or account. `deleted` deactivates it. Raises `invalid_arguments`."""
        if not changed.keys() <= {"name", "real_name", "title", "email", "tz", "is_admin", "deleted"}:
            raise SlackError("invalid_arguments")
        return self._put_user(User(**asdict(user) | changed | {"updated": int(self.clock())}))

    def add_channel(
        self, name: str, *, is_private: bool, members: frozenset[str], is_mpim: bool = False
    ) -> Conversation:
        """Add a channel, or direct messages of a group. Raises `name_taken`."""
        if any(found.name == name for found in self.directory.conversations.values() if not found.is_im):
            raise SlackError("name_taken")
        return self.put_conversation(
            Conversation(new_id("C"), name, members=members, is_private=is_private, is_mpim=is_mpim)
        )

    def rename_channel(self, channel: Conversation, name: str, *, by: str) -> Conversation:
        """Give a channel another name. Raises `name_taken`."""
        if any(found.name == name for found in self.directory.conversations.values() if not found.is_im):
            raise SlackError("name_taken")
        names = (*channel.previous_names, channel.name)
        return self.put_conversation(replace(channel, name=name, previous_names=names), by=by)

    def add_group(self, handle: str, name: str, users: tuple[str, ...]) -> UserGroup:
        """Add a user group, or change the people of an existing one."""
        existing = next((g for g in self.directory.groups.values() if g.handle == handle), None)
        group = UserGroup(existing.id if existing else new_id("S"), handle, name, users)
        self.directory.groups[group.id] = group
        self._store.put("group", group.id, asdict(group) | {"users": list(users)})
        self.notify(UserGroupChanged(group, existing))
        return group

    def put_conversation(self, conversation: Conversation, *, by: str = BOT_USER_ID) -> Conversation:
        """Add or change a conversation on behalf of the user `by`."""
        previous = self.directory.conversations.get(conversation.id)
        self.directory.conversations[conversation.id] = conversation
        document = asdict(conversation) | {"members": sorted(conversation.members)}
        self._store.put("conversation", conversation.id, document)
        if conversation != previous:
            self.notify(ConversationChanged(conversation, previous, by))
        return conversation

    def add_member(self, conversation: Conversation, user: str, *, by: str) -> Conversation:
        """Add a user to a channel. Raises `is_archived` or `method_not_supported_for_channel_type`."""
        if conversation.is_im:
            raise SlackError("method_not_supported_for_channel_type")
        if conversation.is_archived:
            raise SlackError("is_archived")
        return self.put_conversation(replace(conversation, members=conversation.members | {user}), by=by)

    def remove_member(self, conversation: Conversation, user: str, *, by: str) -> Conversation:
        """Remove a user from a channel. Raises `not_in_channel` or `cant_leave_general`."""
        if conversation.is_im:
            raise SlackError("method_not_supported_for_channel_type")
        if user not in conversation.members:
            raise SlackError("not_in_channel")
        if conversation.is_general and user != BOT_USER_ID:
            raise SlackError("cant_leave_general")
        return self.put_conversation(replace(conversation, members=conversation.members - {user}), by=by)

    def open_home(self, user: str, tab: str | None = None) -> None:
        """Open the app's home for a person, at the home tab if it has one. Raises `invalid_arguments`."""
        tabs = {"home": self.manifest.home_tab, "messages": self.manifest.messages_tab}
        tab = tab or next((name for name, is_there in tabs.items() if is_there), None)
        if tab is None or not tabs.get(tab):
            raise SlackError("invalid_arguments", message=f"The app's home has no tab {tab!r}.")
        view = self.views.home(user) if tab == "home" else None
        channel = self.open_direct_messages(user)
        self.notify(HomeOpened(user, channel.id, tab, view.slack_json() if view else None))

    def uninstall(self) -> None:
        """Uninstall the app, which revokes its tokens."""
        if self.is_installed:
            self.is_installed = False
            self.notify(AppUninstalled())

    def install(self) -> None:
        """Install the app again. Unlike in Slack, it keeps its tokens, so that a test need not pass new ones."""
        self.is_installed = True

    def open_direct_messages(self, user: str, other: str = BOT_USER_ID) -> Conversation:
        """The direct messages of the app, or of another person, with a person. They are opened if necessary."""
        if found := self.directory.direct_messages(user, other):
            return found
        if user not in self.directory.users or user == BOT_USER_ID:
            raise SlackError("user_not_found")
        members = frozenset({user, other})
        return self.put_conversation(Conversation(new_id("D"), "", members=members, user=user))

    def conversation_for(self, user: str, reference: str) -> Conversation:
        """The conversation that a person refers to by an id, `#releases`, or `@ben` (direct messages with somebody).

        Raises `channel_not_found` if the person cannot see it, and `user_not_found`.
        """
        if reference.startswith("@"):
            return self.open_direct_messages(user, self.directory.person(reference).id)
        conversation = self.directory.conversation(reference)
        is_stranger = user in self.directory.users and self.directory.users[user].is_stranger
        if not conversation.is_seen_by(user) or (is_stranger and user not in conversation.members):
            raise SlackError("channel_not_found")
        return conversation

    def post_as_app(
        self, channel: str, content: Content, *, thread_ts: str | None = None, ephemeral_to: str | None = None
    ) -> Message:
        """Post a message as the app."""
        return self.messages.post(channel, BOT_USER_ID, content, thread_ts=thread_ts, ephemeral_to=ephemeral_to)

    def _post_scheduled(self, message: ScheduledMessage) -> None:
        """Post a scheduled message. As in Slack, one with metadata is not posted, and nobody hears why."""
        conversation = self.directory.conversation(message.channel)
        if not conversation.is_archived and not message.content.metadata and self.is_installed:
            self.post_as_app(conversation.id, message.content, thread_ts=message.thread_ts)

    def visible_message(self, user: str, channel: str, ts: str) -> Message:
        """A message that this person can see. Raises `channel_not_found` or `message_not_found`."""
        message = self.messages.get(self.conversation_for(user, channel).id, ts)
        if message.ephemeral_to not in {None, user}:
            raise SlackError("message_not_found")
        return message

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _put_user(self, user: User) -> User:
        previous = self.directory.users.get(user.id)
        self.directory.users[user.id] = user
        self._store.put("user", user.id, asdict(user))
        if user != previous:
            self.notify(UserChanged(user, previous))
        return user

    def _restore_directory(self) -> None:
        for saved in self._store.load("user"):
            self.directory.users[saved["id"]] = User(**saved)
        for saved in self._store.load("conversation"):
            restored = Conversation(
                **saved
                | {"members": frozenset(saved["members"]), "previous_names": tuple(saved.get("previous_names", ()))}
            )
            self.directory.conversations[restored.id] = restored
        for saved in self._store.load("group"):
            self.directory.groups[saved["id"]] = UserGroup(**saved | {"users": tuple(saved["users"])})
