"""The sandbox in a process of its own."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from probe.sandbox import SandboxFailed, SandboxProcess
from tests.sandbox.conftest import DATA


async def test_it_says_where_it_is_and_stops_when_asked(tmp_path: Path, client: httpx.AsyncClient) -> None:
    """Ready when `start` returns; gone when `stop` does."""
    process = await SandboxProcess.start([DATA], folder=tmp_path / "private")
    state = f"{process.places.control}/state"
    assert set((await client.get(state)).json()["vendors"]) == {"sandbox-steady", "sandbox-slow", "sandbox-flaky"}
    os.kill(process.pid, signal.SIGWINCH)  # no signal that means nothing ends it
    await process.stop()
    await process.ended()
    with pytest.raises(httpx.ConnectError):
        await client.get(state)


async def test_it_says_why_it_did_not_come_up(tmp_path: Path) -> None:
    """The last thing that it complained of."""
    (tmp_path / "openstack.yaml").write_text("title: [")
    with pytest.raises(SandboxFailed, match=r"openstack.yaml.* is not YAML"):
        await SandboxProcess.start([DATA, tmp_path], folder=tmp_path / "private")


PARENT = """
import asyncio, sys, uvloop
from pathlib import Path
from probe.sandbox import SandboxProcess

async def main():
    process = await SandboxProcess.start([Path(sys.argv[1])], folder=Path(sys.argv[2]))
    print(process.pid, flush=True)
    await asyncio.sleep(60)

{"asyncio": asyncio, "uvloop": uvloop}[sys.argv[3]].run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_it_dies_with_its_parent(tmp_path: Path, loop: str) -> None:
    """Even with one that was killed without a word, be its pipes pipes or, as uvloop's are, sockets."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(DATA), str(tmp_path / "private"), loop, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(10.0):
        while _alive(child):  # noqa: ASYNC110 - another process has no event for us
            await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
