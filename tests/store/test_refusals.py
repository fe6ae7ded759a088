"""A state folder that cannot be used is refused by a sentence, and nothing in it is lost."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.store import StateFolderRefused, Store, StoreFailed
from tests.fakes.leases import a_lease

ROOT = Path(__file__).parents[2]
DATABASE = "ledger.sqlite3"


async def _filled(folder: Path, leases: int = 60) -> Path:
    async with await Store.open(folder) as store:
        for number in range(leases):
            await store.ledger.intend(a_lease(f"probe-00000000-{number:012x}", note="n" * 500))
    return folder / DATABASE


async def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    """What is not a folder is not made one."""
    path = tmp_path / "state"
    path.write_text("mine")
    with pytest.raises(StateFolderRefused, match=r"not a folder|a file stands where the folder should be"):
        await Store.open(path)
    assert path.read_text() == "mine"


async def test_a_file_in_place_of_the_folder_is_told_to_readers(tmp_path: Path) -> None:
    """By the name of the folder, which is what the person wrote."""
    path = tmp_path / "state"
    path.write_text("mine")
    with pytest.raises(StateFolderRefused, match=f"^{path}: not a folder"):
        await Store.open(path, read_only=True)


def _replace_by_a_file(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("mine")


async def test_a_folder_that_was_replaced_can_still_be_closed(folder: Path) -> None:
    """What was there is no more: reads say so, and the end is no traceback."""
    store = await Store.open(folder)
    store.lock()
    _replace_by_a_file(folder)
    with pytest.raises(StoreFailed, match="removed or replaced"):
        await store.ledger.open_leases()
    await store.close()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file on the way to the folder is told."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFolderRefused, match="not a folder"):
        await Store.open(tmp_path / "file" / "state")


async def test_a_folder_that_cannot_be_written() -> None:
    """Where even the superuser cannot write, the sentence says so (/proc takes no files from anybody)."""
    with pytest.raises(StateFolderRefused, match=r"^/proc/self"):
        await Store.open(Path("/proc/self/state"))


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _halved(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _overwritten(path: Path) -> None:
    path.write_bytes(b"this was a database once " * 1000)


def _scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)


def _foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE somebody (elses TEXT)")
    connection.close()


@pytest.mark.parametrize("spoil", [_emptied, _halved, _overwritten, _scribbled, _foreign])
@pytest.mark.parametrize("read_only", [False, True])
async def test_a_damaged_database_is_kept_and_told(
    folder: Path,
    spoil: Callable[[Path], None],
    read_only: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A database that is not what we wrote is refused with what to do, and not a byte of it changes."""
    path = await _filled(folder)
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StateFolderRefused) as refusal:
        await Store.open(folder, read_only=read_only)
    assert str(refusal.value).startswith(f"{path}: the database is damaged (")
    assert "restore it from a backup, or move it away" in str(refusal.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "spoilt",
    ["state = 'actife'", "state = CAST(x'ff' AS TEXT)", "note = CAST(x'ffd8' AS TEXT)", "expires_at = 'soon'"],
)
async def test_a_lease_that_cannot_be_read_is_damage(folder: Path, spoilt: str) -> None:
    """Pages may be sound, and what stands on them is not: an agent that cannot sweep must not rent."""
    path = await _filled(folder, leases=1)
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE leases SET {spoilt}")  # noqa: S608 - our own words
    connection.close()
    with pytest.raises(StateFolderRefused) as refusal:
        await Store.open(folder)
    assert str(refusal.value).startswith(f"{path}: the database is damaged (")


async def test_a_schema_that_is_no_text_is_damage(folder: Path) -> None:
    """SQLite's own complaint about it cannot be read, either."""
    path = await _filled(folder, leases=1)
    content = path.read_bytes()
    at = content.index(b"CREATE TABLE leases")
    path.write_bytes(content[:at] + b"\xb1" * 16 + content[at + 16 :])
    with pytest.raises(StateFolderRefused) as refusal:
        await Store.open(folder)
    assert str(refusal.value).startswith(f"{path}: the database is damaged (")


