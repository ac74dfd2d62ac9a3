"""What an input element of a form is, whatever its type."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block


class InvalidInput(Exception):
    """What a person typed is no value of the field's type; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen, and what it is called."""

    value: Any
    label: str


class Element(ABC):
    """One of Slack's inputs, set up for one field. It is a pure function of its attributes.

    Attributes:
        text_type: The kind of text object that `show` writes for.
        prefillable: Whether Slack can fill it in. Where it cannot, an input left empty keeps the value.
    """

    __slots__ = ()

    text_type: ClassVar[Literal["plain_text", "mrkdwn"]] = "plain_text"
    prefillable: ClassVar[bool] = True

    @property
    def format_hint(self) -> str | None:
        """How a value is to be given, where that is not plain to see."""
        return None

    @abstractmethod
    def draw(self, value: Any) -> Block | None:
        """The element filled in with `value`, empty where `value` cannot be filled in.

        `UNSET` and `None` draw it empty. `None` is returned for a value that the element would change:
        a text longer than Slack can hold.
        """

    @abstractmethod
    def read(self, state: Mapping[str, Any]) -> Any:
        """The JSON value that Slack reports, `UNSET` when the input was left empty.

        Raises:
            InvalidInput: The input holds something that is no such value.
        """

    @abstractmethod
    def show(self, value: Any) -> str:
        """`value` as people read it, of any length."""
