"""Several cards for a prompt, one in each of its places, and notices with a place of their own."""

import sqlalchemy as sa
from alembic import op

from signoff.store.sql.column_types import UtcDateTime

revision = "0009"
down_revision = "0008"

_KEPT = ("prompt_id", "channel", "ts", "shown_revision", "due_at", "claimed_by", "attempts", "error")


def upgrade() -> None:
    """Give each card its place. The cards so far are in the channel of their policy, or in the default one."""
    # The primary key changes, which SQLite cannot do in place.
    op.execute("CREATE TABLE cards_before AS SELECT * FROM cards")
    op.drop_table("cards")
    cards = op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("prompt_id", sa.String(length=36), nullable=False),
        sa.Column("place_kind", sa.String(length=16), nullable=False),
        sa.Column("place_target", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("shown_revision", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_cards_prompt_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint(
            "prompt_id", "place_kind", "place_target", name=op.f("uq_cards_prompt_id_place_kind_place_target")
        ),
    )
    before = sa.table("cards_before", *map(sa.column, _KEPT))
    prompts = sa.table("prompts", sa.column("id"), sa.column("policy", sa.JSON))
    channel = sa.func.coalesce(prompts.c.policy["channel"].as_string(), "")
    op.execute(
        cards.insert().from_select(
            ["place_kind", "place_target", *_KEPT],
            sa.select(sa.literal("channel"), channel, *before.c).join(prompts, prompts.c.id == before.c.prompt_id),
        )
    )
    op.drop_table("cards_before")
    for name, columns, where in (
        ("ix_cards_due_at", ["due_at"], sa.text("due_at IS NOT NULL")),
        ("ix_cards_message", ["channel", "ts"], sa.text("ts IS NOT NULL")),
    ):
        op.create_index(name, "cards", columns, unique=False, sqlite_where=where, postgresql_where=where)
    op.add_column("notices", sa.Column("place_kind", sa.String(length=16), nullable=True))
    op.add_column("notices", sa.Column("place_target", sa.String(), nullable=True))
