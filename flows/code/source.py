"""Where a flow comes from: its file, named so that another process, on another machine perhaps, names it alike."""

import inspect
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

INTERACTIVE = "an interactive session"
"""Where code comes from that is in no file."""


def source_of(function: Callable[..., Any]) -> str:
    """Where a function was defined.

    In a project with a name, which is one with a `pyproject.toml`, that is `name: path/in/it.py`, wherever the project
    lies. In an installed package it is the path in `site-packages`. Elsewhere it is the whole path, as it was given:
    a symbolic link in it, like `current` in a folder of releases, stays one.
    """
    written_in = inspect.getsourcefile(inspect.unwrap(function))
    if written_in is None or not os.path.isfile(written_in):
        return INTERACTIVE
    return source_of_file(Path(written_in))


def source_of_file(given: Path) -> str:
    """The same for a file or folder."""
    file = given.resolve()
    if "site-packages" in file.parts:
        return Path(*file.parts[file.parts.index("site-packages") + 1 :]).as_posix()
    for folder in file.parents:
        if (name := _project(folder)) is not None:
            return f"{name}: {file.relative_to(folder).as_posix()}"
    return os.path.abspath(given)


@lru_cache(maxsize=256)
def _project(folder: Path) -> str | None:
    """The name of the project in a folder; `None` if there is none, or it has no name."""
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        # Imported late: it is slow to import, and most folders have no such file.
        import tomllib

        described = tomllib.loads(text)
        name = described.get("project", {}).get("name") or described.get("tool", {}).get("poetry", {}).get("name")
    except (OSError, ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None
