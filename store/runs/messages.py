"""Run inputs, as in Prefect: values that are sent to a run while it executes, and that it stores under keys."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import flow_runs, inputs


@dataclass(frozen=True, slots=True)
class FlowRunInput:
    """One value that was sent to a run, or that it stored.

    Attributes:
        key: Its name within the run.
        value: The value, as JSON.
        sender: Who sent it, such as `prefect.flow-run.<id>`; `None` if the sender did not say.
        id: Its position in the order of arrival; 0 before it is stored.
    """

    flow_run_id: str
    key: str
    value: Any
    sender: str | None
    created_at: datetime
    id: int = 0


@transactional
def write(db: Database, given: FlowRunInput) -> None:
    """Store an input, unless there is one with its key already.

    Raises:
        NoSuchRun: If there is no such run.
    """
    known = select(inputs.c.id).where(inputs.c.run_id == given.flow_run_id, inputs.c.key == given.key)
    with db.write() as tx:
        # Locked, so that the ids of a run's inputs are in the order of their commits.
        run = select(flow_runs.c.id).where(flow_runs.c.id == given.flow_run_id).with_for_update()
        if tx.execute(run).first() is None:
            raise NoSuchRun(f"There is no run {given.flow_run_id!r}. `signoff runs` lists them.")
        tx.touch(Topic.INPUTS)
        if tx.execute(known).first() is not None:
            return
        tx.execute(
            inputs.insert().values(
                run_id=given.flow_run_id,
                key=given.key,
                value=given.value,
                sender=given.sender,
                created_at=given.created_at,
            )
        )


def find(db: Database, run_id: str, key: str) -> FlowRunInput | None:
    """The input with this key; `None` if there is none."""
    return _first(db, select(inputs).where(inputs.c.run_id == run_id, inputs.c.key == key))


def first_arrived(
    db: Database, run_id: str, *, key_prefix: str, after: int, exclude_keys: Collection[str]
) -> FlowRunInput | None:
    """The input that arrived first, of those whose keys begin with `key_prefix`; `None` if there is none.

    Args:
        after: Ignore inputs up to this `id`.
        exclude_keys: Ignore inputs with these keys.
    """
    query = (
        select(inputs)
        .where(
            inputs.c.run_id == run_id,
            inputs.c.id > after,
            inputs.c.key.startswith(key_prefix, autoescape=True),
            inputs.c.key.not_in(exclude_keys),
        )
        .order_by(inputs.c.id)
        .limit(1)
    )
    return _first(db, query)


def _first(db: Database, query: Select[Any]) -> FlowRunInput | None:
    with db.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return FlowRunInput(row.run_id, row.key, row.value, row.sender, row.created_at, row.id)
