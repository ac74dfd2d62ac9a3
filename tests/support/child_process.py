"""A module that works in a process of its own until its standard input is closed, or until it is killed."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.support.preloaded import start

ROOT = Path(__file__).parents[2]


class ChildProcess:
    """Started when it is made, and ready then. Usable as a context manager, which ends it in good order.

    Args:
        module: What is run. It prints `ready` once it works.
        errors: Where its standard error goes; to this process's own by default.
    """

    def __init__(self, module: str, *arguments: str, errors: IO[bytes] | None = None) -> None:
        self._process = start(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended, by itself or because it was killed."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()
        self._close()

    def wait(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        code = self._process.wait(timeout=30)
        self._close()
        return code

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
