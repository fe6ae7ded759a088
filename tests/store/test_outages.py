"""Outage counters survive a restart."""

from pathlib import Path

from probe.model.outage import OutageRecord, OutageStore
from probe.model.target import OWN, Layer, Target
from probe.store import Store

VENDOR = Target("acme", "north", "api")
SHOP = Target(OWN, "", "shop", "shop", Layer.SERVICE)


async def test_records_survive_a_restart(folder: Path) -> None:
    """What was saved is what is loaded by the next process; a later save replaces it."""
    record = OutageRecord(failed_in_row=3, failing_since=5.5, active=True, counted_until=9.0, count=2, seconds=77.25)
    async with await Store.open(folder) as store:
        outages: OutageStore = store.outages
        assert await outages.load() == {}
        await outages.save({VENDOR: OutageRecord(), SHOP: OutageRecord(count=1)})
        await outages.save({VENDOR: record})
    async with await Store.open(folder) as store:
        assert await store.outages.load() == {VENDOR: record, SHOP: OutageRecord(count=1)}


async def test_saving_nothing_writes_nothing(store: Store) -> None:
    """An empty save leaves everything as it is."""
    await store.outages.save({VENDOR: OutageRecord(count=1)})
    await store.outages.save({})
    assert await store.outages.load() == {VENDOR: OutageRecord(count=1)}
