"""Moments as people type them."""

import re
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"([0-9]{1,5})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def moment(text: str) -> datetime | None:
    """The moment that `2026-05-01`, `2026-05-01T12:00+02:00` or `90d` (an age) means; `None` if it means none.

    Without an offset it is in UTC, as everything that is printed.
    """
    if (age := _AGE.fullmatch(text)) is not None:
        try:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        except OverflowError:
            return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
