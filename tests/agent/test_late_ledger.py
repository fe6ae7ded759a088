"""A ledger that is away when the agent starts: the rest is measured, and renting begins when it is there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from probe.agent.agent import Agent
from probe.agent.late import Late
from probe.model.instance import LeaseState
from probe.probes.lifecycle import LifecycleProbe
from probe.rental.marks import marks_of, new_key
from probe.sandbox import Casting, Sandbox
from probe.settings.loading import load
from probe.store import LedgerAway, StateFolderRefused, Store
from probe.wire import listen
from tests.agent.test_agent import CONFIG, is_ready, write
from tests.cli.serving import free_port
from tests.fakes.clock import FakeClock
from tests.fakes.leases import a_lease
from tests.servers.postgres import Postgres, running_postgres

PATIENCE = 20.0


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that may be stopped."""
    with running_postgres() as running:
        yield running


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A vendor to rent from."""
    cast = [Casting(name="cloud", use="openstack", character="ideal")]
    started = await Sandbox.start([CONFIG / "sandbox"], cast, folder=tmp_path / "sandbox")
    yield started
    await started.stop()


async def _told(port: int) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{port}/metrics")).text


async def _until_told(port: int, line: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while line not in await _told(port):  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.1)


def _renter(agent: Agent) -> object:
    (probe,) = (job.probe for job in agent._assembly.jobs if job.renting)
    assert isinstance(probe, LifecycleProbe)
    return probe._renter


@pytest.mark.servers
async def test_renting_begins_when_the_server_is_there(
    server: Postgres, sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With what an earlier process left behind given back first, and what was measured meanwhile kept."""
    place, state, region = server.place(), tmp_path / "state", sandbox.places.vendors["cloud"].region
    async with await Store.open(state, ledger=place) as store:
        lease = a_lease(new_key(store.agent_id), vendor="cloud", region=region)
        left = sandbox.control.add_bystander("cloud", lease.key, marks_of(lease, store.agent_id))
        await store.ledger.intend(lease)
        await store.ledger.change(lease.key, lambda it: it.moved(LeaseState.ACTIVE, instance_id=left))
    server.stop()
    port, file = free_port(), tmp_path / "c.yaml"
    write(file, sandbox, port, vendor=True)

    residents = len(sandbox.control.instances("cloud")) - 1

    async def opened() -> Store:
        store = await Store.open(state, ledger=place)
        await asyncio.to_thread(store.lock)
        return store

    with pytest.raises(LedgerAway):
        await opened()
    agent = Agent(load(file), listen("127.0.0.1", port), None, patrol=0.5, late=Late(opened, first=0.2, longest=0.4))
    running = asyncio.create_task(agent.run())
    try:
        await is_ready(port)
        await _until_told(port, "stability_ledger_available 0")
        await asyncio.sleep(1.0)
        assert not any("nothing will be rented" in record.message for record in caplog.records)
        server.start()
        await _until_told(port, "stability_ledger_available 1")
        async with asyncio.timeout(PATIENCE):
            while _renter(agent) is None:  # noqa: ASYNC110 - what it rents with is there, or is not
                await asyncio.sleep(0.05)
        assert len(sandbox.control.instances("cloud")) == residents
        assert agent.store is not None
        assert await agent.store.ledger.open_leases() == []
        assert await agent.reload() == ()
        assert _renter(agent) is not None
    finally:
        agent.stop()
        assert await running == 0
        assert agent.store is not None
        await agent.store.close()


async def test_what_is_wrong_besides_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Another agent's ledger, or another agent on it: tried again all the same, less and less often."""
    clock = FakeClock()
    theirs = (StateFolderRefused("theirs") for _ in range(4))
    answers = [LedgerAway("away"), LedgerAway("gone"), *theirs, ValueError("a bug")]

    async def opened() -> Store:
        await asyncio.sleep(0)
        raise answers.pop(0)

    with pytest.raises(ValueError, match="a bug"):  # nothing else is waited for
        await Late(opened).arrival(clock)
    assert clock.slept == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0]
    assert [record.message for record in caplog.records] == ["nothing will be rented: theirs"]
