"""Values within values, addressed by path."""

from collections.abc import Mapping
from typing import Any

from bot.forms.element import UNSET

Path = tuple[str, ...]


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
