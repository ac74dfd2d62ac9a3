"""The parameters of the flows that workers run, and what finds the runs and decisions of a person."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"

_REQUESTED = sa.text("requester IS NOT NULL")
_SETTLED = sa.text("settled_by IS NOT NULL")


def upgrade() -> None:
    """The flows of a worker that started before can be started from Slack once it has started again."""
    op.add_column("workers", sa.Column("parameters", sa.JSON()))
    op.create_index(
        "ix_flow_runs_requester", "flow_runs", ["requester"], sqlite_where=_REQUESTED, postgresql_where=_REQUESTED
    )
    op.create_index(
        "ix_prompts_settled_by",
        "prompts",
        ["settled_by", "settled_at"],
        sqlite_where=_SETTLED,
        postgresql_where=_SETTLED,
    )
