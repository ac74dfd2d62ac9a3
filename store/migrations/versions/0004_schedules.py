"""Schedules, and a record of each of their ticks."""

import sqlalchemy as sa
from alembic import op

from signoff.store.sql.column_types import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables of schedules and ticks."""
    op.create_table(
        "schedules",
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("catch_up", sa.String(length=8), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("flow", "name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "ticks",
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["flow_runs.id"], name=op.f("fk_ticks_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flow", "schedule", "at", name=op.f("pk_ticks")),
        sa.UniqueConstraint("run_id", name=op.f("uq_ticks_run_id")),
    )
