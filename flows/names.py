"""Ids, names and the current time."""

import re
import uuid
from datetime import UTC, datetime


def new_id() -> str:
    """A new id: a UUID as text."""
    return str(uuid.uuid4())


def memorable_name() -> str:
    """A name for a run that people can remember, such as `brave-otter`, in the style of Prefect."""
    # Imported late: its lists of words take longer to load than most commands run.
    from coolname import generate_slug

    return generate_slug(2)


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def humanize(identifier: str) -> str:
    """An identifier as a person would write it: `ShirtOrder` and `shirt_order` become `Shirt order`.

    Abbreviations in capitals are kept: `HTTPRoute` becomes `HTTP route`.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\-]+", " ", identifier).strip()
    kept = [word if len(word) > 1 and word.isupper() else word.lower() for word in spaced.split()]
    text = " ".join(kept)
    return text[:1].upper() + text[1:]
