"""The state folder as a whole: made once, recognised for ever, used by one agent at a time."""

import asyncio
import os
import sys
import uuid
from pathlib import Path

import pytest

from probe.store import LedgerPlace, StateFolderAbsent, StateFolderRefused, StateFolderTaken, Store
from tests.fakes.leases import a_lease

ROOT = Path(__file__).parents[2]


async def test_the_agent_id_is_a_uuid_that_stays(folder: Path) -> None:
    """The id is made with the folder and is the same whenever the folder is opened again."""
    async with await Store.open(folder) as first:
        agent_id = first.agent_id
    async with await Store.open(folder) as second:
        assert second.agent_id == agent_id == str(uuid.UUID(agent_id))


async def test_two_that_open_a_new_folder_at_once_agree_on_one_id(folder: Path) -> None:
    """Whoever makes the id first wins, and the other takes it over."""
    async with await Store.open(folder) as one, await Store.open(folder) as other:
        assert one.agent_id == other.agent_id
        assert one.owner != other.owner


async def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    """A lease survives the store that wrote it."""
    async with await Store.open(folder) as store:
        await store.ledger.intend(a_lease())
    async with await Store.open(folder) as store:
        assert await store.ledger.open_leases() == [a_lease()]


async def test_a_reader_makes_nothing(folder: Path) -> None:
    """A reader that finds nothing says so and leaves nothing behind."""
    with pytest.raises(StateFolderAbsent, match="no agent has ever used this state folder"):
        await Store.open(folder, read_only=True)
    assert not folder.parent.exists()


async def test_a_reader_reads_beside_a_running_agent(folder: Path, store: Store, place: LedgerPlace | None) -> None:
    """A reader sees what the agent has committed, takes no lock and has no name among the owners."""
    store.lock()
    await store.ledger.intend(a_lease())
    async with await Store.open(folder, ledger=place, read_only=True) as reader:
        assert await reader.ledger.get(a_lease().key) == a_lease()
        assert reader.agent_id == store.agent_id
        assert reader.owner == ""


async def test_the_second_agent_is_refused_by_a_sentence(folder: Path, store: Store) -> None:
    """Two agents never run on one state folder; the second hears who runs there."""
    store.lock()
    store.lock()
    async with await Store.open(folder) as second:
        with pytest.raises(StateFolderTaken) as refusal:
            second.lock()
    assert str(refusal.value) == (
        f"{folder}: another agent runs on this state folder (process {os.getpid()});"
        " stop it, or give this one a `state` of its own"
    )


async def test_a_lock_that_cannot_be_written_is_no_other_agent(folder: Path) -> None:
    """Nobody is to be stopped: an agent goes on without renting, and may be the one again later."""
    async with await Store.open(folder) as store:
        (folder / "agent.lock").symlink_to("/dev/full")
        with pytest.raises(StateFolderRefused, match="the disk is full") as refusal:
            store.lock()
        assert not isinstance(refusal.value, StateFolderTaken)
        (folder / "agent.lock").unlink()
        store.lock()


async def test_an_agent_that_closed_leaves_its_folder_to_the_next(folder: Path) -> None:
    """The lock is given back with the store."""
    async with await Store.open(folder) as first:
        first.lock()
    async with await Store.open(folder) as second:
        second.lock()


async def test_an_owner_lives_as_long_as_its_store(folder: Path, store: Store, place: LedgerPlace | None) -> None:
    """Who has closed its store is dead, and so is who never was."""
    other = await Store.open(folder, ledger=place)
    alive = await store.roll_call()
    assert alive(other.owner)
    assert alive(store.owner)
    await other.close()
    alive = await store.roll_call()
    assert not alive(other.owner)
    assert not alive("boot:1:1")


_OWNER = """
import asyncio, sys
from pathlib import Path
from probe.store import Store

async def main():
    store = await Store.open(Path(sys.argv[1]))
    store.lock()
    print(store.owner, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_process_is_dead_at_once(folder: Path) -> None:
    """SIGKILL leaves no time to tidy up: the kernel gives the locks back, and the next start removes the file."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OWNER, str(folder), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None
    owner = (await child.stdout.readline()).decode().strip()
    assert owner.split(":")[1] == str(child.pid)
    async with await Store.open(folder) as store:
        assert store.owner_alive(owner)
        with pytest.raises(StateFolderRefused, match=f"process {child.pid}"):
            store.lock()
        child.kill()
        await child.wait()
        assert not store.owner_alive(owner)
        store.lock()
    assert (folder / "owners" / owner).exists()
    async with await Store.open(folder):
        assert not (folder / "owners" / owner).exists()


async def test_a_process_knows_that_it_lives_itself(folder: Path) -> None:
    """Though somebody tidied its file away (old files in /tmp): its own sweeps must not take what its runs use."""
    async with await Store.open(folder) as store:
        (folder / "owners" / store.owner).unlink()
        assert (await store.roll_call())(store.owner)
