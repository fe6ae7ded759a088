"""A process that is killed in mid-life leaves nothing that the next one does not find."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from probe.model.meter import Meter
from probe.rental import Result, Sweeper
from probe.store import LedgerPlace, Store
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeCloud, KeptInstances
from tests.rental.conftest import BOTH

ROOT = Path(__file__).parents[2]

_RENTING = """
import asyncio, os, signal, sys
from pathlib import Path
from probe.model.meter import Meter
from probe.model.stopwatch import Stopwatch
from probe.rental import Guards, Renter
from probe.store import LedgerPlace, Store
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeCloud, KeptInstances

STATE, VENDOR, FATAL, URL = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]

def at(moment):
    if moment == FATAL:
        os.kill(os.getpid(), signal.SIGKILL)

class Deadly(FakeCloud):
    async def create(self, order, watch):
        at("before the create")
        found = await super().create(order, watch)
        at("before its answer")
        return found

    async def inspect(self, instance_id, watch, *, addresses=False):
        at("while it is looked at")
        return await super().inspect(instance_id, watch, addresses=addresses)

    async def delete(self, instance_id, watch):
        at("before the delete")
        works = await super().delete(instance_id, watch)
        at("before its acknowledgement")
        return works

async def main():
    clock = FakeClock()
    cloud = Deadly(clock, instances=KeptInstances(VENDOR))
    store = await Store.open(STATE, ledger=LedgerPlace(url=URL) if URL else None)
    store.lock()
    renter = Renter(cloud, store, Guards(instances_at_once=1, per_day=9, lease=1800.0), None, clock, Meter())
    watch = Stopwatch(clock)
    async with await renter.rent("lifecycle", "run", "small", "debian", watch) as rental:
        at("after the answer")
        await rental.inspect(watch)
        await rental.give_back(watch)
        await rental.confirm_gone(watch)

asyncio.run(main())
"""


@pytest.mark.parametrize("place", BOTH, indirect=True)
@pytest.mark.parametrize(
    "moment",
    [
        "before the create",
        "before its answer",
        "after the answer",
        "while it is looked at",
        "before the delete",
        "before its acknowledgement",
    ],
)
async def test_the_sweep_after_a_kill_leaves_nothing(tmp_path: Path, moment: str, place: LedgerPlace | None) -> None:
    """Killed at any of these moments: the next process finds the instance or the certainty that there is none."""
    state, vendor = tmp_path / "state", tmp_path / "vendor"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _RENTING, str(state), str(vendor), moment, place.url if place else "", cwd=ROOT
    )
    assert await child.wait() == -signal.SIGKILL
    clock, bystander = FakeClock(), "probe-00000000-000000000000"
    cloud = FakeCloud(clock, instances=KeptInstances(vendor), list_delay=30.0)
    assert len(cloud.instances) == (0 if moment in {"before the create", "before its acknowledgement"} else 1)
    cloud.put(name=bystander)
    async with await Store.open(state, ledger=place) as store:
        (lease,) = await store.ledger.open_leases()
        assert not store.owner_alive(lease.owner)
        async with asyncio.timeout(10):
            while (await store.roll_call())(lease.owner):  # noqa: ASYNC110 - until a server sees that nobody is there
                await asyncio.sleep(0.02)
        store.lock()
        sweeper = Sweeper([cloud], store, clock, Meter())
        first = await sweeper.sweep()
        clock.pass_time(31.0)
        second = await sweeper.sweep()
        assert first.ok
        assert second.ok
        ended = [report.count(result) for report in (first, second) for result in (Result.DELETED, Result.SETTLED)]
        assert sum(ended) == 1
        assert await store.ledger.open_leases() == []
    assert [view.name for view in cloud.instances.values()] == [bystander]
    assert cloud.orders == []
