"""The tables on disk; a change here needs a migration beside it (a test compares the two)."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, Table, Text

METADATA: Final = MetaData()

LEASES: Final = Table(
    "leases",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("vendor", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("probe", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("intended_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("instance_id", Text, nullable=False),
    Column("handed_over", Boolean, nullable=False),
    Column("handed_over_at", Float, nullable=True),
    Column("delete_requested_at", Float, nullable=True),
    Column("settled_at", Float, nullable=True),
    Column("note", Text, nullable=False),
    Column("size", Text, nullable=False, server_default=""),
    Column("currency", Text, nullable=False, server_default=""),
    Column("price", BigInteger, nullable=False, server_default="0"),
    Column("rounds_up_to", Float, nullable=False, server_default="3600"),
    Column("cost", BigInteger, nullable=False, server_default="0"),
    Column("account", Text, nullable=False, server_default=""),
    Index("leases_by_state", "state"),
    Index("leases_by_vendor", "vendor", "intended_at"),
)
"""One row per thing that we may have to pay for; times are seconds since 1970, money is millionths."""

OUTAGES: Final = Table(
    "outages",
    METADATA,
    Column("vendor", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("probe", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("layer", Text, primary_key=True),
    Column("failed_in_row", Integer, nullable=False),
    Column("failing_since", Float, nullable=True),
    Column("active", Boolean, nullable=False),
    Column("counted_until", Float, nullable=False),
    Column("count", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)
"""One row per target: what its outage counters stood at."""

BREAKERS: Final = Table(
    "breakers",
    METADATA,
    Column("vendor", Text, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("note", Text, nullable=False),
)
"""One row per vendor entry that answered in a way that forbids to rent from it for a while."""

IDENTITIES: Final = Table(
    "identities",
    METADATA,
    Column("agent_id", Text, primary_key=True),
    Column("own", Boolean, nullable=False),
    Column("since", Float, nullable=False),
)
"""Whose marks are ours: the one id of this ledger's agent, and those that a person has adopted."""

RESIDUALS: Final = Table(
    "residuals",
    METADATA,
    Column("lease", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("noted_at", Float, nullable=False),
    Column("gone_at", Float, nullable=True),
    Column("instance_id", Text, nullable=False, server_default=""),
    Column("vendor", Text, nullable=False, server_default=""),
    Column("region", Text, nullable=False, server_default=""),
    Column("account", Text, nullable=False, server_default=""),
    Column("ordered_at", Float, nullable=True),
)
"""One row per thing that came with an instance and may outlive it: volumes, addresses.

The instance is a lease's, or one that carries our marks and is no open lease's."""
