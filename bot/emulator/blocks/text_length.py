"""How much text there is in blocks."""

from typing import Any


def characters(value: Any) -> int:
    """The number of characters in all texts of a value."""
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    if isinstance(value, dict):
        own = value.get("text")
        nested = sum(characters(item) for item in value.values() if not isinstance(item, str))
        return nested + (len(own) if isinstance(own, str) else 0)
    return 0
