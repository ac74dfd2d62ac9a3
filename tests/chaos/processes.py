"""Processes to be killed, forked from one that has loaded everything, so that each starts in milliseconds."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(
    [
        "tests.chaos.bots",
        "tests.chaos.people",
        "tests.chaos.workers",
        # Otherwise loaded at first use.
        "jsonschema.validators",
        "psycopg",
        "referencing",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.dialects.sqlite",
    ]
)

Ready = Callable[[], None]
"""Called in the process once it is at work."""


class Victim:
    """A function in a process of its own, until it is killed.

    Args:
        main: What to run. It receives the function to call once it is at work, then `arguments`.
        errors: Where its standard error goes.
    """

    def __init__(self, main: Callable[..., None], *arguments: str, errors: Path) -> None:
        self._heard, speak = _FORKED.Pipe(duplex=False)
        self._process = _FORKED.Process(target=_run, args=(main, arguments, errors, speak), daemon=True)
        self._process.start()
        speak.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    def until_ready(self) -> None:
        """Returns as soon as it is at work.

        Raises:
            EOFError: If it ends before that.
        """
        self._heard.recv()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.join()
        self._heard.close()


def _run(main: Callable[..., None], arguments: tuple[str, ...], errors: Path, speak: Connection) -> None:
    with errors.open("ab") as file:
        os.dup2(file.fileno(), 2)
    main(lambda: speak.send("ready"), *arguments)
