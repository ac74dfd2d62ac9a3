"""The lists of prompts that `/approvals` shows: what each holds, in words, and how its buttons name it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, get_args

from signoff.bot.blockkit.markup import escape

ListName = Literal["list", "all", "mine", "asked", "overdue", "flow"]

_MAX_DIGITS = 6
_MAX_NAME = 1500

_WORDS: Mapping[ListName, tuple[str, str, str]] = {
    "list": ("prompt is waiting", "prompts are waiting", "for your answer"),
    "all": ("prompt is waiting", "prompts are waiting", "for an answer"),
    "mine": ("prompt is waiting", "prompts are waiting", "for you by name or group"),
    "asked": ("prompt is waiting", "prompts are waiting", "for an answer to your request"),
    "overdue": ("prompt is", "prompts are", "overdue"),
    "flow": ("prompt is waiting", "prompts are waiting", "for an answer in {}"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of open prompts that a person may see.

    Attributes:
        name: The sub-command that shows it. `list` has what waits for the person, `mine` those of them that name the
            person or one of their groups, `asked` what they have requested, and `overdue` what should have been
            answered by now.
        flow: The name of the flow, for `flow`; otherwise empty.
    """

    name: ListName = "list"
    flow: str = ""

    def count(self, number: int, *, are_all: bool = True) -> str:
        """How many there are, as mrkdwn: `3 prompts are waiting for your answer.`"""
        one, many, what = _WORDS[self.name]
        about = what.format(escape(self.flow, 80))
        if number == 0 and are_all:
            return f"Nothing is {'overdue' if self.name == 'overdue' else f'waiting {about}'}."
        return f"{'' if are_all else 'At least '}{number} {one if number == 1 else many} {about}."

    def button(self, page: int) -> str:
        """The value of the button that shows a page of this list. `read` reads it."""
        return f"{self.name} {page} {self.flow[:_MAX_NAME]}".strip()

    @classmethod
    def read(cls, claimed: str) -> tuple[Self, int]:
        """The list and the page that a button claims. What makes no sense is the first page of what waits."""
        name, _, rest = claimed.partition(" ")
        page, _, flow = rest.partition(" ")
        if name.isdecimal():
            # A button of an earlier version, which had one list.
            return cls("all"), page_in(name) or 1
        known: ListName | None = next((each for each in get_args(ListName) if each == name), None)
        return (cls() if known is None else cls(known, flow)), page_in(page) or 1


def page_in(text: str) -> int | None:
    """The number of a page; `None` if it is not a number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _MAX_DIGITS else None
