"""Records with very many rows, which the database writes by itself."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Insert, Select, String, Table, cast, func, literal, select, text

from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.tables import cards, flow_runs, ledger_heads, prompts

CHUNK = 100_000
"""Rows of one commit."""


def open_prompts(db: Database, count: int, *, flow: str) -> None:
    """Write so many suspended runs of a flow, each with one open prompt that has a deadline and a card."""
    for first in range(0, count, CHUNK):
        opened_at = now()
        run = {
            "name": "brave-otter",
            "flow": flow,
            "parameters": {},
            "state": RunState.SUSPENDED,
            "created_at": opened_at,
            "fencing_token": 1,
        }
        prompt = {
            "key": "1",
            "title": "Continue?",
            "description": "",
            "schema_hash": "",
            "fingerprint": "",
            "initial_values": {},
            "policy": {},
            "opened_at": opened_at,
            "deadline": opened_at + timedelta(days=30),
            "due_at": opened_at + timedelta(days=30),
        }
        ids = new_ids(db, min(CHUNK, count - first))
        new_runs = select(flow_runs.c.id).where(flow_runs.c.created_at == opened_at)
        with db.write() as tx:
            tx.execute(rows_for(ids, flow_runs, run, ids="id"))
            # A run's one prompt has the run's id, which is no matter here and saves time.
            tx.execute(rows_for(new_runs, prompts, prompt, ids="id run_id"))
            tx.execute(rows_for(new_runs, ledger_heads, {"number": 0, "hash": ""}, ids="prompt_id"))
            tx.execute(
                rows_for(
                    new_runs,
                    cards,
                    {
                        "place_kind": "channel",
                        "place_target": "#approvals",
                        "channel": "C1",
                        "ts": "1.0",
                        "shown_revision": 1,
                    },
                    ids="prompt_id",
                )
            )
    count_rows(db)


def count_rows(db: Database) -> None:
    """Have PostgreSQL learn how many rows there are, as it does by itself within a minute."""
    if not db.is_sqlite:
        with db.write() as tx:
            tx.execute(text("ANALYZE"))


def new_ids(db: Database, count: int) -> Select[Any]:
    """So many fresh identifiers, made by the database."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < count))
    made = func.lower(func.hex(func.randomblob(18))) if db.is_sqlite else cast(func.gen_random_uuid(), String)
    return select(made.label("id")).select_from(numbers)


def rows_for(new: Select[Any], table: Table, values: dict[str, Any], *, ids: str) -> Insert:
    """One row with these values for each of the new identifiers, which stand in the columns `ids`."""
    each = new.subquery("new")
    constant = [literal(value, table.c[name].type) for name, value in values.items()]
    # In order, since a million rows in a random one take minutes.
    row = select(*(each.c.id for _ in ids.split()), *constant).order_by(each.c.id)
    return table.insert().from_select([*ids.split(), *values], row)