async def test_a_damaged_database_gives_its_owner_back(folder: Path) -> None:
    """Who could not open leaves no living name behind."""
    _emptied(await _filled(folder, leases=1))
    with pytest.raises(StateFolderRefused):
        await Store.open(folder)
    assert list((folder / "owners").iterdir()) == []


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_newer_schema_is_refused(folder: Path, read_only: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A database of a newer version is left alone: we do not know what it means."""
    path = await _filled(folder, leases=1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StateFolderRefused) as refusal:
        await Store.open(folder, read_only=read_only)
    assert str(refusal.value) == (
        f"{path}: written by a newer version of this program (schema 9999, this one knows 0003);"
        " use that version, or another ledger"
    )


async def test_an_id_that_is_no_uuid(folder: Path) -> None:
    """Half an id is not replaced by a new one: that would disown what was rented."""
    await _filled(folder, leases=1)
    (folder / "agent-id").write_text("2f1c")
    with pytest.raises(StateFolderRefused, match="does not hold a UUID"):
        await Store.open(folder)
    assert (folder / "agent-id").read_text() == "2f1c"


async def test_an_id_that_was_lost_beside_its_ledger(folder: Path) -> None:
    """A ledger whose agent's id is gone is not given a new one."""
    await _filled(folder, leases=1)
    (folder / "agent-id").unlink()
    with pytest.raises(StateFolderRefused, match="missing beside a ledger"):
        await Store.open(folder)
    assert not (folder / "agent-id").exists()


_WITHOUT_RIGHTS = """
import asyncio, os, sys
from pathlib import Path
from probe.store import StateFolderRefused, Store
from tests.fakes.leases import a_lease

async def main():
    folder = Path(sys.argv[1])
    async with await Store.open(folder) as store:
        await store.ledger.intend(a_lease())
    folder.chmod(0o555)
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        await Store.open(folder)
    except StateFolderRefused as refused:
        print(refused)
    async with await Store.open(folder, read_only=True) as reader:
        print(len(await reader.ledger.open_leases()))

asyncio.run(main())
"""


def test_a_folder_without_the_right_to_write() -> None:
    """Who may not write is told to whom it happened; reading goes on."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "state"
        command = [sys.executable, "-c", _WITHOUT_RIGHTS, str(folder)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        folder.chmod(0o755)
    user = os.getuid() or 65534
    refusal = f"{folder}: not writable for user {user}; change its owner or its permissions, or choose another `state`"
    assert told == [refusal, "1"]


_FULL_AT_OPEN = """
import asyncio, resource, sys
from pathlib import Path
from probe.store import StateFolderRefused, Store

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    asyncio.run(Store.open(Path(sys.argv[1])))
except StateFolderRefused as refused:
    print(refused)
"""


@pytest.mark.parametrize("limit", [0, 2000, 6000])
def test_a_full_disk_at_the_start(folder: Path, limit: int) -> None:
    """A disk that takes no more is told, and what could not be finished is not left half made."""
    command = [sys.executable, "-c", _FULL_AT_OPEN, str(folder), str(limit)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.startswith(str(folder))
    assert "the disk" in told
    assert not (folder / DATABASE).exists()
    asyncio.run(_filled(folder, leases=1))  # with room again, the next start works


_FULL_LATER = """
import asyncio, resource, sys
from pathlib import Path
from probe.store import Store, StoreFailed
from tests.fakes.leases import a_lease
from tests.fakes.ownership import OwnershipMeter

async def main():
    meter = OwnershipMeter()
    async with await Store.open(Path(sys.argv[1]), meter=meter) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        written = 0
        try:
            while True:
                await store.ledger.intend(a_lease(f"probe-00000000-{written:012x}", note="n" * 5000))
                written += 1
        except StoreFailed as failed:
            print(failed)
        print(meter.write_errors, written == len(await store.ledger.open_leases()))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await store.ledger.intend(a_lease("probe-00000000-ffffffffffff"))
        print(written + 1 == len(await store.ledger.open_leases()))

asyncio.run(main())
"""


def test_a_disk_that_fills_up_later(folder: Path) -> None:
    """A write that finds no room fails as a whole, is counted, and the next one works when there is room again."""
    command = [sys.executable, "-c", _FULL_LATER, str(folder)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[0].startswith(f"{folder / DATABASE}: the disk")
    assert told[1:] == ["1 True", "True"]
