"""The real command, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.preloaded import start

REQUEST_TIMEOUT = 30.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
SIGNOFF = Path(sys.executable).with_name("signoff")
OURS = ("SLACK_", "SIGNOFF_", "DATABASE_", "PREFECT_")


class Command:
    """`signoff …`, started in a folder of its own. Leaving a `with` kills it, if it has not ended.

    Args:
        folder: Where it works, and where what it says on stderr is kept.
        environment: What it gets besides this process's environment without Signoff's own settings.
        executable: Which `signoff` to start; by default the one of this environment.
    """

    def __init__(
        self,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        executable: Path = SIGNOFF,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self._said = folder / "stderr.txt"
        with self._said.open("ab") as stderr:
            self._process = start(
                [str(executable), *arguments],
                cwd=folder,
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def address(self) -> str:
        """The address that it prints, as soon as it does."""
        found = ADDRESS.search(self.line_with("http://127.0.0.1:"))
        assert found is not None
        return found[0]

    def line_with(self, words: str) -> str:
        """The next line on stdout that has these words in it, as soon as it is printed."""
        printed = []
        for line in self._process.stdout or ():
            printed.append(line)
            if words in line:
                return line
        raise AssertionError(f"It ended without saying {words!r}: {''.join(printed)}{self.complaints()}")

    def interrupt(self) -> int:
        """Send what Ctrl-C sends and wait for the end; gives the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; gives the exit code."""
        return self._process.wait(REQUEST_TIMEOUT)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait()

    def complaints(self) -> str:
        """Everything it wrote to stderr."""
        return self._said.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
