"""The setting `DATABASE_URL`, read without pydantic, because importing pydantic takes longer than most commands run."""

import os
from collections.abc import Mapping
from pathlib import Path

from signoff.flows.errors import BadSettings

DEFAULT = "sqlite:///signoff.db"

_ENV_FILE = Path(".env")


def database_url() -> str:
    """`DATABASE_URL` from the environment or from `.env` in the working directory, as `DatabaseSettings` reads it.

    Raises:
        BadSettings: If the file is not text in UTF-8.
    """
    found = _setting(os.environ)
    if found is None and _ENV_FILE.is_file():
        from dotenv import dotenv_values

        try:
            found = _setting(dotenv_values(_ENV_FILE, encoding="utf-8"))
        except UnicodeDecodeError:
            raise unreadable_file() from None
    # A mounted secret ends in a line break.
    return DEFAULT if found is None else found.strip()


def unreadable_file() -> BadSettings:
    """The error for a `.env` that is not text in UTF-8."""
    return BadSettings(f"{_ENV_FILE} is not text in UTF-8. Save it as UTF-8, or set the variables in the environment.")


def _setting(values: Mapping[str, str | None]) -> str | None:
    # pydantic-settings ignores the case of names.
    return next((value for name, value in values.items() if name.upper() == "DATABASE_URL"), None)
