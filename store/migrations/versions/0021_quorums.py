"""The votes on a prompt that needs several, and what Slack has said about those who have to agree."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """So far every prompt was settled by its first vote, so none that is open has any."""
    op.add_column("prompts", sa.Column("votes", sa.JSON(), nullable=True))
    op.add_column("prompts", sa.Column("reviewers", sa.JSON(), nullable=True))
