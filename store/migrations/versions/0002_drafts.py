"""What people have filled in and not submitted yet."""

import sqlalchemy as sa
from alembic import op

from signoff.store.sql.column_types import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of drafts."""
    op.create_table(
        "drafts",
        sa.Column("prompt_id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("values", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_drafts_prompt_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("prompt_id", "actor", name=op.f("pk_drafts")),
    )
