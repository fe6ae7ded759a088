"""A real Prometheus and its promtool, from the Debian package."""

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

_GET_IT = "apt-get install -y --no-install-recommends prometheus"
_PATIENCE = 20.0


def program(name: str) -> str:
    """Where the program *name* is; fails the test with the command that installs it."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: {_GET_IT}")
    return found


def promtool(*arguments: str, text: bytes = b"") -> str:
    """What promtool has to say about *text*; empty if nothing."""
    done = subprocess.run(
        [program("promtool"), *arguments],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    told = done.stdout.decode("utf-8", "replace").strip()
    return told or (f"promtool ended with {done.returncode}" if done.returncode else "")


class Prometheus:
    """A running server that scrapes each second.

    Attributes:
        url: where its API is.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    async def get(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer of its API."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            answer = await client.get(f"/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The vector that *expression* yields now."""
        vector: list[dict[str, Any]] = (await self.get("query", query=expression))["result"]
        return vector

    async def eventually(self, expression: str) -> list[dict[str, Any]]:
        """The vector that *expression* yields once it yields anything."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            if found := await self.query(expression):
                return found
            await asyncio.sleep(0.3)
        targets = json.dumps((await self.get("targets"))["activeTargets"], indent=1)
        raise AssertionError(f"{expression} yields nothing; targets: {targets}")


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


@asynccontextmanager
async def _running(folder: Path, target: str) -> AsyncIterator[Prometheus]:
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: probe, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    )
    try:
        server = Prometheus(f"http://127.0.0.1:{port}")
        await _ready(server)
        yield server
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(server: Prometheus) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    async with httpx.AsyncClient(base_url=server.url, timeout=2) as client:
        while asyncio.get_running_loop().time() < deadline:
            try:
                if (await client.get("/-/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("Prometheus was not ready in time")


StartPrometheus = Callable[[str], Awaitable[Prometheus]]


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[StartPrometheus]:
    """Starts a Prometheus that scrapes the `host:port` given to it; stopped when the test ends."""
    async with AsyncExitStack() as stack:

        async def start(target: str) -> Prometheus:
            return await stack.enter_async_context(_running(tmp_path, target))

        yield start
