"""What is sent to a run while it goes on, and what it keeps under keys of its own, as Prefect's run inputs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun
from signoff.store.tables import flow_runs, inputs


@dataclass(frozen=True, slots=True)
class FlowRunInput:
    """One value that a run was sent, or keeps.

    Attributes:
        key: Names it within its run.
        value: The value, as JSON.
        sender: Who sent it, such as `prefect.flow-run.<id>`; `None` if nobody said.
        id: Its place in the order of arrival; 0 before it is written.
    """

    flow_run_id: str
    key: str
    value: Any
    sender: str | None
    created_at: datetime
    id: int = 0


def write(db: Database, given: FlowRunInput) -> None:
    """Keep an input; one that has its key already stays.

    Raises:
        NoSuchRun: If there is no such run.
    """
    known = select(inputs.c.id).where(inputs.c.run_id == given.flow_run_id, inputs.c.key == given.key)
    with db.write() as tx:
        # Locked, so that the numbers of a run's inputs grow in the order of their commits.
        run = select(flow_runs.c.id).where(flow_runs.c.id == given.flow_run_id).with_for_update()
        if tx.execute(run).first() is None:
            raise NoSuchRun(f"There is no run {given.flow_run_id!r}. `signoff runs` lists them.")
        # The runs too: a worker that looked meanwhile has passed over this one, because it was locked.
        tx.touch(Topic.INPUTS, Topic.RUNS)
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
    """The input with this key, or `None`."""
    return _first(db, select(inputs).where(inputs.c.run_id == run_id, inputs.c.key == key))


def first_arrived(
    db: Database, run_id: str, *, key_prefix: str, after: int, exclude_keys: Collection[str]
) -> FlowRunInput | None:
    """The input that arrived first, of those whose keys begin with `key_prefix`; `None` if there is none.

    Args:
        after: The `id` of the last one that is not wanted any more.
        exclude_keys: Keys of others that are not wanted.
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
