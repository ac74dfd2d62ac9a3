"""Whose word an identity rests on, and whom Slack knew by the names of the approvers."""

import sqlalchemy as sa
from alembic import op

from signoff.store.sql.column_types import UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns, and have Slack asked about the approvers of the prompts that are open."""
    op.add_column("submissions", sa.Column("claim", sa.String(), nullable=True))
    op.add_column("prompts", sa.Column("settled_claim", sa.String(), nullable=True))
    op.add_column("prompts", sa.Column("approvers", sa.JSON(), nullable=True))
    op.add_column("prompts", sa.Column("approvers_due_at", UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE prompts SET approvers_due_at = opened_at WHERE outcome IS NULL")
    waiting = sa.text("approvers_due_at IS NOT NULL")
    op.create_index(
        "ix_prompts_approvers_due_at",
        "prompts",
        ["approvers_due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
