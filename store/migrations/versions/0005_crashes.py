"""How often in a row a run's worker died."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what is counted."""
    for name in ("crashes", "crash_mark"):
        op.add_column("flow_runs", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
