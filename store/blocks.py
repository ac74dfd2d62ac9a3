"""Blocks: named values that outlive runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.database import Database
from signoff.store.leases import require_lease
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import blocks


@transactional
def save(
    db: Database,
    type_: str,
    name: str,
    value: Any,
    *,
    overwrite: bool,
    now: datetime,
    run_id: str | None = None,
    fencing_token: int | None = None,
) -> bool:
    """Store a value under a name.

    Args:
        overwrite: Whether to replace the value that has this name.
        now: The time of the call. A call with the same time is a repetition, after a commit in doubt, and succeeds.
        run_id: The run that stores it; `None` outside of one.
        fencing_token: The token of the claim under which the run is executed.

    Returns:
        Whether it was stored. It is not if the name is taken and `overwrite` is not set.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    named = (blocks.c.type == type_) & (blocks.c.name == name)
    with db.write() as tx:
        if run_id is not None and fencing_token is not None:
            require_lease(tx, run_id, fencing_token)
        if overwrite and tx.execute(update(blocks).where(named).values(value=value, updated_at=now)).rowcount == 1:
            return True
        try:
            with tx.connection.begin_nested():
                tx.execute(insert(blocks).values(type=type_, name=name, value=value, updated_at=now))
        except IntegrityError:
            if overwrite:
                tx.execute(update(blocks).where(named).values(value=value, updated_at=now))
            return overwrite or tx.execute(select(blocks.c.updated_at).where(named)).scalar() == now
        return True


def load(db: Database, type_: str, name: str) -> tuple[Any] | None:
    """The value with this name, in a tuple of one because it may be `None`; `None` if there is no such block."""
    with db.read() as connection:
        query = select(blocks.c.value).where(blocks.c.type == type_, blocks.c.name == name)
        row = connection.execute(query).first()
    return None if row is None else (row.value,)
