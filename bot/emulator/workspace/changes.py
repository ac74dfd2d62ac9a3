"""Changes in the workspace. The page, the people's clients and the Events API listen to them.

Messages are in Slack's form, as the Web API returns them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.directory import Conversation, User, UserGroup


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message was posted. `only_to` is the only person who sees it, if it is ephemeral."""

    channel: str
    message: Json
    only_to: str | None


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A message was edited, or was deleted and left a tombstone above its replies."""

    channel: str
    message: Json
    previous: Json
    only_to: str | None


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    """A message got another reply, or lost one."""

    channel: str
    message: Json


@dataclass(frozen=True, slots=True)
class ReactionChanged:
    """The user `by` added an emoji to a message, or removed it."""

    channel: str
    message: Json
    name: str
    by: str
    is_added: bool


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message was deleted."""

    channel: str
    previous: Json
    only_to: str | None


@dataclass(frozen=True, slots=True)
class ViewsChanged:
    """A person's stack of modals changed."""

    user: str
    views: list[Json]


@dataclass(frozen=True, slots=True)
class HomeChanged:
    """The app published a person's home tab."""

    user: str
    view: Json


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """A person opened the app's home: its tab `home`, with the view if one was published, or `messages`."""

    user: str
    channel: str
    tab: str
    view: Json | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that Slack's client shows to a person when an app fails."""

    user: str
    text: str


@dataclass(frozen=True, slots=True)
class AppConnected:
    """The app connected or disconnected."""

    connected: bool


@dataclass(frozen=True, slots=True)
class AppUninstalled:
    """An administrator uninstalled the app, which revokes its tokens."""


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A conversation was created (`previous` is None) or changed by the user `by`."""

    conversation: Conversation
    previous: Conversation | None
    by: str


@dataclass(frozen=True, slots=True)
class UserChanged:
    """A person joined the workspace (`previous` is None), or their profile or account changed."""

    user: User
    previous: User | None


@dataclass(frozen=True, slots=True)
class UserGroupChanged:
    """A user group was created (`previous` is None) or changed."""

    group: UserGroup
    previous: UserGroup | None


Change = (
    MessagePosted
    | MessageEdited
    | ThreadChanged
    | ReactionChanged
    | MessageDeleted
    | ViewsChanged
    | HomeChanged
    | HomeOpened
    | Notice
    | AppConnected
    | AppUninstalled
    | ConversationChanged
    | UserChanged
    | UserGroupChanged
)
Notify = Callable[[Change], None]
