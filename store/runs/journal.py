"""The journal of a run: the steps that have ended, by name, so that none of them runs twice.

A step that has begun is recorded, too, where something is recorded that only it can explain: what it contains, or what
ran beside it with equal arguments. Most steps contain nothing, so most have one row, which is written when they end.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import literal, select, update

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

BEGUN = "begun"
"""The format of a step that has not ended, as far as is recorded."""

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
# Within a transaction that has locked the run.
_BEGIN = Statement(
    steps.insert().from_select(_COLUMNS, _GIVEN.where(~_KNOWN.exists())).returning(steps.c.key),
)
_END = Statement(
    update(steps)
    .where(steps.c.run_id == param("run_id"), steps.c.key == param("key"), steps.c.format == BEGUN)
    .values({name: param(name, steps.c[name].type) for name in _COLUMNS if name not in ("run_id", "key")})
    .returning(steps.c.key)
)


@dataclass(frozen=True, slots=True)
class History:
    """What a replay goes by.

    Attributes:
        steps: The steps that have ended, by key.
        prompts: What the run has asked, by key.
        begun: The calls that have begun, and have not ended, as far as is recorded.
    """

    steps: dict[str, Step]
    prompts: dict[str, Prompt]
    begun: dict[str, Step] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: DeferredResult, prompts: DeferredResult) -> "History":
        """From the results of `history_queries`."""
        asked = [prompt(row) for row in prompts.rows()]
        recorded = [step(row) for row in steps.rows()]
        return cls(
            {each.key: each for each in recorded if each.format != BEGUN},
            {each.key: each for each in asked if not each.is_superseded},
            {each.key: each for each in recorded if each.format == BEGUN},
        )


def history_queries(run_id: str) -> tuple[BoundStatement, BoundStatement]:
    """The queries that find a run's history."""
    return _OF_RUN.bind(run_id=run_id), ALL_OF_RUN.bind(run_id=run_id)


def history(db: Database, run_id: str) -> History:
    """What a run has recorded and asked so far."""
    with db.read() as reading:
        return History.of(*reading.execute_deferred(*history_queries(run_id)))


def load(db: Database, run_id: str) -> dict[str, Step]:
    """The steps of a run that have ended, by key."""
    with db.read() as reading:
        return {row.key: step(row) for row in reading.rows(_OF_RUN, run_id=run_id) if row.format != BEGUN}


@transactional
def record(
    db: Database, done: Step, *, fencing_token: int, begun: Sequence[Step] = (), has_begun: bool = False
) -> None:
    """Write a step that has ended. It is written once, however often this is called after a commit in doubt.

    Args:
        begun: Calls that have begun, and have not ended, to be recorded with it.
        has_begun: Whether it may be recorded that the step itself has begun.

    Raises:
        LeaseLost: If another worker holds the run now. The step is not recorded.
    """
    with db.write() as tx:
        if begun or has_begun:
            ended, *_ = require_lease(tx, done.run_id, fencing_token, _END.bind(**_values(done)), *begin(begun))
            if ended:
                return
        (added,) = tx.run_at_commit(_ADD.bind(fencing_token=fencing_token, **_values(done)))
    if not added.rows():
        # Recorded before, which is well; or no longer held, which is an error.
        with db.write() as tx:
            require_lease(tx, done.run_id, fencing_token)


@transactional
def note_begun(db: Database, run_id: str, begun: Sequence[Step], *, fencing_token: int) -> None:
    """Write calls that have begun, unless they are recorded.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        require_lease(tx, run_id, fencing_token, *begin(begun))


def begin(begun: Sequence[Step]) -> list[BoundStatement]:
    """The statements that write calls that have begun, for a transaction that has locked their run."""
    return [_BEGIN.bind(**_values(each)) for each in begun]


def _values(one: Step) -> dict[str, object]:
    return {name: getattr(one, name) for name in _COLUMNS}


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
    """Let the failed steps whose keys begin with `scope` run again, within an open transaction.

    They have begun, under their keys. Their errors are kept under others.
    """
    failed = (steps.c.run_id == run_id) & (steps.c.format == "error") & steps.c.key.startswith(scope, autoescape=True)
    changed = {"key": (steps.c.key + f"~{uuid.uuid4()}").label("key"), "format": literal(RETRIED).label("format")}
    columns = [changed.get(name, steps.c[name]) for name in _COLUMNS]
    tx.execute(steps.insert().from_select(_COLUMNS, select(*columns).where(failed)))
    tx.execute(update(steps).where(failed).values(format=BEGUN, result=""))


def retried_keys(db: Database, run_id: str) -> set[str]:
    """The keys of a run's steps that failed and were, or will be, tried again."""
    query = select(steps.c.key).where(steps.c.run_id == run_id, steps.c.format == RETRIED)
    with db.read() as connection:
        return {key.rpartition("~")[0] for key in connection.execute(query).scalars()}
