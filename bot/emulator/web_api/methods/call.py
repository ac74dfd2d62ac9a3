"""One call of a Web API method, and what a method is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.bot.emulator.web_api.arguments import Arguments
from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation
from signoff.bot.emulator.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has been authorised. `open_socket` gives the address of a new Socket Mode connection."""

    workspace: Workspace
    arguments: Arguments
    open_socket: Callable[[], str]

    def require(self, scope: str) -> None:
        """Go on only with this scope. Raises `missing_scope`."""
        require_any((scope,), self.workspace.manifest.scopes)

    def conversation(self, name: str = "channel") -> Conversation:
        """The conversation that an argument names, if the app may know of it. Raises `channel_not_found`."""
        found = self.workspace.directory.conversation(self.arguments.required(name))
        if not found.is_seen_by(BOT_USER_ID):
            raise SlackError("channel_not_found")
        return found

    def page(self, items: Sequence[Any], default_limit: int) -> tuple[list[Any], str]:
        """The page of `items` that `cursor` and `limit` ask for, and the next cursor. Raises `invalid_cursor`."""
        cursor = self.arguments.text("cursor")
        start = cursor.removeprefix("next:") or "0"
        if not start.isdigit():
            raise SlackError("invalid_cursor")
        limit = self.arguments.number("limit", default_limit)
        if not 1 <= limit <= 1000:
            raise SlackError("invalid_limit")
        end = int(start) + limit
        return list(items[int(start) : end]), f"next:{end}" if end < len(items) else ""


@dataclass(frozen=True, slots=True)
class Method:
    """What a method does and needs: any one of `scopes`, and a token of the kind it `takes` (`anybody` needs none)."""

    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    takes: str = "bot"


def require_any(wanted: tuple[str, ...], granted: frozenset[str]) -> None:
    """Raises `missing_scope`, with what is needed and what there is, as Slack answers it."""
    if wanted and not granted.intersection(wanted):
        raise SlackError("missing_scope", needed=",".join(wanted), provided=",".join(sorted(granted)))
