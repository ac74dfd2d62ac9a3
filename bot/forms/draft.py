"""What a person has filled in so far, as it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """Values that have not been validated, and input that is not a value yet.

    Attributes:
        values: The values, as far as there are any.
        raw_input: The rest, by block id: text that cannot be read, the chosen variant of a union, the values of the
            other variants, and the drafts of list entries.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    raw_input: Mapping[str, Any] = field(default_factory=dict)

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
