"""What a person has filled in so far, as it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PRESSED = "pressed"
"""The key in the raw input of what a button filled in. No block has this id: theirs begin with a slash."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Values that have not been validated, and input that is not a value yet.

    Attributes:
        values: The values, as far as there are any.
        raw_input: The rest, by block id: text that cannot be read, the chosen variant of a union, the values of the
            other variants, and the drafts of list entries. And what a button filled in, see `with_press`.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    raw_input: Mapping[str, Any] = field(default_factory=dict)

    def with_press(self, choice: Mapping[str, Any]) -> "Draft":
        """This draft with the values of the button that opens the form. `without_press` takes them out again."""
        return Draft({**self.values, **choice}, {**self.raw_input, _PRESSED: dict(choice)})

    def without_press(self, initial_values: Mapping[str, Any]) -> "Draft":
        """This draft without what a button filled in: whoever closes the form takes their press back.

        A value that was changed in the form since is kept.
        """
        pressed: Mapping[str, Any] = self.raw_input.get(_PRESSED, {})
        taken_back = {name for name, value in pressed.items() if self.values.get(name) == value}
        values = {name: value for name, value in self.values.items() if name not in taken_back}
        values |= {name: initial_values[name] for name in taken_back & initial_values.keys()}
        return Draft(values, {key: value for key, value in self.raw_input.items() if key != _PRESSED})

    def as_json(self) -> dict[str, Any]:
        """The draft as `of_json` reads it."""
        return {"values": dict(self.values), "raw_input": dict(self.raw_input)}

    @classmethod
    def of_json(cls, stored: Any) -> "Draft | None":
        """The stored draft; `None` if `stored` is not one."""
        match stored:
            case {"values": dict() as values, "raw_input": dict() as raw_input}:
                return cls(values, raw_input)
            case {"values": dict() as values, "kept": dict() as raw_input}:  # written by an earlier version
                return cls(values, raw_input)
            case _:
                return None
