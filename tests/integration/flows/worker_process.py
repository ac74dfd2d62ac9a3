"""A worker in a process of its own, to be killed.

Run as a program, with a database's URL and a flow file, it works until its standard input is closed.
"""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from flows import Flow
from flows.engines.embedded import Worker
from flows.loading import load_file
from store.database import Database

ROOT = Path(__file__).parents[3]


class WorkerProcess:
    """A worker on the flows of a file. Usable as a context manager, which ends it in good order."""

    def __init__(self, url: str, file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", __name__, url, str(file)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._close()
            assert self._process.wait(timeout=30) == 0

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def main(url: str, file: str) -> None:
    """Work until the standard input is closed."""
    db = Database(url)
    flows = [value for value in vars(load_file(file)).values() if isinstance(value, Flow)]
    with Worker(db, flows):
        print("ready", flush=True)
        sys.stdin.read()
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
