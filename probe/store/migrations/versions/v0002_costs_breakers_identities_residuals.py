"""What a lease costs, why a vendor entry is not rented from, who the ledger is of, and what comes with an instance."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Add the columns and tables; what is there already cost nothing that anybody knew."""
    # with defaults: a process of the old version that still runs goes on writing its rows
    op.add_column("leases", sa.Column("size", sa.Text, nullable=False, server_default=""))
    op.add_column("leases", sa.Column("currency", sa.Text, nullable=False, server_default=""))
    op.add_column("leases", sa.Column("price", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("leases", sa.Column("rounds_up_to", sa.Float, nullable=False, server_default="3600"))
    op.add_column("leases", sa.Column("cost", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "breakers",
        sa.Column("vendor", sa.Text, primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("agent_id", sa.Text, primary_key=True),
        sa.Column("own", sa.Boolean, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.create_table(
        "residuals",
        sa.Column("lease", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("noted_at", sa.Float, nullable=False),
        sa.Column("gone_at", sa.Float, nullable=True),
    )
