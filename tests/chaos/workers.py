"""A worker that is going to be killed."""

import threading
from contextlib import suppress
from pathlib import Path

from signoff import Flow
from signoff.flows.code.module_loading import load_file
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from tests.chaos.processes import Ready


def work(ready: Ready, url: str, file: str) -> None:
    """Work on the flows of a file until the process is killed."""
    flows = [value for value in vars(load_file(Path(file))).values() if isinstance(value, Flow)]
    db = Database(url)
    while True:
        # Like a supervisor that restarts a worker which could not start.
        with suppress(DatabaseUnavailable), Worker(db, flows):
            ready()
            threading.Event().wait()
