"""The revisions of drafts, by which a late write is known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Count from one for the drafts there are."""
    op.add_column("drafts", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
