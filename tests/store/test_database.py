"""Durability, and the loop that never waits for a disk."""

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from probe.store import Store, StoreFailed
from tests.fakes.leases import a_lease
from tests.fakes.ownership import OwnershipMeter


@pytest.mark.parametrize("place", [None], ids=["sqlite"])
async def test_the_pragmas_that_durability_rests_on(store: Store) -> None:
    """WAL, and a commit that is synced before it returns."""
    values = await store.ledger._database.read(
        lambda connection: [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert values == ["wal", 2, 1]


async def test_everything_happens_in_one_thread_that_is_not_ours(store: Store) -> None:
    """Reads and writes run in the store's one thread."""
    read = await store.ledger._database.read(lambda _: threading.current_thread().name)
    write = await store.ledger._database.write(lambda _: threading.current_thread().name)
    assert read == write == "probe-store_0"


async def test_a_write_whose_caller_is_cancelled_is_made_all_the_same(store: Store) -> None:
    """Cancelling the caller neither cuts a write short nor forgets it."""
    started, release = threading.Event(), threading.Event()

    def slow(_connection: object) -> None:
        started.set()
        release.wait(5)

    first = asyncio.create_task(store.ledger._database.write(slow))
    second = asyncio.create_task(store.ledger.intend(a_lease()))
    await asyncio.to_thread(started.wait, 5)
    first.cancel()
    second.cancel()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, asyncio.CancelledError]
    release.set()
    assert await store.ledger.get(a_lease().key) == a_lease()


@pytest.mark.parametrize("place", [None], ids=["sqlite"])
async def test_the_loop_goes_on_while_another_process_holds_the_database(folder: Path, store: Store) -> None:
    """A write waits its turn behind another process's transaction, and nobody in the loop notices."""
    other = sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(store.ledger.intend(a_lease()))
    before = time.perf_counter()
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert time.perf_counter() - before < 1.0
    assert not write.done()
    other.execute("COMMIT")
    other.close()
    await write
    assert await store.ledger.get(a_lease().key) == a_lease()


@pytest.mark.parametrize("place", [None], ids=["sqlite"])
@pytest.mark.parametrize("replaced", [False, True])
async def test_a_database_that_was_removed_takes_no_more_writes(
    folder: Path,
    store: Store,
    meter: OwnershipMeter,
    replaced: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """What is written into a file without a name is lost: such a write fails and is counted."""
    path = folder / "ledger.sqlite3"
    content = path.read_bytes()
    path.unlink()
    if replaced:
        path.write_bytes(content)
    with pytest.raises(StoreFailed, match="removed or replaced"):
        await store.ledger.intend(a_lease())
    assert meter.write_errors == 1


async def test_who_comes_after_the_end_is_refused_by_a_sentence(folder: Path) -> None:
    """Something in the background may outlive the store by a moment; it has no bug."""
    store = await Store.open(folder)
    await store.close()
    with pytest.raises(StoreFailed, match="closed, because the process ends"):
        await store.ledger.open_leases()
