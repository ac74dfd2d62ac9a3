"""Runs a flow to its end in the process that calls it."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.users import this_user_if_known
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.async_bridge import run_in_thread
from signoff.flows.engines.embedded.completion import Completion
from signoff.flows.engines.embedded.worker import MAX_POLL_SECONDS, Worker
from signoff.flows.errors import FlowsError, RunCancelled
from signoff.flows.flow import Flow
from signoff.flows.settings import default_database
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import runs


def run_inline(flow: Flow[Any, Any], parameters: dict[str, Any]) -> Any:
    """Create a run of `flow` in the database of `DATABASE_URL`, and run it to its end in this process.

    Raises:
        Exception: What the flow raises.
        FlowsError: If the run needs attention, or ended in another worker without completing.
        RunCancelled: If somebody cancels the run.
    """
    db = default_database()
    end = run_to_completion(db, flow, flow.create_run(parameters, db=db, requester=this_user_if_known()).id)
    if end.error is not None:
        raise end.error
    return end.result


def run_to_completion(db: Database, flow: Flow[Any, Any], run_id: str) -> Completion:
    """Work until a run has ended, here or in another worker, and its hooks have run. Ctrl-C leaves the run to others.

    Returns:
        How it ended.

    Raises:
        RunCancelled: If somebody cancels the run.
        KeyboardInterrupt: If Ctrl-C is pressed.
    """
    # Python raises `KeyboardInterrupt` in the main thread between any two steps, even where it has just acquired a
    # lock. The worker's other threads would wait for that lock for ever. So another thread does the work, and the main
    # thread only waits for it: in a system call, since waiting for a future or a thread takes a lock as well.
    interrupted = threading.Event()
    done: Future[Completion] = Future()
    with db.changes.subscribe(Topic.STATES) as changes, _pipe() as (finished, finish):

        def work() -> Completion:
            try:
                return _work_until_done(db, flow, run_id, changes, interrupted)
            finally:
                os.write(finish, b".")

        run_in_thread(done, work, name="signoff-inline")
        try:
            os.read(finished, 1)
        except KeyboardInterrupt:
            interrupted.set()
            changes.wake()
            os.read(finished, 1)
            raise
        return done.result()


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    try:
        yield read_end, write_end
    finally:
        os.close(read_end)
        os.close(write_end)


def _work_until_done(
    db: Database, flow: Flow[Any, Any], run_id: str, changes: Subscription, interrupted: threading.Event
) -> Completion:
    with DeadlineEnforcer(db), Worker(db, [flow], only=run_id) as worker:
        while not (run := retry_until_available(lambda: runs.get(db, run_id))).is_done and not interrupted.is_set():
            changes.wait(MAX_POLL_SECONDS)
    if run.state is RunState.CANCELLED:
        raise RunCancelled(run.message)
    if worker.end is not None:
        return worker.end
    if run.state is RunState.COMPLETED:
        return Completion(result=run.result)
    return Completion(error=FlowsError(f"The run {run.name} is {run.state}: {run.error or run.message}"))
