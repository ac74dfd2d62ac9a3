"""The real `signoff`, typed in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signoff.store.database import Database
from tests.support.preloaded import start

SIGNOFF = Path(sys.executable).with_name("signoff")
REQUEST_TIMEOUT = 60.0
OURS = ("SLACK_", "SIGNOFF_", "DATABASE_", "PREFECT_")


@dataclass(frozen=True)
class Said:
    """What a command that has ended has said.

    Attributes:
        code: Its exit code.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for scripts."""
        return json.loads(self.out)


class Shell:
    """A folder and an environment in which `signoff` is typed; its database is the folder's `signoff.db`.

    Args:
        folder: The working directory.
        executable: Which `signoff` to run; by default the one of this environment.
        environment: What it gets besides this process's environment without Signoff's own settings.
    """

    def __init__(self, folder: Path, executable: Path = SIGNOFF, /, **environment: str) -> None:
        self.folder = folder
        self._executable = executable
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self._environment = {**inherited, "COLUMNS": "200", **environment}

    def __call__(self, *arguments: str, **environment: str) -> Said:
        """Type `signoff …`, and wait for its end."""
        ended = start(
            [str(self._executable), *arguments],
            cwd=self.folder,
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with ended:
            try:
                out, err = ended.communicate(timeout=REQUEST_TIMEOUT)
            finally:
                ended.kill()
            return Said(ended.returncode, out, err)

    @contextmanager
    def started(self, *arguments: str, program: Path | None = None) -> Iterator[subprocess.Popen[str]]:
        """Type `signoff …`, and go on while it runs; it is killed at the end of the block if it still does."""
        with start(
            [str(program or self._executable), *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database of the folder."""
        db = Database(f"sqlite:///{self.folder / 'signoff.db'}")
        try:
            yield db
        finally:
            db.close()

    def write(self, name: str, text: str) -> str:
        """Write a file into the folder; gives its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The first line on stderr that has these words in it, as soon as it is written."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return line
    raise AssertionError(f"It ended without saying {words!r}: {''.join(seen)}")
