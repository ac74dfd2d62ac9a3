"""The interface of a form's inputs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block


class UnreadableInput(Exception):
    """What a person entered is not a value of the field's type. The message says what to enter instead."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen, and its label.

    Attributes:
        full: What the label stands for, if that is longer than a label can be; otherwise empty.
    """

    value: Any
    label: str
    full: str = ""


class Element(ABC):
    """One of Slack's inputs, configured for one field. Its methods depend on its attributes only.

    Attributes:
        text_type: The type of the text object that the result of `show` is for.
        prefillable: Whether Slack can show a value in the input. If not, an empty input keeps the value.
    """

    __slots__ = ()

    text_type: ClassVar[Literal["plain_text", "mrkdwn"]] = "plain_text"
    prefillable: ClassVar[bool] = True

    @property
    def format_hint(self) -> str | None:
        """How to enter a value, if that is not obvious."""
        return None

    @abstractmethod
    def draw(self, value: Any) -> Block | None:
        """The element with `value` filled in. It is empty for `UNSET`, for `None`, and for a value of another type.

        Returns:
            `None` if the element would change the value, such as a text that is too long for Slack.
        """

    @abstractmethod
    def read(self, state: Mapping[str, Any]) -> Any:
        """The JSON value that Slack reports; `UNSET` for an empty input.

        Raises:
            UnreadableInput: If the input holds anything else.
        """

    @abstractmethod
    def show(self, value: Any) -> str:
        """`value` as people read it. It can be of any length."""
