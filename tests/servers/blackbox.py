"""The peer, blackbox_exporter, from the Debian package."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers.prometheus import free_port

_GET_IT = "apt-get install -y --no-install-recommends prometheus-blackbox-exporter"
_NAME = "prometheus-blackbox-exporter"
_PATIENCE = 10.0


def program() -> str:
    """Where it is; fails the test with the command that installs it."""
    found = shutil.which(_NAME)
    if found is None:
        pytest.fail(f"{_NAME} is missing: {_GET_IT}")
    return found


def version() -> tuple[int, int]:
    """Its version, without the last number."""
    told = subprocess.run([program(), "--version"], capture_output=True, text=True, timeout=10, check=True)
    match = re.search(r"version (\d+)\.(\d+)", told.stdout + told.stderr)
    assert match is not None
    return int(match[1]), int(match[2])


@asynccontextmanager
async def blackbox_exporter(modules: Path) -> AsyncIterator[str]:
    """A peer that runs with the file *modules*; yields where it answers."""
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        program(),
        f"--config.file={modules}",
        f"--web.listen-address={address}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _ready(process, f"http://{address}")
        yield f"http://{address}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, url: str) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    async with httpx.AsyncClient(base_url=url, timeout=2) as client:
        while True:
            try:
                if (await client.get("/-/healthy")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert process.returncode is None, "blackbox_exporter ended: it did not take its configuration"
            assert asyncio.get_running_loop().time() < deadline, "blackbox_exporter does not answer"
            await asyncio.sleep(0.1)
