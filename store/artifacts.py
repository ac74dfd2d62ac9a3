"""Artifacts: tables, Markdown and links that runs create for people to read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from signoff.store.database import Database
from signoff.store.leases import require_lease
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import artifacts


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact.

    Attributes:
        run_id: The run that created it; `None` if it was created outside of one.
        key: The name of a series of artifacts; `None` if it belongs to none.
        type: `table`, `markdown` or `link`.
        data: The content as JSON: a list of rows, Markdown text, or `{"link": …, "text": …}`.
    """

    id: str
    run_id: str | None
    key: str | None
    type: str
    description: str | None
    data: Any
    created_at: datetime


@transactional
def create(db: Database, artifact: Artifact, *, fencing_token: int | None = None) -> None:
    """Store an artifact, unless there is one with its id already.

    Args:
        fencing_token: The token of the claim under which its run is executed; `None` outside of a run.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        if artifact.run_id is not None and fencing_token is not None:
            require_lease(tx, artifact.run_id, fencing_token)
        if tx.execute(select(artifacts.c.id).where(artifacts.c.id == artifact.id)).first() is None:
            tx.execute(insert(artifacts), asdict(artifact))


def find(db: Database, *, run_id: str | None = None, key: str | None = None) -> list[Artifact]:
    """Artifacts of a run or of a key, oldest first."""
    query = select(artifacts).order_by(artifacts.c.created_at, artifacts.c.id)
    wanted: Mapping[str, str | None] = {"run_id": run_id, "key": key}
    query = query.filter_by(**{name: value for name, value in wanted.items() if value is not None})
    with db.read() as connection:
        return [Artifact(**row._mapping) for row in connection.execute(query)]
