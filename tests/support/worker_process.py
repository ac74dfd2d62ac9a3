"""A worker in a process of its own, to be killed.

Run as a program, with a database's URL and flow files, it works until its standard input is closed.
"""

import sys
from pathlib import Path
from typing import IO

from signoff import Flow
from signoff.flows.code.module_loading import load_file
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from tests.support.child_process import ChildProcess


class WorkerProcess(ChildProcess):
    """A worker on the flows of some files. Usable as a context manager, which ends it in good order."""

    def __init__(self, url: str, *files: Path, errors: IO[bytes] | None = None) -> None:
        super().__init__(__name__, url, *map(str, files), errors=errors)


def main(url: str, *files: str) -> None:
    """Work until the standard input is closed."""
    db = Database(url)
    flows = [value for file in files for value in vars(load_file(file)).values() if isinstance(value, Flow)]
    with Worker(db, flows):
        print("ready", flush=True)
        sys.stdin.read()
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
