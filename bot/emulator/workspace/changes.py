"""What changed in the workspace. Those who listen: the page and the people's clients, and the Events API.

Messages are in Slack's form, as the Web API returns them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.directory import Conversation, User, UserGroup


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """There is a new message. `only_to` is the person who sees it, for an ephemeral one."""

    channel: str
    message: Json
    only_to: str | None


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A message says something else, or was deleted and left a tombstone above its replies."""

    channel: str
    message: Json
    previous: Json
    only_to: str | None


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    """A message has more or fewer replies."""

    channel: str
    message: Json


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
    """What Slack's client tells a person when an app failed."""

    user: str
    text: str


@dataclass(frozen=True, slots=True)
class AppConnected:
    """The app connected or disconnected."""

    connected: bool


@dataclass(frozen=True, slots=True)
class AppUninstalled:
    """An administrator removed the app: its tokens are revoked."""


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A conversation is new (`previous` is None) or changed. `by` is who did it."""

    conversation: Conversation
    previous: Conversation | None
    by: str


@dataclass(frozen=True, slots=True)
class UserChanged:
    """A person is new (`previous` is None), or their profile or account changed."""

    user: User
    previous: User | None


@dataclass(frozen=True, slots=True)
class UserGroupChanged:
    """A user group is new (`previous` is None) or changed."""

    group: UserGroup
    previous: UserGroup | None


Change = (
    MessagePosted
    | MessageEdited
    | ThreadChanged
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
