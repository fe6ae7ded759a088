"""A ledger in PostgreSQL is as safe as one in a file, and is told from a state folder that was lost."""

import asyncio
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from probe.model.secret import Secret, SecretUnavailable
from probe.store import LedgerPlace, StateFolderAbsent, StateFolderRefused, StateFolderTaken, Store, StoreFailed
from tests.fakes.leases import a_lease
from tests.fakes.ownership import OwnershipMeter
from tests.servers.postgres import PASSWORD, Postgres, running_postgres

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[2]


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _hurry(store: Store) -> None:
    """Wait for no session that may be a dead process's."""
    assert store._remote is not None
    store._remote.patience = 0.2


@pytest.fixture
def place(postgres: Postgres) -> LedgerPlace:
    """A ledger that nobody has used."""
    return postgres.place()


async def test_what_was_written_outlives_the_state_folder(folder: Path, place: LedgerPlace) -> None:
    """A container without a volume goes on as who it was, with what it rented."""
    async with await Store.open(folder, ledger=place) as store:
        await store.ledger.intend(a_lease())
        agent_id = store.agent_id
    shutil.rmtree(folder)
    async with await Store.open(folder, ledger=place) as store:
        assert store.agent_id == agent_id == (folder / "agent-id").read_text().strip()
        assert await store.ledger.open_leases() == [a_lease()]


async def test_two_folders_are_two_agents(tmp_path: Path, place: LedgerPlace) -> None:
    """A ledger has one agent: another's folder is refused, and keeps its id."""
    async with await Store.open(tmp_path / "other") as other:
        theirs = other.agent_id
    async with await Store.open(tmp_path / "first", ledger=place) as first:
        with pytest.raises(StateFolderRefused) as refusal:
            await Store.open(tmp_path / "other", ledger=place)
        assert f"is the ledger of agent {first.agent_id}" in str(refusal.value)
        assert f"says {theirs}" in str(refusal.value)
    assert list((tmp_path / "other" / "owners").iterdir()) == []


async def test_one_agent_runs_on_a_ledger_wherever_its_folders_are(tmp_path: Path, place: LedgerPlace) -> None:
    """Two machines share no file: the second agent is refused by the database."""
    async with await Store.open(tmp_path / "here", ledger=place) as here:
        here.lock()
        async with await Store.open(tmp_path / "there", ledger=place) as there:
            assert there.agent_id == here.agent_id
            _hurry(there)
            with pytest.raises(StateFolderTaken, match="another agent runs on this ledger"):
                there.lock()
    async with await Store.open(tmp_path / "there", ledger=place) as there:
        there.lock()


async def test_a_process_of_another_machine_is_known_to_live(tmp_path: Path, place: LedgerPlace) -> None:
    """Its lock is in the database; it goes with its session."""
    there = await Store.open(tmp_path / "there", ledger=place)
    async with await Store.open(tmp_path / "here", ledger=place) as here:
        assert not here.owner_alive(there.owner)
        assert (await here.roll_call())(there.owner)
        await there.close()
        assert not (await here.roll_call())(there.owner)


_OWNER = """
import asyncio, sys
from pathlib import Path
from probe.store import LedgerPlace, Store

async def main():
    store = await Store.open(Path(sys.argv[1]), ledger=LedgerPlace(url=sys.argv[2]))
    store.lock()
    print(store.owner, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def _an_agent(folder: Path, place: LedgerPlace) -> tuple[asyncio.subprocess.Process, str]:
    """Another agent on the ledger, and its name there."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OWNER, str(folder), place.url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None
    return child, (await child.stdout.readline()).decode().strip()


async def test_a_killed_process_is_dead_at_once(tmp_path: Path, place: LedgerPlace) -> None:
    """The server sees its connection close, whatever killed it."""
    child, owner = await _an_agent(tmp_path / "there", place)
    async with await Store.open(tmp_path / "here", ledger=place) as here:
        assert (await here.roll_call())(owner)
        child.kill()
        await child.wait()
        for _ in range(100):
            if not (await here.roll_call())(owner):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("still thought alive")
        here.lock()


_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'probe'"


