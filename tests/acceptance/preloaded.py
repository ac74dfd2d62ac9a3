"""`signoff …` in a process of its own that has imported everything before it starts.

Nearly all of the processor time of a short command goes into its imports, and the tests type some three hundred. So one
process imports what commands need, and forks for each of them. Only imports have run in it, so a command starts in the
state in which it starts otherwise. What each command imports is tested where it is started as usual.

Run as a program, this is that process.
"""

import atexit
import gc
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]

IMPORTED = (
    *("signoff.bot.service", "signoff.bot.demo", "signoff.bot.cli", "alembic.command", "psycopg"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "rich.markdown", "rich.table"),
)
"""What commands import, some of it late."""


@dataclass(frozen=True)
class CommandLine:
    """What is typed, and where.

    Attributes:
        words: The program and its arguments.
        out: The file for its standard output.
        err: The file for its standard error.
        timeout: Seconds after which it is killed.
    """

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    out: str
    err: str
    timeout: int


class Preloaded:
    """The process that forks, as its parent sees it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._end)

    def run(self, line: CommandLine) -> int:
        """Run a command, and wait for its end; the exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(asdict(line)) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def _end(self) -> None:
        with self._process:
            self._process.kill()


@cache
def preloaded() -> Preloaded:
    """The process that forks, started on first use."""
    return Preloaded()


def main() -> None:
    """Fork for each command line on the standard input, and print its exit code."""
    for name in IMPORTED:
        import_module(name)
    commands = import_module("signoff.bot.cli")
    for module in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        import_module(module.name)
    gc.collect()
    gc.freeze()
    for text in sys.stdin:
        child = os.fork()
        if child == 0:
            become(CommandLine(**json.loads(text)))
            os._exit(ended(commands.main))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(line: CommandLine) -> None:
    """Make of this process the one that a shell would start for the command line."""
    signal.alarm(line.timeout)
    os.chdir(line.folder)
    os.environ.clear()
    os.environ.update(line.environment)
    sys.argv = [*line.words]
    sys.path[0] = os.path.dirname(line.words[0])
    for number, file in enumerate((os.devnull, line.out, line.err)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    # This process has read ahead in the one that it had.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115


def ended(command: Callable[[], object]) -> int:
    """Run it and do what Python does at the end, but leave the memory, which would be copied first; the exit code."""
    code = 0
    try:
        command()
    except SystemExit as end:
        code = int(end.code or 0)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


if __name__ == "__main__":
    main()
