"""A target's outages, as they are told and kept: they survive a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from probe.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRecord:
    """What is known of the outages of one target.

    Attributes:
        failed_in_row: valid runs in a row that failed, up to now.
        failing_since: start of the first of them, seconds since 1970; None if the last valid run was ok.
        active: whether they are enough to make an outage.
        counted_until: up to when the outage that is active is in `seconds`, seconds since 1970.
        count: outages that were opened.
        seconds: their length together, the active one's up to its last run.
    """

    failed_in_row: int = 0
    failing_since: float | None = None
    active: bool = False
    counted_until: float = 0.0
    count: int = 0
    seconds: float = 0.0


class OutageStore(Protocol):
    """Keeps the records of outages across restarts."""

    async def load(self) -> Mapping[Target, OutageRecord]:
        """Every record that was saved."""
        ...

    async def save(self, records: Mapping[Target, OutageRecord]) -> None:
        """Keep *records*; those of other targets stay as they are."""
        ...
