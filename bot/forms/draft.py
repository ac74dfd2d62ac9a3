"""What a person has filled in so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """Values on their way, and what else was typed.

    Attributes:
        values: The values, as far as there are any; nobody has validated them.
        raw_input: What is no value, by the id of the block that it was typed in: a text that cannot be read, the kind
            that was chosen of a union, the values of the kinds that were not, and the drafts of entries.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    raw_input: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What `of_json` reads."""
        return {"values": dict(self.values), "raw_input": dict(self.raw_input)}

    @classmethod
    def of_json(cls, stored: Any) -> "Draft | None":
        """The draft that was stored; `None` where it is none."""
        match stored:
            case {"values": dict() as values, "raw_input": dict() as raw_input}:
                return cls(values, raw_input)
            case {"values": dict() as values, "kept": dict() as raw_input}:  # as it was stored until version 0.1
                return cls(values, raw_input)
            case _:
                return None
