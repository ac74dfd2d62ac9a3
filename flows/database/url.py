"""The setting `DATABASE_URL`, read without pydantic, because importing pydantic takes longer than most commands run."""

import os
from collections.abc import Mapping
from pathlib import Path

DEFAULT = "sqlite:///signoff.db"

_ENV_FILE = Path(".env")


def database_url() -> str:
    """`DATABASE_URL` from the environment or from `.env` in the working directory, as `DatabaseSettings` reads it."""
    found = _setting(os.environ)
    if found is None and _ENV_FILE.is_file():
        from dotenv import dotenv_values

        found = _setting(dotenv_values(_ENV_FILE, encoding="utf-8"))
    # A mounted secret ends in a line break.
    return DEFAULT if found is None else found.strip()


def _setting(values: Mapping[str, str | None]) -> str | None:
    # pydantic-settings ignores the case of names.
    return next((value for name, value in values.items() if name.upper() == "DATABASE_URL"), None)
