"""What is rented from the command line is given back, or told."""

import asyncio
import signal
import sys
from pathlib import Path

from probe.sandbox import Sandbox
from probe.store import Store
from tests.cli.conftest import CLEAN, Probe
from tests.cli.renting import sandbox
from tests.fakes.leases import a_lease

__all__ = ["sandbox"]
NOTHING = "probes:\n  - {name: shop, kind: http, every: 1m, deadline: 1s, targets: [{url: 'http://127.0.0.1:1/'}]}\n"


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
