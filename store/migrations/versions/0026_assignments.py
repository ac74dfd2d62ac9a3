"""Who has taken a prompt on, in whose place somebody answers, who is away, and whose turn it is."""

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
    op.create_table(
        "absences",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cover", sa.String()),
        sa.Column("cover_name", sa.String()),
        sa.PrimaryKeyConstraint("person", name="pk_absences"),
    )
    op.create_table(
        "rotations",
        sa.Column("rotation", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rotation", "person", name="pk_rotations"),
    )
    op.create_index(
        "ix_prompts_assignee", "prompts", ["assignee"], sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING
    )
