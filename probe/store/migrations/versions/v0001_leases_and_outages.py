"""The first tables: what we may have to pay for, and what the outage counters stood at."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "leases",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("vendor", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("probe", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("intended_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("instance_id", sa.Text, nullable=False),
        sa.Column("handed_over", sa.Boolean, nullable=False),
        sa.Column("handed_over_at", sa.Float, nullable=True),
        sa.Column("delete_requested_at", sa.Float, nullable=True),
        sa.Column("settled_at", sa.Float, nullable=True),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("leases_by_state", "leases", ["state"])
    op.create_index("leases_by_vendor", "leases", ["vendor", "intended_at"])
    op.create_table(
        "outages",
        sa.Column("vendor", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("probe", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("layer", sa.Text, primary_key=True),
        sa.Column("failed_in_row", sa.Integer, nullable=False),
        sa.Column("failing_since", sa.Float, nullable=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("counted_until", sa.Float, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
