"""A renter and a sweeper at a pretend vendor, with a real ledger and a clock that waits for nobody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from probe.model.instance import Lease
from probe.model.stopwatch import Stopwatch
from probe.rental import Guards, Patience, Rental, Renter, Sweeper, TotalGuards
from probe.store import LedgerPlace, Store
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeCloud
from tests.fakes.ownership import OwnershipMeter
from tests.servers.postgres import Postgres, postgres

__all__ = ["postgres"]

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.servers))
"""For modules that show that it makes no difference where the ledger is."""

GUARDS = Guards(instances_at_once=3, per_day=20, lease=1800.0)


@dataclass(frozen=True)
class Desk:
    """Everything that renting takes."""

    clock: FakeClock
    cloud: FakeCloud
    store: Store
    meter: OwnershipMeter
    place: LedgerPlace | None = None

    async def opened_again(self) -> Store:
        """The same ledger, as another process opens it."""
        return await Store.open(self.store.path, ledger=self.place)

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
def place(request: pytest.FixtureRequest) -> LedgerPlace | None:
    """Where the ledger is: in the state folder, or, where a module is parametrized with it, in a schema of its own."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.place()


@pytest.fixture
async def desk(tmp_path: Path, place: LedgerPlace | None) -> AsyncIterator[Desk]:
    """A desk of its own for each test."""
    clock, meter = FakeClock(), OwnershipMeter()
    async with await Store.open(tmp_path / "state", ledger=place, meter=meter) as store:
        yield Desk(clock, FakeCloud(clock), store, meter, place)
