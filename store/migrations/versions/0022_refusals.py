"""Why Slack does not take a card, if only a person can mend that."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_IS_REFUSED = sa.text("refusal IS NOT NULL")


def upgrade() -> None:
    """What was refused so far is tried once more, and then known."""
    op.add_column("cards", sa.Column("refusal", sa.String()))
    op.create_index("ix_cards_refusal", "cards", ["refusal"], sqlite_where=_IS_REFUSED, postgresql_where=_IS_REFUSED)
