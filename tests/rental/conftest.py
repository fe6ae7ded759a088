"""A renter and a sweeper at a pretend vendor, with a ledger on a real disk and a clock that waits for nobody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from probe.model.instance import Lease
from probe.model.stopwatch import Stopwatch
from probe.rental import Guards, Patience, Rental, Renter, Sweeper, TotalGuards
from probe.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeCloud
from tests.fakes.ownership import OwnershipMeter

GUARDS = Guards(instances_at_once=3, per_day=20, lease=1800.0)


@dataclass(frozen=True)
class Desk:
    """Everything that renting takes."""

    clock: FakeClock
    cloud: FakeCloud
    store: Store
    meter: OwnershipMeter

    def renter(
        self, guards: Guards = GUARDS, total: TotalGuards | None = None, *, cloud: FakeCloud | None = None
    ) -> Renter:
        """A renter at the vendor."""
        return Renter(cloud or self.cloud, self.store, guards, total, self.clock, self.meter)

    def sweeper(self, *clouds: FakeCloud) -> Sweeper:
        """A sweeper of the vendor, or of several."""
        return Sweeper(clouds or (self.cloud,), self.store, self.clock, self.meter, Patience())

    def watch(self) -> Stopwatch:
        """A run's stopwatch."""
        return Stopwatch(self.clock, run_id="run-1")

    async def rent(self, watch: Stopwatch | None = None) -> Rental:
        """Rent within generous guards."""
        return await self.renter().rent("lifecycle", "run-1", "small", "debian", watch or self.watch())

    async def only_lease(self) -> Lease:
        """The one lease in the ledger."""
        (lease,) = await self.store.ledger.all(10)
        return lease


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk of its own for each test."""
    clock, meter = FakeClock(), OwnershipMeter()
    async with await Store.open(tmp_path / "state", meter=meter) as store:
        yield Desk(clock, FakeCloud(clock), store, meter)
