"""Submissions as votes: what each person decided, and whether it came in time to count."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add both to the submissions there are. So far the first one settled its prompt; later ones were too late."""
    op.add_column("submissions", sa.Column("verdict", sa.String(length=8), nullable=False, server_default="submit"))
    op.add_column("submissions", sa.Column("in_time", sa.Boolean(), nullable=False, server_default=sa.true()))
    # Only a rejection has no values.
    op.execute("""UPDATE submissions SET verdict = 'reject' WHERE "values" IS NULL""")
    submissions = sa.table("submissions", *map(sa.column, ("prompt_id", "at", "actor", "in_time")))
    prompts = sa.table("prompts", *map(sa.column, ("id", "outcome", "settled_at", "settled_by")))
    has_settled = sa.exists().where(
        prompts.c.id == submissions.c.prompt_id,
        prompts.c.outcome.in_(("submitted", "rejected")),
        prompts.c.settled_at == submissions.c.at,
        prompts.c.settled_by == submissions.c.actor,
    )
    op.execute(sa.update(submissions).where(~has_settled).values(in_time=sa.false()))