async def test_an_agent_waits_for_the_session_of_the_one_that_was_killed(
    folder: Path, place: LedgerPlace, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """Started again at once, it may come before the server has noticed: that is told, and no other agent."""
    before = {pid for (pid,) in postgres.execute(_SESSIONS)}
    child, _ = await _an_agent(folder, place)
    (session,) = {pid for (pid,) in postgres.execute(_SESSIONS)} - before
    os.kill(session, signal.SIGSTOP)  # the server is busy elsewhere
    try:
        child.kill()
        await child.wait()
        store = await Store.open(folder, ledger=place)
        locking, began = asyncio.create_task(asyncio.to_thread(store.lock)), time.monotonic()
        await asyncio.sleep(0.7)
        assert not locking.done()
    finally:
        os.kill(session, signal.SIGCONT)
    await locking
    assert time.monotonic() - began < 5
    assert [record.levelname for record in caplog.records if "waiting 6 s for it to end" in record.message] == [
        "WARNING"
    ]
    await store.close()


async def test_a_living_agent_elsewhere_is_not_outwaited(
    tmp_path: Path, place: LedgerPlace, caplog: pytest.LogCaptureFixture
) -> None:
    """It keeps its ledger, whoever waits, and the second one is told so within seconds."""
    child, _ = await _an_agent(tmp_path / "there", place)
    try:
        async with await Store.open(tmp_path / "here", ledger=place) as here:
            began = time.monotonic()
            with pytest.raises(StateFolderTaken, match="another agent runs on this ledger"):
                await asyncio.to_thread(here.lock)
            assert 5 < time.monotonic() - began < 15
        assert child.returncode is None
        assert "waiting 6 s" in caplog.text
    finally:
        child.kill()
        await child.wait()


async def test_a_lost_session_is_made_anew_with_its_locks(
    tmp_path: Path, place: LedgerPlace, postgres: Postgres
) -> None:
    """A server that throws us out is asked again, and we are still the agent, and alive."""
    async with (
        await Store.open(tmp_path / "here", ledger=place) as here,
        await Store.open(tmp_path / "there", ledger=place) as there,
    ):
        here.lock()
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'probe'")
        await here.ledger.intend(a_lease())
        assert (await there.roll_call())(here.owner)
        _hurry(there)
        with pytest.raises(StateFolderTaken, match="another agent runs on this ledger"):
            there.lock()


async def test_processes_that_begin_at_once_make_one_schema(tmp_path: Path, place: LedgerPlace) -> None:
    """Migrations take turns, and one identity comes of it."""
    stores = await asyncio.gather(
        *(Store.open(tmp_path / str(number), ledger=place) for number in range(5)), return_exceptions=True
    )
    opened = [store for store in stores if isinstance(store, Store)]
    refused = [str(store) for store in stores if not isinstance(store, Store)]
    for store in opened:
        await store.close()
    assert opened
    assert len({store.agent_id for store in opened}) == 1
    assert all("is the ledger of agent" in sentence for sentence in refused)


async def test_a_reader_makes_nothing(folder: Path, place: LedgerPlace) -> None:
    """Neither tables nor a folder; and later it cannot write."""
    with pytest.raises(StateFolderAbsent, match="nothing was ever rented"):
        await Store.open(folder, ledger=place, read_only=True)
    assert _names(folder.parent) == set()
    async with await Store.open(folder, ledger=place) as store:
        await store.ledger.intend(a_lease())
    shutil.rmtree(folder)
    async with await Store.open(folder, ledger=place, read_only=True) as reader:
        assert await reader.ledger.open_leases() == [a_lease()]
        with pytest.raises(StoreFailed, match="takes no writes"):
            await reader.ledger.intend(a_lease("probe-00000000-000000000002"))
    assert _names(folder.parent) == set()


async def test_the_loop_goes_on_while_another_process_holds_the_ledger(folder: Path, place: LedgerPlace) -> None:
    """A write waits its turn; one that waits for too long is told so and counted, and the next one works."""
    meter, held, release = OwnershipMeter(), threading.Event(), threading.Event()
    async with (
        await Store.open(folder, ledger=place, meter=meter) as store,
        await Store.open(folder, ledger=place) as other,
    ):
        await store.ledger._database.write(lambda connection: connection.exec_driver_sql("SET lock_timeout = '200ms'"))

        def hold(_connection: object) -> None:
            held.set()
            release.wait(10)

        holding = asyncio.create_task(other.ledger._database.write(hold))
        await asyncio.to_thread(held.wait, 5)
        with pytest.raises(StoreFailed, match="kept the ledger locked for too long"):
            await store.ledger.intend(a_lease())
        assert meter.write_errors == 1
        release.set()
        await holding
        await store.ledger.intend(a_lease())


async def test_text_that_postgresql_does_not_take(folder: Path, place: LedgerPlace) -> None:
    """What a vendor said is written down, even a zero or half a character: a hand-over must not fail for it."""
    async with await Store.open(folder, ledger=place) as store:
        await store.ledger.intend(a_lease())
        await store.ledger.change(a_lease().key, lambda lease: replace(lease, note="no\0 \ud800 way"))
        found = await store.ledger.get(a_lease().key)
    assert found is not None
    assert found.note == "no\N{SYMBOL FOR NULL} ? way"


async def test_a_password_is_read_anew_and_never_told(folder: Path, place: LedgerPlace, postgres: Postgres) -> None:
    """Over TCP the server wants it; a wrong one, or none, is refused by a sentence that does not tell it."""
    schema = place.url.rpartition("%3D")[2]
    url = postgres.url(f"host=127.0.0.1&port={postgres.port}", schema)

    def missing() -> str:
        raise SecretUnavailable("the environment variable LEDGER is not set; set it")

    for read, sentence in (
        (lambda: "another password", "password authentication failed"),
        (missing, "the environment variable LEDGER is not set; set it"),
    ):
        with pytest.raises(StateFolderRefused) as refusal:
            await Store.open(folder, ledger=LedgerPlace(url=url, password=Secret(read, "env LEDGER")))
        assert sentence in str(refusal.value)
        assert "another password" not in str(refusal.value)
    good = LedgerPlace(url=url, password=Secret(lambda: PASSWORD, "env LEDGER"))
    async with await Store.open(folder, ledger=good) as store:
        await store.ledger.intend(a_lease())


async def test_a_schema_that_is_not_there(folder: Path, postgres: Postgres) -> None:
    """What the search path names must exist: tables are not made just anywhere."""
    with pytest.raises(StateFolderRefused, match="names no schema that exists"):
        await Store.open(folder, ledger=postgres.place("nowhere"))


async def test_a_user_without_the_right_to_make_tables(folder: Path, postgres: Postgres) -> None:
    """The sentence says what to grant."""
    postgres.execute("CREATE SCHEMA locked; GRANT USAGE ON SCHEMA locked TO probe")
    with pytest.raises(StateFolderRefused, match="grant it CREATE"):
        await Store.open(folder, ledger=postgres.place("locked"))


async def test_a_server_that_is_not_there(folder: Path) -> None:
    """The sentence says who was asked and what to look at."""
    with pytest.raises(StateFolderRefused, match=r"^postgresql://probe@127.0.0.1:1/probe: cannot be used \(.*refused"):
        await Store.open(folder, ledger=LedgerPlace(url="postgresql://probe@127.0.0.1:1/probe?sslmode=disable"))
    assert list((folder / "owners").iterdir()) == []


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A server that a test may stop."""
    with running_postgres() as server:
        yield server


async def test_a_server_that_hangs_is_one_that_fails(folder: Path, place: LedgerPlace, postgres: Postgres) -> None:
    """Nobody waits for ever, what was given up is not written later, and then all is as it was."""
    meter, before = OwnershipMeter(), {pid for (pid,) in postgres.execute(_SESSIONS)}
    async with await Store.open(folder, ledger=place, meter=meter) as store:
        (session,) = {pid for (pid,) in postgres.execute(_SESSIONS)} - before
        store.ledger._database.patience = 0.3
        os.kill(session, signal.SIGSTOP)
        try:
            with pytest.raises(StoreFailed, match="has not answered"):
                await store.ledger.intend(a_lease())
            began = time.monotonic()
            with pytest.raises(StoreFailed, match="has not answered"):
                await store.ledger.open_leases()
            with pytest.raises(StoreFailed, match="has not answered"):
                await store.ledger.intend(a_lease())
            await asyncio.sleep(0)
            assert time.monotonic() - began < 0.3
            assert meter.write_errors == 2
        finally:
            os.kill(session, signal.SIGCONT)
        async with asyncio.timeout(10):
            while store.ledger._database._stuck is None or not store.ledger._database._stuck.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await store.ledger.all(10) == []
        await store.ledger.intend(a_lease())
        assert await store.ledger.open_leases() == [a_lease()]
        assert meter.write_errors == 2


async def test_a_server_that_goes_and_comes_back(folder: Path, mortal: Postgres) -> None:
    """Meanwhile nothing is written, which is told and counted; then all is as it was."""
    meter = OwnershipMeter()
    async with await Store.open(folder, ledger=mortal.place(), meter=meter) as store:
        store.lock()
        await store.ledger.intend(a_lease())
        mortal.stop()
        with pytest.raises(StoreFailed, match="cannot be used"):
            await store.ledger.intend(a_lease("probe-00000000-000000000002"))
        assert meter.write_errors == 1
        mortal.start()
        assert await store.ledger.open_leases() == [a_lease()]
        await store.ledger.intend(a_lease("probe-00000000-000000000003"))
        assert (await store.roll_call())(store.owner)


async def test_a_lock_that_the_lost_session_still_holds_is_taken_when_it_lets_go(
    tmp_path: Path, place: LedgerPlace, postgres: Postgres
) -> None:
    """A server may keep a session that broke for a while; its locks are not forgotten meanwhile."""
    before = {pid for (pid,) in postgres.execute(_SESSIONS)}
    async with await Store.open(tmp_path / "here", ledger=place) as here:
        here.lock()
        (session,) = {pid for (pid,) in postgres.execute(_SESSIONS)} - before
        connection = here.ledger._database._engine.raw_connection()
        os.kill(session, signal.SIGSTOP)
        try:
            connection.invalidate()
            assert await here.ledger.open_leases() == []
        finally:
            os.kill(session, signal.SIGCONT)
        while (session,) in postgres.execute(_SESSIONS):  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.02)
        async with await Store.open(tmp_path / "there", ledger=place) as there:
            assert not (await there.roll_call())(here.owner)
            assert await here.ledger.open_leases() == []
            assert (await there.roll_call())(here.owner)
            _hurry(there)
            with pytest.raises(StateFolderTaken, match="another agent runs on this ledger"):
                there.lock()
