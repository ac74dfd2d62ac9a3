"""People and channels of Slack, chosen from those there are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block
from signoff.bot.blockkit.markup import escape
from signoff.bot.forms.elements.element import Element, Unreadable
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET

Kind = Literal["user", "channel"]

_ID = {"user": re.compile(r"[UW][A-Z0-9]{2,}"), "channel": re.compile(r"[CG][A-Z0-9]{2,}")}
_MENTION = {"user": "<@{}>", "channel": "<#{}>"}
_SELECT = {"user": "users_select", "channel": "conversations_select"}
_WORD = {"user": "user", "channel": "conversation"}
_ONLY_CHANNELS = {"filter": {"include": ["public", "private"]}}
"""A conversations select also offers direct messages otherwise."""
_MOST_SHOWN = 30
"""A card cuts long values, and a mention must not be cut."""

KIND_OF_FORMAT: Mapping[Any, Kind] = {"slack-user": "user", "slack-channel": "channel"}
"""The kind that a `format` of JSON Schema names."""


@dataclass(frozen=True, slots=True)
class Mentioned(Element):
    """One person or one channel, by its id."""

    kind: Kind

    shown_as: ClassVar[Literal["plain_text", "mrkdwn"]] = "mrkdwn"

    def draw(self, value: Any) -> Block | None:
        """A select of those that Slack knows."""
        element = _select(self.kind, _SELECT[self.kind])
        return {**element, f"initial_{_WORD[self.kind]}": value} if _is_id(value, self.kind) else element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The id."""
        chosen = state.get(f"selected_{_WORD[self.kind]}")
        return UNSET if not chosen else _checked(chosen, self.kind)

    def show(self, value: Any) -> str:
        """A mention, which Slack shows by name; other text as it is."""
        return _mention(value, self.kind)


@dataclass(frozen=True, slots=True)
class AllMentioned(Element):
    """Several people or channels, as a list of their ids.

    Attributes:
        most: How many can be chosen at most; `None` for any number.
    """

    kind: Kind
    most: int | None

    shown_as: ClassVar[Literal["plain_text", "mrkdwn"]] = "mrkdwn"

    def draw(self, value: Any) -> Block | None:
        """A multi-select of those that Slack knows."""
        element = _select(self.kind, f"multi_{_SELECT[self.kind]}")
        initial = [one for one in value if _is_id(one, self.kind)] if isinstance(value, list) else []
        if initial:
            element[f"initial_{_WORD[self.kind]}s"] = initial
        if self.most is not None:
            element["max_selected_items"] = max(1, self.most, len(initial))
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The ids."""
        chosen = state.get(f"selected_{_WORD[self.kind]}s")
        if not isinstance(chosen, list) or not chosen:
            return UNSET
        return [_checked(one, self.kind) for one in chosen]

    def show(self, value: Any) -> str:
        """Their mentions."""
        if not isinstance(value, list):
            return _mention(value, self.kind)
        shown = [_mention(one, self.kind) for one in value[:_MOST_SHOWN]]
        return ", ".join([*shown, *([f"and {len(value) - _MOST_SHOWN} more"] if len(value) > _MOST_SHOWN else [])])


def _select(kind: Kind, type_: str) -> Block:
    return {"type": type_, **(_ONLY_CHANNELS if kind == "channel" else {})}


def _is_id(value: Any, kind: Kind) -> bool:
    return isinstance(value, str) and _ID[kind].fullmatch(value) is not None


def _checked(chosen: Any, kind: Kind) -> str:
    if not _is_id(chosen, kind):
        raise Unreadable("Choose a person." if kind == "user" else "Choose a public or private channel.")
    return str(chosen)


def _mention(value: Any, kind: Kind) -> str:
    if value is UNSET or value is None:
        return ""
    if _is_id(value, kind):
        return _MENTION[kind].format(value)
    return escape(value if isinstance(value, str) else as_json(value))
