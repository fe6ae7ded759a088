"""Leases for tests that do not care about most of what a lease says."""

from dataclasses import replace
from typing import Any, Final

from probe.model.instance import Lease

WALL: Final = 1_800_000_000.0
"""The wall clock's reading in a fake clock that has just begun."""


def a_lease(key: str = "probe-00000000-000000000001", **changes: Any) -> Lease:
    """A lease that was just intended, but for *changes*."""
    lease = Lease(
        key=key,
        vendor="acme",
        region="north",
        probe="lifecycle",
        run_id="run-1",
        owner="boot:1:1",
        intended_at=WALL,
        expires_at=WALL + 1800.0,
    )
    return replace(lease, **changes)
