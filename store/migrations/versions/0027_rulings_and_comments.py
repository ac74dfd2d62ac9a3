"""What a policy's rules have said about a prompt, by what an earlier approval is found, and what people comment."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_IS_REPEATABLE = sa.text("repeat_key IS NOT NULL")


def upgrade() -> None:
    """No policy had rules so far, none let an approval count again, and nobody could comment."""
    op.add_column("prompts", sa.Column("ruling", sa.JSON(), nullable=True))
    op.add_column("prompts", sa.Column("repeat_key", sa.String(64)))
    op.add_column("prompts", sa.Column("comments", sa.JSON(), nullable=True))
    op.create_index(
        "ix_prompts_repeat_key",
        "prompts",
        ["repeat_key", "settled_at"],
        sqlite_where=_IS_REPEATABLE,
        postgresql_where=_IS_REPEATABLE,
    )
