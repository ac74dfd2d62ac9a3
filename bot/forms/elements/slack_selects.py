"""Selects for people and channels: the client offers those that exist in the workspace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block
from signoff.bot.blockkit.markup import escape
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.slack_ids import is_channel_id, is_user_id


@dataclass(frozen=True, slots=True)
class _Entity:
    """What differs between people and channels.

    Attributes:
        select: The type of the element for one of them.
        noun: Slack's word for it in `initial_…` and `selected_…`.
        mention: How Slack mentions one.
        error: What to say if something else was chosen.
        options: Further attributes of the element.
    """

    select: str
    noun: str
    is_id: Callable[[object], bool]
    mention: str
    error: str
    options: Mapping[str, Any]


_USER = _Entity("users_select", "user", is_user_id, "<@{}>", "Choose a person.", {})
_CHANNEL = _Entity(
    "conversations_select",
    "conversation",
    is_channel_id,
    "<#{}>",
    "Choose a public or private channel.",
    # A conversations select would also offer direct messages.
    {"filter": {"include": ["public", "private"]}},
)


@dataclass(frozen=True, slots=True)
class _Select(Element):
    """One person or channel, by id."""

    entity: ClassVar[_Entity]
    text_type: ClassVar[Literal["plain_text", "mrkdwn"]] = "mrkdwn"

    def draw(self, value: Any) -> Block | None:
        """The select, with `value` chosen if it is an id."""
        entity = self.entity
        initial = {f"initial_{entity.noun}": value} if entity.is_id(value) else {}
        return {"type": entity.select, **entity.options, **initial}

    def read(self, state: Mapping[str, Any]) -> Any:
        """The chosen id."""
        chosen = state.get(f"selected_{self.entity.noun}")
        return _checked(chosen, self.entity) if chosen else UNSET

    def show(self, value: Any) -> str:
        """A mention, which Slack shows as a name. A value that is not an id is shown as it is."""
        return _mention(value, self.entity)


@dataclass(frozen=True, slots=True)
class _MultiSelect(Element):
    """Several people or channels, as a list of ids.

    Attributes:
        max_items: How many can be chosen; `None` for any number.
    """

    max_items: int | None

    entity: ClassVar[_Entity]
    text_type: ClassVar[Literal["plain_text", "mrkdwn"]] = "mrkdwn"

    def draw(self, value: Any) -> Block | None:
        """The multi-select, with the ids in `value` chosen."""
        entity = self.entity
        element: Block = {"type": f"multi_{entity.select}", **entity.options}
        initial = [each for each in value if entity.is_id(each)] if isinstance(value, list) else []
        if initial:
            element[f"initial_{entity.noun}s"] = initial
        if self.max_items is not None:
            element["max_selected_items"] = max(1, self.max_items, len(initial))
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The chosen ids."""
        chosen = state.get(f"selected_{self.entity.noun}s")
        if not isinstance(chosen, list) or not chosen:
            return UNSET
        return [_checked(each, self.entity) for each in chosen]

    def show(self, value: Any) -> str:
        """Mentions, separated by commas."""
        if not isinstance(value, list):
            return _mention(value, self.entity)
        return ", ".join(_mention(each, self.entity) for each in value)


@dataclass(frozen=True, slots=True)
class UserSelect(_Select):
    """One person."""

    entity: ClassVar[_Entity] = _USER


@dataclass(frozen=True, slots=True)
class ChannelSelect(_Select):
    """One public or private channel."""

    entity: ClassVar[_Entity] = _CHANNEL


@dataclass(frozen=True, slots=True)
class MultiUserSelect(_MultiSelect):
    """Several people."""

    entity: ClassVar[_Entity] = _USER


@dataclass(frozen=True, slots=True)
class MultiChannelSelect(_MultiSelect):
    """Several public or private channels."""

    entity: ClassVar[_Entity] = _CHANNEL


def _checked(chosen: Any, entity: _Entity) -> str:
    if not entity.is_id(chosen):
        raise UnreadableInput(entity.error)
    return str(chosen)


def _mention(value: Any, entity: _Entity) -> str:
    if value is UNSET or value is None:
        return ""
    if entity.is_id(value):
        return entity.mention.format(value)
    return escape(value if isinstance(value, str) else as_json(value))
