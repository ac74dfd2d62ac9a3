"""Interrupts the wait for a run as Ctrl-C does, again and again, each time at another moment.

Run as a program, with a database's URL, it prints how often the wait ended and left the run to others.
"""

import os
import signal
import sys
import threading
import time

from signoff import flow, pause_flow_run
from signoff.flows.engines.embedded.inline import run_to_completion
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.runs import runs

TIMES = 100
STEP_SECONDS = 0.0001
MOMENTS = 50
"""The moments are so many, and one step apart. The first is when the run is about to wait."""

read_end, write_end = os.pipe()


@flow
def asking() -> None:
    """Say that it is about to wait, and wait for an answer."""
    os.write(write_end, b".")
    pause_flow_run(timeout=None)


def interrupt_after_each_byte(process: int) -> None:
    """Send SIGINT a moment after each byte."""
    for number in range(TIMES):
        os.read(read_end, 1)
        time.sleep(number % MOMENTS * STEP_SECONDS)
        os.kill(process, signal.SIGINT)


def wake_waiters(db: Database, ended: threading.Event) -> None:
    """Announce changes all the time, so that most interrupts come while a waiter wakes up."""
    while not ended.wait(STEP_SECONDS):
        db.changes.announce([Topic.STATES])


def main(url: str) -> int:
    """How often the wait ended, with the run left to others."""
    if os.fork() == 0:
        interrupt_after_each_byte(os.getppid())
        os._exit(0)
    db, left, ended = Database(url), 0, threading.Event()
    waking = threading.Thread(target=wake_waiters, args=(db, ended))
    waking.start()
    for _ in range(TIMES):
        run = asking.create_run(db=db)
        try:
            run_to_completion(db, asking, run.id)
        except KeyboardInterrupt:
            left += runs.get(db, run.id).lease_owner is None
    ended.set()
    waking.join()
    os.wait()
    db.close()
    return left


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
