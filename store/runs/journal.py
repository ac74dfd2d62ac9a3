"""The journal of a run: the steps that ended, by name, so that none of them runs twice."""

import uuid
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from signoff.store.database import Database
from signoff.store.leases import HELD, hold
from signoff.store.prompts.prompts import ALL_OF_RUN
from signoff.store.records import Prompt, Step
from signoff.store.rows import prompt, step
from signoff.store.sql.statements import Statement
from signoff.store.sql.transactions import Call, Later, Transaction
from signoff.store.tables import flow_runs, steps

SET_ASIDE = "past"
"""The format of a step that failed and is tried again: it keeps its place in the record, under another key."""

_OF_RUN = Statement(select(steps).where(steps.c.run_id == bindparam("run_id"), steps.c.format != SET_ASIDE))
_KNOWN = select(steps.c.key).where(steps.c.run_id == bindparam("run_id"), steps.c.key == bindparam("key"))
_COLUMNS = steps.c.keys()
_GIVEN = select(*(bindparam(column.name, type_=column.type).label(column.name) for column in steps.c))
# In one statement, which tells by what it returns whether it has added the step.
_ADD = Statement(
    steps.insert()
    .from_select(_COLUMNS, _GIVEN.select_from(flow_runs).where(HELD, ~_KNOWN.exists()).with_for_update(of=flow_runs))
    .returning(steps.c.key)
)


@dataclass(frozen=True, slots=True)
class Past:
    """What a replay goes by.

    Attributes:
        steps: What the run has recorded, by key.
        asked: What it has asked, by key.
    """

    steps: dict[str, Step]
    asked: dict[str, Prompt]

    @classmethod
    def of(cls, steps: Later, asked: Later) -> "Past":
        """From what the two statements of `looks_for_past` have found."""
        every = [prompt(row) for row in asked.rows()]
        return cls(
            {row.key: step(row) for row in steps.rows()}, {each.key: each for each in every if not each.is_superseded}
        )


def looks_for_past(run_id: str) -> tuple[Call, Call]:
    """What to run to find a run's past."""
    return (_OF_RUN, {"run_id": run_id}), (ALL_OF_RUN, {"run_id": run_id})


def past(db: Database, run_id: str) -> Past:
    """What a run has recorded and asked so far."""
    with db.read() as reading:
        return Past.of(*reading.later(*looks_for_past(run_id)))


def load(db: Database, run_id: str) -> dict[str, Step]:
    """What a run has recorded, by key."""
    with db.read() as reading:
        return {row.key: step(row) for row in reading.rows(_OF_RUN, run_id=run_id)}


def record(db: Database, done: Step, *, fencing_token: int) -> None:
    """Write a step that has ended. Writing it twice, after a commit whose end was not heard, is once.

    Raises:
        LeaseLost: If another worker holds the run now: the step does not count.
    """
    with db.write() as tx:
        (added,) = tx.at_last(
            (_ADD, {"fencing_token": fencing_token, **{name: getattr(done, name) for name in _COLUMNS}})
        )
    if not added.rows():
        with db.write() as tx:
            hold(tx, done.run_id, fencing_token)


def forget_failed(db: Database, run_id: str, *, fencing_token: int, scope: str) -> None:
    """Have the failed steps whose keys begin with `scope` run again; finished ones stay.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        hold(tx, run_id, fencing_token)
        set_failed_aside(tx, run_id, scope=scope)


def set_failed_aside(tx: Transaction, run_id: str, *, scope: str = "") -> None:
    """Free the keys of the failed steps whose keys begin with `scope`, within a transaction that is open."""
    failed = (steps.c.run_id == run_id) & (steps.c.format == "error") & steps.c.key.startswith(scope, autoescape=True)
    tx.execute(update(steps).where(failed).values(key=steps.c.key + f"~{uuid.uuid4()}", format=SET_ASIDE))


def tried_before(db: Database, run_id: str) -> set[str]:
    """The keys of a run's steps that failed and are, or were, tried again."""
    query = select(steps.c.key).where(steps.c.run_id == run_id, steps.c.format == SET_ASIDE)
    with db.read() as connection:
        return {key.rpartition("~")[0] for key in connection.execute(query).scalars()}
