"""The hash chain of a prompt's ledger: what is hashed, and how.

Each line has a number within its prompt and the SHA-256 hash of the previous line's hash, its own number and the hash
of its content. So no line can be changed, removed, added or moved without every later hash being wrong. The hash of the
newest line is kept outside of the ledger as well, in `ledger_heads`, so lines that are missing at the end are noticed.

The rules here are a format: databases keep hashes that were made by them, so they never change.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from signoff.store.sql.column_types import storable

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

BEGINNING = ""
"""Stands for the hash before the first line."""

BEGINNING_OF_EARLIER = "from before the chain"
"""The same for a prompt that had lines before there was a chain, which an upgrade has chained as it found them."""


def content_hash(prompt_id: str, at: datetime, event: str, actor: str | None, detail: Mapping[str, Any]) -> str:
    """The hash of a line's content, which is the same whichever database keeps the line."""
    content = [
        prompt_id,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        event,
        None if actor is None else storable(actor),
        # As it is read back: JSON turns the names of fields into text, and tuples into lists.
        json.loads(json.dumps(detail)),
    ]
    return _sha256(_canonical(content))


def line_hash(previous: str, number: int, content: str) -> str:
    """The hash of a line. The store computes the same in SQL, from the row that it updates.

    Args:
        previous: The hash of the line before.
        number: The line's number within its prompt, from 1.
        content: The line's `content_hash`.
    """
    return _sha256(f"{previous} {number} {content}")


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
