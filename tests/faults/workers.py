"""A worker under fire."""

import threading
from pathlib import Path

from flows import Flow
from flows.engines.embedded import Worker
from flows.loading import load_file
from store.database import Database
from tests.faults.processes import Ready


def work(ready: Ready, url: str, file: str) -> None:
    """Work on the flows of a file until the process is killed."""
    flows = [value for value in vars(load_file(Path(file))).values() if isinstance(value, Flow)]
    with Worker(Database(url), flows):
        ready()
        threading.Event().wait()
