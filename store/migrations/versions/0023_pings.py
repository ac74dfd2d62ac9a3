"""Who was pinged about which prompt; which escalations have come, and who has put reminders off."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0024"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Of earlier reminders it is not known whom they pinged."""
    op.add_column("prompts", sa.Column("escalations", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("prompts", sa.Column("snoozed", sa.JSON()))
    op.create_table(
        "pings",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("prompt_id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pings"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name="fk_pings_prompt_id", ondelete="CASCADE"),
    )
    op.create_index("ix_pings_person_at", "pings", ["person", "at"])
    op.create_index("ix_pings_prompt_id", "pings", ["prompt_id"])
