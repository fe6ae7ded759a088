"""What is rented from the command line is given back, or told."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.sandbox import Casting, Sandbox
from probe.store import Store
from tests.cli.conftest import CLEAN, Probe
from tests.fakes.leases import a_lease

CONFIG = Path(__file__).parents[2] / "config"
LIFE = """\
agent: {{state: state, grace: 10s}}
vendors:
  cloud:
    use: openstack
    region: {region}
    endpoints: {{auth: "{auth}"}}
    credentials: {{application_credential_id: {{file: {id}}}, application_credential_secret: {{file: {secret}}}}}
probes:
  - {{name: life, kind: lifecycle, vendors: "*", every: 1h, deadline: 1m, options: {{size: small, image: debian-12}}}}
"""
NOTHING = "probes:\n  - {name: shop, kind: http, every: 1m, deadline: 1s, targets: [{url: 'http://127.0.0.1:1/'}]}\n"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A pretend vendor that builds for three seconds, and a configuration that knows it."""
    cast = [Casting(name="cloud", use="openstack", character="ideal")]
    sandbox = await Sandbox.start([CONFIG / "sandbox"], cast, folder=tmp_path / "sandbox")
    place = sandbox.places.vendors["cloud"]
    words = {"id": "application_credential_id", "secret": "application_credential_secret"}
    told = {word: place.files[name] for word, name in words.items()}
    text = LIFE.format(region=place.region, auth=place.endpoints["auth"], **told)
    (tmp_path / "c.yaml").write_text(text)
    yield sandbox
    await sandbox.stop()


async def test_ctrl_c_in_a_lifecycle_gives_the_instance_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody else would: `once` leaves no agent behind. The status is nobody's fault."""
    residents = len(sandbox.control.instances("cloud"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "probe", "once", "life", "-c", "c.yaml",
        cwd=tmp_path, env=CLEAN, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    while len(sandbox.control.instances("cloud")) == residents:  # noqa: ASYNC110 - the vendor is asked
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = await process.communicate()
    assert process.returncode == 128 + signal.SIGINT, said.decode()
    assert b"what is rented is given back first" in said
    assert b"still rented" not in said
    assert len(sandbox.control.instances("cloud")) == residents
    async with await Store.open(tmp_path / "state", read_only=True) as store:
        assert await store.ledger.open_leases() == []


async def test_a_sweep_that_cannot_reach_what_is_rented_does_not_say_that_all_is_well(
    probe: Probe, tmp_path: Path
) -> None:
    """A lease of a vendor that left the configuration still costs money: status 1."""
    (tmp_path / "c.yaml").write_text("agent: {state: state}\n" + NOTHING)
    assert probe("sweep", "--yes", "-c", "c.yaml").returncode == 0
    async with await Store.open(tmp_path / "state") as store:
        await store.ledger.intend(a_lease(vendor="elsewhere"))
    ended = probe("sweep", "--yes", "-c", "c.yaml")
    assert "it left the configuration" in ended.stdout
    assert ended.returncode == 1
