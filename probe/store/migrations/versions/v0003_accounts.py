"""Which account a lease was rented from, and of which instance what came with it was."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"

_OF_ITS_LEASE: Final = """
UPDATE residuals SET
  instance_id = (SELECT instance_id FROM leases WHERE leases.key = residuals.lease),
  vendor = (SELECT vendor FROM leases WHERE leases.key = residuals.lease),
  region = (SELECT region FROM leases WHERE leases.key = residuals.lease),
  ordered_at = (SELECT intended_at FROM leases WHERE leases.key = residuals.lease)
WHERE lease IN (SELECT key FROM leases)
"""


def upgrade() -> None:
    """Add the columns; of what is there already, nobody knows the account."""
    # with defaults: a process of the old version that still runs goes on writing its rows
    op.add_column("leases", sa.Column("account", sa.Text, nullable=False, server_default=""))
    for name in ("instance_id", "vendor", "region", "account"):
        op.add_column("residuals", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("residuals", sa.Column("ordered_at", sa.Float, nullable=True))
    op.execute(_OF_ITS_LEASE)
