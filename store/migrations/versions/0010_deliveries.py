"""The outbox of outcomes for other engines."""

import sqlalchemy as sa
from alembic import op

from signoff.store.sql.column_types import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table. Outcomes there are so far belong to the embedded engine, which needs no delivery."""
    op.create_table(
        "deliveries",
        sa.Column("prompt_id", sa.String(length=36), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("prompt_id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name="fk_deliveries_prompt_id", ondelete="CASCADE"),
    )
    pending = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_due_at", "deliveries", ["engine", "due_at"], sqlite_where=pending, postgresql_where=pending
    )
