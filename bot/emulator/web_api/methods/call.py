"""A call of a Web API method, and the definition of a method."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.arguments import Arguments
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation
from signoff.bot.emulator.workspace.workspace import Workspace

MAX_CONVERSATIONS = 999
"""The largest `limit` of the methods that list conversations or their members."""


@dataclass(frozen=True, slots=True)
class Call:
    """An authorized call. `open_socket` returns the address of a new Socket Mode connection."""

    workspace: Workspace
    arguments: Arguments
    open_socket: Callable[[], str]

    def require(self, scope: str) -> None:
        """Require this scope. Raises `missing_scope`."""
        require_any((scope,), self.workspace.manifest.scopes)

    def conversation(self, name: str = "channel") -> Conversation:
        """The conversation in an argument, if the app can see it. Raises `channel_not_found`."""
        found = self.workspace.directory.conversation(self.arguments.required(name))
        if not found.is_seen_by(BOT_USER_ID):
            raise SlackError("channel_not_found")
        return found

    def page(self, items: Sequence[Any], default_limit: int, max_limit: int = 1000) -> tuple[list[Any], str]:
        """The page of `items` for `cursor` and `limit`, and the next cursor. Raises `invalid_cursor`."""
        cursor = self.arguments.text("cursor")
        start = cursor.removeprefix("next:") or "0"
        if not start.isdigit():
            raise SlackError("invalid_cursor")
        limit = self.arguments.number("limit", default_limit)
        if not 1 <= limit <= max_limit:
            raise SlackError("invalid_limit")
        end = int(start) + limit
        return list(items[int(start) : end]), f"next:{end}" if end < len(items) else ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its function, its scopes (any one is enough), and whose token it needs: `bot`, `app` or `anyone`."""

    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    caller: str = "bot"


def require_any(scopes: tuple[str, ...], granted: frozenset[str]) -> None:
    """Raises `missing_scope` unless any of the scopes is granted."""
    if scopes and not granted.intersection(scopes):
        raise SlackError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(granted)))
