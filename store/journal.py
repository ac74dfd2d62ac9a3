"""The journal of a run: the steps that ended, by name, so that none of them runs twice."""

import uuid

from sqlalchemy import bindparam, select, update

from store.database import Database
from store.leases import hold
from store.prompts import ALL_OF_RUN
from store.records import Prompt, Step
from store.rows import prompt, step
from store.statements import Statement
from store.tables import steps
from store.transactions import Transaction

SET_ASIDE = "past"
"""The format of a step that failed and is tried again: it keeps its place in the record, under another key."""

_OF_RUN = Statement(select(steps).where(steps.c.run_id == bindparam("run_id"), steps.c.format != SET_ASIDE))
_KNOWN = select(steps.c.key).where(steps.c.run_id == bindparam("run_id"), steps.c.key == bindparam("key"))
_COLUMNS = steps.c.keys()
_GIVEN = select(*(bindparam(column.name, type_=column.type).label(column.name) for column in steps.c))
_ADD = Statement(steps.insert().from_select(_COLUMNS, _GIVEN.where(~_KNOWN.exists())))


def load(db: Database, run_id: str) -> dict[str, Step]:
    """What a run has recorded, by key."""
    with db.read() as reading:
        return {row.key: step(row) for row in reading.rows(_OF_RUN, run_id=run_id)}


def recorded(db: Database, run_id: str) -> tuple[dict[str, Step], dict[str, Prompt]]:
    """What a replay goes by: the steps that a run has recorded and the prompts that it has asked, by key."""
    with db.read() as reading:
        ended, asked = reading.several((_OF_RUN, {"run_id": run_id}), (ALL_OF_RUN, {"run_id": run_id}))
    every = [prompt(row) for row in asked]
    return {row.key: step(row) for row in ended}, {each.key: each for each in every if not each.is_superseded}


def record(db: Database, done: Step, *, fence: int) -> None:
    """Write a step that has ended. Writing it twice, after a commit whose end was not heard, is once.

    Raises:
        LeaseLost: If another worker holds the run now: the step does not count.
    """
    with db.write() as tx:
        hold(tx, done.run_id, fence)
        tx.run(_ADD, **{name: getattr(done, name) for name in _COLUMNS})


def forget_failed(db: Database, run_id: str, *, fence: int, scope: str) -> None:
    """Have the failed steps whose keys begin with `scope` run again; finished ones stay.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        hold(tx, run_id, fence)
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
