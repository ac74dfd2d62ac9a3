"""Processes whose system clock is wrong, or is set while they run."""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest


class SystemClock:
    """The system clock of the processes that are started with its `environment`.

    Args:
        folder: Where a file for it is kept.
        ahead: By how many seconds it is ahead; negative if it is behind.
    """

    def __init__(self, folder: Path, *, ahead: int = 0) -> None:
        self._file = folder / "system-clock"
        self.set(ahead=ahead)

    def set(self, *, ahead: int) -> None:
        """Set it, also for processes that run already."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+d}")
        # Replaced at once, so that nobody reads half of it.
        new.replace(self._file)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process has to be started with."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # Only the system clock is set. What counts the seconds since the start is not.
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def _library() -> Path:
    spec = find_spec("libfaketime")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for found in Path(folder).glob("vendor/libfaketime/src/libfaketime.so.1"):
            return found
    if os.environ.get("CI"):
        pytest.fail(f"libfaketime has no library for {sys.platform}")
    pytest.skip(f"libfaketime has no library for {sys.platform}")
