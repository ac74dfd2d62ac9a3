"""When a prompt became overdue that stays open after its deadline, and the decision that its person may still undo."""

import sqlalchemy as sa
from alembic import op

from signoff.store.sql.column_types import UtcDateTime

revision = "0024"
down_revision = "0028"


def upgrade() -> None:
    """So far every deadline has ended its prompt, and every decision has counted at once."""
    op.add_column("prompts", sa.Column("overdue_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("prompts", sa.Column("held", sa.JSON(), nullable=True))
