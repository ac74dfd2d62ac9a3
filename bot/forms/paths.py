"""Values within values, addressed by path, and the ids of the blocks that ask for them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from signoff.bot.forms.unset import UNSET

Path = tuple[str, ...]

_LONGEST_BLOCK_ID = 255


@dataclass(frozen=True, slots=True)
class Location:
    """Where a part of a form stands.

    Attributes:
        path: The names that lead to its value.
        pointer: The same as a JSON Pointer, in which `~k1` stands for the second kind of a union: two kinds
            may have a field of the same name. A name cannot contain that, since its `~` is escaped.
        within: The labels of the models around it.
        kinds: How many kinds of unions it stands within.
    """

    path: Path = ()
    pointer: str = ""
    within: tuple[str, ...] = ()
    kinds: int = 0

    def at(self, name: str) -> "Location":
        """The location of a property of what stands here."""
        return replace(self, path=(*self.path, name), pointer=f"{self.pointer}/{_escaped(name)}")

    def under(self, label: str) -> "Location":
        """The same location for what stands under that label."""
        return replace(self, within=(*self.within, label))

    def kind(self, number: int) -> "Location":
        """The location of one of the kinds of what stands here."""
        return replace(self, pointer=f"{self.pointer}~k{number}", kinds=self.kinds + 1)

    @property
    def depth(self) -> int:
        """How many models and unions it stands within, its own place included."""
        return len(self.path) + self.kinds

    @property
    def block_id(self) -> str:
        """The id of the block that asks for what stands here: the pointer, hashed where it is too long."""
        if len(self.pointer) <= _LONGEST_BLOCK_ID - 20:
            return self.pointer
        return "#" + hashlib.sha256(self.pointer.encode(errors="surrogatepass")).hexdigest()


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def value_at(values: Any, path: Path) -> Any:
    """What stands at `path`, `UNSET` when nothing does."""
    for name in path:
        if not isinstance(values, Mapping) or name not in values:
            return UNSET
        values = values[name]
    return values


def put(values: dict[str, Any], path: Path, value: Any) -> None:
    """Set what stands at `path`; the mappings on the way are made where there are none."""
    for name in path[:-1]:
        if not isinstance(values.get(name), dict):
            values[name] = {}
        values = values[name]
    values[path[-1]] = value


def drop(values: dict[str, Any], path: Path) -> None:
    """Remove what stands at `path`, if anything does."""
    inside = value_at(values, path[:-1])
    if isinstance(inside, dict):
        inside.pop(path[-1], None)
