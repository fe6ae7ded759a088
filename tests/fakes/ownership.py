"""A meter that remembers what it was told about what we own."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from typing_extensions import override

from probe.model.meter import Meter
from probe.model.refusal import Cause
from probe.model.renting import Standing


@dataclass(frozen=True, slots=True)
class Census:
    """What was owned when it was last counted."""

    active: int
    deleting: int
    leaked: int
    oldest: float


class OwnershipMeter(Meter):
    """Counts like the real one, in plain dictionaries."""

    def __init__(self) -> None:
        self.created: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()
        self.leaked: Counter[str] = Counter()
        self.sweeps: Counter[str] = Counter()
        self.owned: dict[tuple[str, str], Census] = {}
        self.write_errors = 0
        self.wrong_moves = 0
        self.reads: Counter[tuple[str, bool]] = Counter()
        self.delays: list[tuple[str, float, float]] = []
        self.unseen: Counter[str] = Counter()
        self.costs: dict[tuple[str, str], float] = {}
        self.breakers: dict[tuple[str, str], set[Cause]] = {}
        self.seen: dict[str, Mapping[str, int]] = {}
        self.noted: dict[tuple[str, str], Mapping[str, Mapping[str, int]]] = {}
        self.kinds: dict[tuple[str, str], tuple[str, ...]] = {}
        self.standings: dict[tuple[str, str], Standing] = {}

    @override
    def resource_created(self, vendor: str, region: str, kind: str) -> None:
        """Count something rented."""
        self.created[vendor] += 1

    @override
    def resource_deleted(self, vendor: str, region: str, kind: str) -> None:
        """Count something given back."""
        self.deleted[vendor] += 1

    @override
    def resource_leaked(self, vendor: str, region: str, kind: str) -> None:
        """Count something that leaked."""
        self.leaked[vendor] += 1

    @override
    def resources(
        self, vendor: str, region: str, kind: str, *, active: int, deleting: int, leaked: int, oldest: float
    ) -> None:
        """Remember the newest census."""
        self.owned[vendor, region] = Census(active, deleting, leaked, oldest)

    @override
    def left_behind(self, vendor: str, region: str, lease: str, counts: Mapping[str, int]) -> None:
        """Remember what the newest look saw."""
        self.seen[lease] = dict(counts)

    @override
    def residuals(
        self, vendor: str, region: str, noted: Mapping[str, Mapping[str, int]], kinds: Collection[str] = ()
    ) -> None:
        """Remember the newest counts, and the newest kinds."""
        self.noted[vendor, region] = {lease: dict(counts) for lease, counts in noted.items()}
        self.kinds[vendor, region] = tuple(kinds) or self.kinds.get((vendor, region), ())

    @override
    def standing(self, vendor: str, region: str, standing: Standing) -> None:
        """Remember the newest standing."""
        self.standings[vendor, region] = standing

    @override
    def estimated_cost(self, vendor: str, region: str, currency: str, amount: float) -> None:
        """Remember the newest sum."""
        self.costs[vendor, currency] = amount

    @override
    def breaker(self, vendor: str, region: str, causes: Collection[Cause]) -> None:
        """Remember what stops orders now."""
        self.breakers[vendor, region] = set(causes)

    @override
    def read_after_write(self, vendor: str, region: str, read: str, *, consistent: bool) -> None:
        """Count a look."""
        self.reads[read, consistent] += 1

    @override
    def visible(self, vendor: str, region: str, read: str, seconds: float, resolution: float) -> None:
        """Remember a delay."""
        self.delays.append((read, seconds, resolution))

    @override
    def not_visible(self, vendor: str, region: str, read: str) -> None:
        """Count what was not seen in time."""
        self.unseen[read] += 1

    @override
    def wrong_move(self) -> None:
        """Count a move that was not made."""
        self.wrong_moves += 1

    @override
    def sweep(self, result: str) -> None:
        """Count a sweep."""
        self.sweeps[result] += 1

    @override
    def store_write_error(self) -> None:
        """Count a failed write."""
        self.write_errors += 1
