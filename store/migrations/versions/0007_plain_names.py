"""Columns renamed to the terms of the field."""

from alembic import op

revision = "0007"
down_revision = "0006"

RENAMED = (
    ("flow_runs", "fence", "fencing_token"),
    ("flow_runs", "crash_mark", "progress_at_crash"),
    ("prompts", "initial", "initial_values"),
    ("cards", "shown", "shown_revision"),
    ("cards", "taken_by", "claimed_by"),
    ("notices", "taken_by", "claimed_by"),
)


def upgrade() -> None:
    """Rename the columns. Both databases do so in place: no table is copied, and data and indexes stay."""
    for table, before, after in RENAMED:
        op.alter_column(table, before, new_column_name=after)
