"""Other processes of a flow: they record nothing for its run, so what would have to be recorded is refused there.

A process that is forked has a copy of everything, the run's context too, see `Journal.check_open`. One that is started
afresh knows nothing of a run: a task would be an ordinary function there, and run again in each replay. So a process in
which runs are executed tells the processes that it starts.
"""

import os
import sys
import threading

from signoff.flows.errors import InvalidFlow

_VARIABLE = "SIGNOFF_RUNS_FLOWS"
"""Set while runs are executed; the id of the process that does it."""

_lock = threading.Lock()
_workers = 0

ADVICE = (
    "Steps are recorded only in the process of their run. Call tasks in the flow itself, side by side with submit() or "
    "map(), and give plain functions to other processes."
)


def worker_started() -> None:
    """Have the processes that are started from now on know that this one executes runs."""
    global _workers
    with _lock:
        _workers += 1
        os.environ[_VARIABLE] = str(os.getpid())


def worker_stopped() -> None:
    """The opposite, for each call of the other."""
    global _workers
    with _lock:
        _workers -= 1
        if not _workers:
            os.environ.pop(_VARIABLE, None)


def refuse_in_child(what: str) -> None:
    """Refuse a call outside of a run if `multiprocessing` has started this process while another one executed runs.

    Args:
        what: What is called, for the message: `The task build`.

    Raises:
        InvalidFlow: If it has.
    """
    if os.environ.get(_VARIABLE) in (None, str(os.getpid())) or "multiprocessing" not in sys.modules:
        return
    import multiprocessing

    if multiprocessing.parent_process() is not None:
        raise InvalidFlow(f"{what} is called in a process that a flow has started. {ADVICE}")
