"""Inputs for e-mail addresses and web addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from signoff.bot.blockkit.blocks import INPUT_TEXT, Block
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.text import Text, typed_text
from signoff.bot.forms.unset import UNSET


@dataclass(frozen=True, slots=True)
class Address(Element):
    """An address, which Slack's client checks before it sends it."""

    kind: Literal["email_text_input", "url_text_input"]

    def draw(self, value: Any) -> Block | None:
        """The input, for which phones show the right keyboard."""
        typed = self.show(value)
        if len(typed) > INPUT_TEXT:
            return None
        return {"type": self.kind} | ({"initial_value": typed} if typed else {})

    def read(self, state: Mapping[str, Any]) -> Any:
        """The address, without surrounding space."""
        return typed_text(state).strip() or UNSET

    def show(self, value: Any) -> str:
        """The address."""
        return Text(multiline=False).show(value)
