"""Compiled modules for the tests, kept where they disturb nobody."""

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".pytest_cache" / "bytecode"


def keep_in_cache() -> None:
    """Compile every module once, although `PYTHONDONTWRITEBYTECODE` is set.

    The tests start some 300 processes. Each would compile all of its modules, which takes three times as long as all
    else that it does. The compiled modules go to pytest's cache folder, so none appears beside a source file. Processes
    that the tests start inherit the setting. Without `PYTHONDONTWRITEBYTECODE`, Python's own cache does the same, and
    nothing changes.
    """
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(FOLDER)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
