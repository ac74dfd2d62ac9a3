"""E-mail addresses and web addresses, in the inputs that Slack has for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from signoff.bot.blockkit.blocks import INPUT_TEXT, Block
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.text import Text, typed_text
from signoff.bot.forms.unset import UNSET


@dataclass(frozen=True, slots=True)
class Address(Element):
    """A text that Slack's client checks before it sends it."""

    kind: Literal["email_text_input", "url_text_input"]

    def draw(self, value: Any) -> Block | None:
        """The input that offers the right keyboard."""
        typed = self.show(value)
        if len(typed) > INPUT_TEXT:
            return None
        return {"type": self.kind} | ({"initial_value": typed} if typed else {})

    def read(self, state: Mapping[str, Any]) -> Any:
        """The address without the space around it."""
        return typed_text(state).strip() or UNSET

    def show(self, value: Any) -> str:
        """The address itself."""
        return Text(multiline=False).show(value)
