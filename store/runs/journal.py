"""The journal of a run: the steps that have ended, by name, so that none of them runs twice."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select, update

from signoff.store.database import Database
from signoff.store.leases import IS_HELD, require_lease
from signoff.store.prompts.prompts import ALL_OF_RUN
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import Step
from signoff.store.rows import prompt, step
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import BoundStatement, Statement, param
from signoff.store.sql.transactions import DeferredResult, Transaction
from signoff.store.tables import flow_runs, steps

RETRIED = "past"
"""The format of a failed step that is tried again. The database keeps it, under another key."""

_OF_RUN = Statement(select(steps).where(steps.c.run_id == param("run_id"), steps.c.format != RETRIED))
_KNOWN = select(steps.c.key).where(steps.c.run_id == param("run_id"), steps.c.key == param("key"))
_COLUMNS = steps.c.keys()
_GIVEN = select(*(param(column.name, column.type).label(column.name) for column in steps.c))
# One statement, to save a round trip. It inserts nothing if the run is no longer held or the step is there already, and
# returns the key if it did insert the step.
_ADD = Statement(
    steps.insert()
    .from_select(_COLUMNS, _GIVEN.select_from(flow_runs).where(IS_HELD, ~_KNOWN.exists()).with_for_update(of=flow_runs))
    .returning(steps.c.key)
)


@dataclass(frozen=True, slots=True)
class History:
    """What a replay goes by.

    Attributes:
        steps: What the run has recorded, by key.
        prompts: What it has asked, by key.
    """

    steps: dict[str, Step]
    prompts: dict[str, Prompt]

    @classmethod
    def of(cls, steps: DeferredResult, prompts: DeferredResult) -> "History":
        """From the results of `history_queries`."""
        asked = [prompt(row) for row in prompts.rows()]
        return cls(
            {row.key: step(row) for row in steps.rows()}, {each.key: each for each in asked if not each.is_superseded}
        )


def history_queries(run_id: str) -> tuple[BoundStatement, BoundStatement]:
    """The queries that find a run's history."""
    return _OF_RUN.bind(run_id=run_id), ALL_OF_RUN.bind(run_id=run_id)


def history(db: Database, run_id: str) -> History:
    """What a run has recorded and asked so far."""
    with db.read() as reading:
        return History.of(*reading.execute_deferred(*history_queries(run_id)))


def load(db: Database, run_id: str) -> dict[str, Step]:
    """What a run has recorded, by key."""
    with db.read() as reading:
        return {row.key: step(row) for row in reading.rows(_OF_RUN, run_id=run_id)}


@transactional
def record(db: Database, done: Step, *, fencing_token: int) -> None:
    """Write a step that has ended. It is written once, however often this is called after a commit in doubt.

    Raises:
        LeaseLost: If another worker holds the run now. The step is not recorded.
    """
    with db.write() as tx:
        (added,) = tx.run_at_commit(
            _ADD.bind(fencing_token=fencing_token, **{name: getattr(done, name) for name in _COLUMNS})
        )
    if not added.rows():
        # Recorded before, which is well; or no longer held, which is an error.
        with db.write() as tx:
            require_lease(tx, done.run_id, fencing_token)


@transactional
def forget_failed(db: Database, run_id: str, *, fencing_token: int, scope: str) -> None:
    """Let the failed steps whose keys begin with `scope` run again. Finished ones stay.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        require_lease(tx, run_id, fencing_token)
        archive_failed(tx, run_id, scope=scope)


def archive_failed(tx: Transaction, run_id: str, *, scope: str = "") -> None:
    """Free the keys of the failed steps whose keys begin with `scope`, within an open transaction."""
    failed = (steps.c.run_id == run_id) & (steps.c.format == "error") & steps.c.key.startswith(scope, autoescape=True)
    tx.execute(update(steps).where(failed).values(key=steps.c.key + f"~{uuid.uuid4()}", format=RETRIED))


def retried_keys(db: Database, run_id: str) -> set[str]:
    """The keys of a run's steps that failed and were, or will be, tried again."""
    query = select(steps.c.key).where(steps.c.run_id == run_id, steps.c.format == RETRIED)
    with db.read() as connection:
        return {key.rpartition("~")[0] for key in connection.execute(query).scalars()}
