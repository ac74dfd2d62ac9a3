"""What happens in the workspace, for those who watch it live."""

from collections.abc import Callable
from dataclasses import dataclass

from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.directory import Conversation


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message is new or has changed. `only_to` is set for an ephemeral one."""

    channel: str
    message: Json
    only_to: str | None


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class ViewsChanged:
    """A person's stack of modals has changed."""

    user: str
    views: list[Json]


@dataclass(frozen=True, slots=True)
class Notice:
    """What Slack's client tells a person when an app failed."""

    user: str
    text: str


@dataclass(frozen=True, slots=True)
class AppConnected:
    """The app came, or went."""

    connected: bool


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A conversation is new or has changed."""

    conversation: Conversation


Event = MessageChanged | MessageDeleted | ViewsChanged | Notice | AppConnected | ConversationChanged
Announce = Callable[[Event], None]
