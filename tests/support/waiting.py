"""Waiting for the database to become as a test expects it, woken by each change."""

import time
from collections.abc import Callable
from typing import TypeVar

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a test gives up."""

LOOK_EVERY = 0.1
"""Seconds until a test looks again although nothing was announced."""


def until(db: Database, look: Callable[[], T | None], *, what: str = "the change") -> T:
    """What `look` finds, as soon as it finds something that is true."""
    end = time.monotonic() + PATIENCE
    with db.changes.subscribe(*Topic) as changes:
        while not (found := look()):
            assert time.monotonic() < end, f"waited in vain for {what}"
            # That a run was claimed, or a slot freed, is announced to nobody.
            changes.wait(LOOK_EVERY)
    return found


def until_state(db: Database, run_id: str, *states: RunState) -> FlowRun:
    """The run, once it is in one of these states."""

    def look() -> FlowRun | None:
        run = runs.get(db, run_id)
        assert run.state in states or not run.state.is_final, f"the run is {run.state}: {run.error}"
        return run if run.state in states else None

    return until(db, look, what=f"{run_id} to be {' or '.join(states)}")


def until_over(db: Database, run_id: str) -> FlowRun:
    """The run, once it is over."""
    return until(db, lambda: run if (run := runs.get(db, run_id)).state.is_final else None, what="the run's end")


def until_asked(db: Database, run_id: str, *, number: int = 1) -> Prompt:
    """The prompt that a run has open, once it has asked that many."""

    def look() -> Prompt | None:
        asked = prompts.of_run(db, run_id)
        waits = runs.get(db, run_id).state.is_waiting
        return asked[-1] if waits and len(asked) >= number and asked[-1].is_open else None

    return until(db, look, what=f"question {number}")
