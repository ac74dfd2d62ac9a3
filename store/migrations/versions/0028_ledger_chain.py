"""The hash chain of each prompt's ledger, what cards have shown, and how often somebody has tried in vain."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from signoff.store.ledger_chain import BEGINNING_OF_EARLIER, content_hash, line_hash
from signoff.store.sql.column_types import UtcDateTime

revision = "0028"
down_revision = "0029"

_BATCH = 5000
"""How many lines are in memory at once."""

_LEDGER = sa.table(
    "ledger",
    sa.column("id", sa.BigInteger),
    sa.column("prompt_id", sa.String),
    sa.column("at", UtcDateTime),
    sa.column("event", sa.String),
    sa.column("actor", sa.String),
    sa.column("detail", sa.JSON),
    sa.column("number", sa.Integer),
    sa.column("hash", sa.String),
)
_PROMPTS = sa.table("prompts", sa.column("id", sa.String))


def upgrade() -> None:
    """Chain the lines that there are, as they are now."""
    heads = op.create_table(
        "ledger_heads",
        sa.Column("prompt_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_ledger_heads_prompt_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("prompt_id", name=op.f("pk_ledger_heads")),
        sqlite_with_rowid=False,
    )
    op.add_column("ledger", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("ledger", sa.Column("hash", sa.String(length=64), nullable=True))
    _chain(op.get_bind(), heads)
    with op.batch_alter_table("ledger") as ledger:
        ledger.alter_column("number", existing_type=sa.Integer(), nullable=False)
        ledger.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        ledger.drop_index("ix_ledger_prompt_id")
        ledger.create_unique_constraint(op.f("uq_ledger_prompt_id_number"), ["prompt_id", "number"])
    op.add_column("cards", sa.Column("shown_hash", sa.String(length=64), nullable=True))
    op.create_table(
        "attempts",
        sa.Column("prompt_id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_attempts_prompt_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("prompt_id", "actor", "event", name=op.f("pk_attempts")),
        sqlite_with_rowid=False,
    )


def _chain(connection: sa.Connection, heads: sa.Table) -> None:
    beginning = sa.select(_PROMPTS.c.id, sa.literal(0), sa.literal(BEGINNING_OF_EARLIER))
    connection.execute(heads.insert().from_select(["prompt_id", "number", "hash"], beginning))
    prompt_id, number, previous = "", 0, BEGINNING_OF_EARLIER
    for lines in _batches(connection):
        chained, newest = [], {}
        for line in lines:
            if line.prompt_id != prompt_id:
                prompt_id, number, previous = line.prompt_id, 0, BEGINNING_OF_EARLIER
            number += 1
            previous = line_hash(previous, number, content_hash(*line[1:]))
            chained.append({"line": line.id, "number": number, "hash": previous})
            newest[prompt_id] = {"prompt": prompt_id, "number": number, "hash": previous}
        connection.execute(_changed(_LEDGER, _LEDGER.c.id == sa.bindparam("line")), chained)
        connection.execute(_changed(heads, heads.c.prompt_id == sa.bindparam("prompt")), list(newest.values()))


def _batches(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    """All lines, those of one prompt after those of another."""
    order = _LEDGER.c.prompt_id, _LEDGER.c.id
    query = sa.select(*_LEDGER.c["id", "prompt_id", "at", "event", "actor", "detail"]).order_by(*order).limit(_BATCH)
    last = sa.literal(""), sa.literal(0)
    while lines := connection.execute(query.where(sa.tuple_(*order) > sa.tuple_(*last))).all():
        yield lines
        last = sa.literal(lines[-1].prompt_id), sa.literal(lines[-1].id)


def _changed(table: sa.TableClause, which: sa.ColumnElement[bool]) -> sa.Update:
    return sa.update(table).where(which).values(number=sa.bindparam("number"), hash=sa.bindparam("hash"))
