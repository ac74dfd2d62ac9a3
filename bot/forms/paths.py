"""Paths of values in an answer, and the ids of the blocks that ask for them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from signoff.bot.forms.unset import UNSET

Path = tuple[str, ...]

_MAX_BLOCK_ID = 255


@dataclass(frozen=True, slots=True)
class Location:
    """Where a part of a form is.

    Attributes:
        path: The names that lead to its value.
        pointer: The path as a JSON Pointer, in which `~k1` stands for the second variant of a union, because two
            variants may have fields of the same name. No name can contain that, because its `~` is escaped.
        within: The labels of the models that contain it.
        unions: The number of unions that contain it.
    """

    path: Path = ()
    pointer: str = ""
    within: tuple[str, ...] = ()
    unions: int = 0

    def at(self, name: str) -> "Location":
        """The location of a property of this value."""
        return replace(self, path=(*self.path, name), pointer=f"{self.pointer}/{_escaped(name)}")

    def under(self, label: str) -> "Location":
        """This location, for parts that belong under that label."""
        return replace(self, within=(*self.within, label))

    def variant(self, number: int) -> "Location":
        """The location of one of this value's variants."""
        return replace(self, pointer=f"{self.pointer}~k{number}", unions=self.unions + 1)

    @property
    def depth(self) -> int:
        """The number of names and unions that lead here."""
        return len(self.path) + self.unions

    @property
    def block_id(self) -> str:
        """The id of the block that asks for this value: the pointer, or its hash if it is too long."""
        if len(self.pointer) <= _MAX_BLOCK_ID - 20:
            return self.pointer
        return "#" + hashlib.sha256(self.pointer.encode(errors="surrogatepass")).hexdigest()


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def value_at(values: Any, path: Path) -> Any:
    """The value at `path`; `UNSET` if there is none."""
    for name in path:
        if not isinstance(values, Mapping) or name not in values:
            return UNSET
        values = values[name]
    return values


def put(values: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at `path`, and create the mappings that are missing on the way."""
    for name in path[:-1]:
        if not isinstance(values.get(name), dict):
            values[name] = {}
        values = values[name]
    values[path[-1]] = value


def drop(values: dict[str, Any], path: Path) -> None:
    """Remove the value at `path`, if there is one."""
    inside = value_at(values, path[:-1])
    if isinstance(inside, dict):
        inside.pop(path[-1], None)
