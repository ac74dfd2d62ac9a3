"""Functions that both databases know, under one name."""

from hashlib import sha256
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

SQLITE_NAME = "sha256_hex"


class sha256_hex(FunctionElement[str]):  # noqa: N801 - named like a function of SQL
    """The SHA-256 hash of a text, as 64 hexadecimal digits."""

    type = String()
    inherit_cache = True


@compiles(sha256_hex, "postgresql")
def _postgresql(element: sha256_hex, compiler: Any, **options: Any) -> str:
    return f"encode(sha256(convert_to({compiler.process(element.clauses, **options)}, 'UTF8')), 'hex')"


@compiles(sha256_hex, "sqlite")
def _sqlite(element: sha256_hex, compiler: Any, **options: Any) -> str:
    # SQLite has no such function, so every connection gets this one.
    return f"{SQLITE_NAME}({compiler.process(element.clauses, **options)})"


def sqlite_sha256_hex(text: str) -> str:
    """The function that SQLite calls."""
    return sha256(text.encode()).hexdigest()
