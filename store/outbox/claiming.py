"""Claims on what waits to be sent: the same for cards, notices and deliveries.

Whoever sends something first writes its worker's id into the row, and removes it once it is known what came of it. So
two workers never send the same thing side by side. If a worker dies in between, the next one finds the dead one's id
and knows that it may have been sent already (`in_doubt`).

Two rules keep that true when a worker is only thought dead, after the machine has slept for instance:

- A worker that has expired claims nothing. Nobody would notice that it holds the row, so another one could claim the
  row as well.
- A result is recorded only by the worker whose claim is on the row. A failure that is reported late would otherwise
  remove the claim of the worker that sends it now, and the next one would not know that it may have been sent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, select, update

from signoff.store.database import Database
from signoff.store.leases import LOCK_WORKER
from signoff.store.records.prompts import Prompt
from signoff.store.rows import PROMPT_BY_ID, prompt
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import BoundStatement, Statement, param
from signoff.store.tables import workers


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """A row that a worker has claimed.

    Attributes:
        row: What the query for due rows has found.
        prompt: The prompt that it is about.
        attempts: How often it was claimed, this time included.
        worker: Who has claimed it.
        in_doubt: Whether an earlier attempt may have succeeded without having been recorded.
    """

    row: Any
    prompt: Prompt
    attempts: int
    worker: str
    in_doubt: bool


class OutboxClaims:
    """The queries with which workers claim the rows of one table.

    Args:
        due: Finds rows that are due, with their `prompt_id`, `attempts` and `claimed_by`. Its parameters include `now`,
            and the `worker` of `is_claimable`.
        key: The table's primary key.
    """

    def __init__(self, table: Table, due: Select[Any], key: "Column[Any]") -> None:
        self._key = key.name
        first = due.order_by(table.c.due_at).limit(param("limit"))
        self._due = Statement(first)
        self._locked = Statement(first.with_for_update(of=table, skip_locked=True))
        self._locked_by_key = Statement(
            due.where(key == param("wanted")).with_for_update(of=table, skip_locked=True),
        )
        self._claim = Statement(
            update(table).where(key == param("key")).values(claimed_by=param("worker"), attempts=table.c.attempts + 1)
        )

    def claim(self, db: Database, worker: str, *, now: datetime, limit: int, **values: Any) -> list[ClaimedRow]:
        """Claim rows that are due, the longest due first. A worker that has expired gets none.

        Args:
            values: The other parameters of the query.
        """
        values |= {"worker": worker, "now": now}
        with db.read() as reading:
            if not reading.rows(self._due, **values, limit=1):
                return []
        # Locked by one statement and changed by the next: within an UPDATE, PostgreSQL may evaluate a subquery with a
        # LIMIT more than once, and so change more rows than the limit.
        return self._claim_locked(db, worker, self._locked.bind(**values, limit=limit))

    def claim_these(self, db: Database, worker: str, keys: Collection[Any], *, now: datetime) -> list[ClaimedRow]:
        """Claim those of these rows that are due, in the order of the keys. A worker that has expired gets none."""
        if not keys:
            return []
        wanted = [self._locked_by_key.bind(worker=worker, now=now, wanted=key) for key in keys]
        return self._claim_locked(db, worker, *wanted)

    @transactional
    def _claim_locked(self, db: Database, worker: str, *locked: BoundStatement) -> list[ClaimedRow]:
        with db.write() as tx:
            known, *found = tx.execute_many(LOCK_WORKER.bind(worker=worker), *locked)
            rows = [row for some in found for row in some]
            if not known or not rows:
                return []
            for row in rows:
                tx.run(self._claim, key=getattr(row, self._key), worker=worker)
            about = list(dict.fromkeys(row.prompt_id for row in rows))
            read = tx.execute_many(*(PROMPT_BY_ID.bind(prompt_id=prompt_id) for prompt_id in about))
        prompts = {prompt_id: prompt(row) for prompt_id, (row,) in zip(about, read, strict=True)}
        return [
            ClaimedRow(row, prompts[row.prompt_id], row.attempts + 1, worker, row.claimed_by is not None)
            for row in rows
        ]


def is_claimable(holder: "Column[str | None]") -> ColumnElement[bool]:
    """Whether the parameter `worker` may claim a row: nobody holds it, `worker` does itself, or the holder has expired.

    Args:
        holder: The column with the id of the row's holder.
    """
    return holder.is_(None) | (holder == param("worker")) | holder.not_in(select(workers.c.id))


def release(table: Table, *, in_doubt: bool) -> dict[str, Any]:
    """What to set in a row that its holder did not get to send, so that it is as before the claim.

    Args:
        in_doubt: Whether an earlier attempt may have succeeded. Then the claim stays on it.
    """
    return {"attempts": table.c.attempts - 1, "claimed_by": table.c.claimed_by if in_doubt else None}
