"""Who has taken a prompt on, and in whose place somebody answers."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"

_IS_WAITING = sa.text("assignee IS NOT NULL AND outcome IS NULL")


def upgrade() -> None:
    """So far nobody could."""
    op.add_column("prompts", sa.Column("assignee", sa.String()))
    op.add_column("prompts", sa.Column("assignment", sa.JSON(), nullable=True))
    op.add_column("submissions", sa.Column("instead_of", sa.JSON(), nullable=True))
    op.create_index(
        "ix_prompts_assignee", "prompts", ["assignee"], sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING
    )
