"""The agent between its start and its end: reloads, and what is owed to vendors that leave."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from probe.agent.agent import Agent
from probe.model.instance import LeaseState
from probe.rental.marks import marks_of, new_key
from probe.sandbox import Casting, Sandbox
from probe.settings.loading import load
from probe.store import Store, StoreFailed
from probe.wire import listen
from tests.cli.serving import free_port
from tests.fakes.leases import a_lease

CONFIG = Path(__file__).parents[2] / "config"
HEAD = """\
agent: {{name: t, listen: '127.0.0.1:{port}', state: {state}, grace: 5s}}
controls: {{checks: []}}
"""
VENDOR = """\
vendors:
  cloud:
    use: openstack
    region: {region}
    endpoints: {{auth: "{auth}"}}
    credentials: {{application_credential_id: {{file: {id}}}, application_credential_secret: {{file: {secret}}}}}
"""
SHOP = """\
probes:
  - {{name: shop, kind: http, every: 1h, deadline: 1s, targets: [{{name: a, url: '{url}'}}]}}
"""
LIFE = """\
  - {name: life, kind: lifecycle, vendors: '*', every: 1h, deadline: 1m, options: {size: small, image: debian-12}}
"""


@dataclass(frozen=True)
class Stage:
    """An agent that runs, its configuration, its ledger and its vendor."""

    agent: Agent
    store: Store
    sandbox: Sandbox
    file: Path

    async def owe(self) -> None:
        """Let something be there that a process which is dead rented from the vendor."""
        region = self.sandbox.places.vendors["cloud"].region
        lease = a_lease(new_key(self.store.agent_id), vendor="cloud", region=region)
        instance = self.sandbox.control.add_bystander("cloud", lease.key, marks_of(lease, self.store.agent_id))
        await self.store.ledger.intend(lease)
        await self.store.ledger.change(lease.key, lambda it: it.moved(LeaseState.ACTIVE, instance_id=instance))

    async def is_given_back(self) -> bool:
        """Whether nothing is rented any more, after a time that is long enough for it."""
        for _ in range(150):
            if not await self.store.ledger.open_leases():
                return True
            await asyncio.sleep(0.1)
        return False


def write(file: Path, sandbox: Sandbox, port: int, *, vendor: bool) -> None:
    """Write the configuration, with the vendor and its lifecycle or without."""
    place = sandbox.places.vendors["cloud"]
    secrets = {"id": "application_credential_id", "secret": "application_credential_secret"}
    told = {word: place.files[name] for word, name in secrets.items()}
    cloud = VENDOR.format(region=place.region, auth=place.endpoints["auth"], **told)
    head = HEAD.format(port=port, state=file.parent / "state")
    file.write_text(head + cloud * vendor + SHOP.format(url=sandbox.places.http) + LIFE * vendor)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An agent that sweeps all the time; it is stopped at the end."""
    cast = [Casting(name="cloud", use="openstack", character="ideal")]
    sandbox = await Sandbox.start([CONFIG / "sandbox"], cast, folder=tmp_path / "sandbox")
    port, file = free_port(), tmp_path / "c.yaml"
    write(file, sandbox, port, vendor=True)
    async with await Store.open(tmp_path / "state") as store:
        agent = Agent(load(file), listen("127.0.0.1", port), store, patrol=0.2)
        running = asyncio.create_task(agent.run())
        await is_ready(port)
        yield Stage(agent, store, sandbox, file)
        agent.stop()
        assert await running == 0
    await sandbox.stop()


async def is_ready(port: int) -> None:
    """Wait until the agent says that it measures."""
    async with httpx.AsyncClient(trust_env=False, transport=httpx.AsyncHTTPTransport(retries=9)) as client:
        while not (await client.get(f"http://127.0.0.1:{port}/-/ready")).is_success:  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.05)


def leave(stage: Stage) -> None:
    """Take the vendor out of the configuration."""
    port = int(stage.file.read_text().partition("127.0.0.1:")[2].partition("'")[0])
    write(stage.file, stage.sandbox, port, vendor=False)


async def test_a_vendor_that_left_two_reloads_ago_is_still_given_back_to(stage: Stage) -> None:
    """What is owed comes to light later, and is given back; a vendor that is owed nothing is left alone."""
    leave(stage)
    assert await stage.agent.reload() == ()
    assert await stage.agent.reload() == ()
    await asyncio.sleep(1.0)  # a sweep that was under way goes on to its end
    asked = len(stage.sandbox.control.requests("cloud"))
    await asyncio.sleep(0.6)
    assert len(stage.sandbox.control.requests("cloud")) == asked
    await stage.owe()
    assert await stage.is_given_back()


async def test_reloads_that_come_at_once_are_taken_one_after_the_other(stage: Stage) -> None:
    """The last one finds what the others left, and nothing is taken over by halves."""
    leave(stage)
    assert await asyncio.gather(*(stage.agent.reload() for _ in range(3))) == [(), (), ()]


async def test_a_reload_without_a_ledger_is_refused(stage: Stage) -> None:
    """It says why, and the old configuration stays."""
    (stage.file.parent / "state" / "ledger.sqlite3").rename(stage.file.parent / "elsewhere")
    (complaint,) = await stage.agent.reload()
    assert complaint.startswith("the ledger cannot be read")
    (stage.file.parent / "elsewhere").rename(stage.file.parent / "state" / "ledger.sqlite3")
    assert await stage.agent.reload() == ()


async def test_what_the_ledger_does_not_take_is_counted(stage: Stage) -> None:
    """On the metrics of the agent that it belongs to."""
    (stage.file.parent / "state" / "ledger.sqlite3").rename(stage.file.parent / "elsewhere")
    with pytest.raises(StoreFailed):
        await stage.store.ledger.intend(a_lease())
    (stage.file.parent / "elsewhere").rename(stage.file.parent / "state" / "ledger.sqlite3")
    assert stage.agent.metrics.registry.get_sample_value("stability_store_write_errors_total") == 1.0


async def test_a_stop_waits_for_nothing_that_it_cannot_give_back(stage: Stage) -> None:
    """Leases of vendors that the configuration does not know keep no agent from its end."""
    await stage.store.ledger.intend(a_lease("probe-00000000-0000000000ff", vendor="elsewhere"))
    await stage.owe()
    assert await stage.agent.reload() == ()
