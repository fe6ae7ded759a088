"""The field's standard: blackbox_exporter, asked at a fixed rate as a Prometheus would, on connections that are kept.

A program of its own that asks, on another core than the exporter's; its argument is an `Order` as JSON.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

import httptools
import uvloop

from probe.wire import listen
from tests.bench.contestant import Order
from tests.bench.figures import Observed
from tests.bench.machine import CONTESTANT_CORE, SERVER_CORE, cpu_seconds, resident, stay_on
from tests.bench.truth import Sample

PROGRAM: Final = "prometheus-blackbox-exporter"
SETTLING: Final = 1.0
_MODULES: Final = """\
modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
"""
_WAIT: Final = re.compile(rb'probe_http_duration_seconds\{phase="processing"\} (\S+)')
_OK: Final = b"\nprobe_success 1"


def installed() -> bool:
    """Whether the exporter is there."""
    return shutil.which(PROGRAM) is not None


class Connection(asyncio.Protocol):
    """A kept connection to the exporter, with at most one question on it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclasses

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("hung up"))

    def on_body(self, data: bytes) -> None:
        """A piece of the answer."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """The answer is complete."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(b"".join(self._body))

    async def ask(self, path: str) -> bytes:
        """The body of the answer."""
        assert self._transport is not None
        self._body, self._parser = [], httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Scraper:
    """Asks the exporter about a new path each time."""

    def __init__(self, order: Order, port: int, pid: int) -> None:
        self._order = order
        self._port = port
        self._pid = pid
        self._number = 0
        self._idle: list[Connection] = []
        self.samples: list[Sample] = []
        self.failed = 0

    async def _connection(self) -> Connection:
        if self._idle:
            return self._idle.pop()
        _, made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self._port)
        return made

    async def ask(self) -> None:
        """One probe."""
        self._number += 1
        path, started = f"/peer{self._number}", time.time()
        connection = await self._connection()
        body = await connection.ask(f"/probe?module=http&target={self._order.origin}{path}")
        self._idle.append(connection)
        wait = _WAIT.search(body)
        if wait and _OK in body:
            self.samples.append((path, started, time.time(), float(wait[1])))
        else:
            self.failed += 1

    async def round(self, seconds: float) -> Observed:
        """Ask at the wanted rate."""
        self.samples, self.failed = [], 0
        begun, cpu, due = time.perf_counter(), cpu_seconds(self._pid), time.perf_counter()
        async with asyncio.TaskGroup() as questions:
            while due < begun + seconds:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                questions.create_task(self.ask())
                due += 1 / self._order.rate
        return Observed(
            mode="steady",
            seconds=time.perf_counter() - begun,
            cpu=cpu_seconds(self._pid) - cpu,
            runs=len(self.samples) + self.failed,
            failed=self.failed,
            samples=self.samples,
            memory=resident(self._pid),
        )

    def close(self) -> None:
        """Hang up."""
        for connection in self._idle:
            connection.close()


@contextmanager
def exporter(ca: str) -> Iterator[tuple[int, int]]:
    """A running exporter: its port and its process.

    It verifies what it is shown, as we do. The authority in the file *ca* stands for the system's, which Go reads once;
    a `ca_file` of a module would be read with every probe.
    """
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder) / "modules.yml"
        modules.write_text(_MODULES, encoding="utf-8")
        command = [PROGRAM, f"--config.file={modules}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        stay_on(CONTESTANT_CORE)
        environment = {**os.environ, "SSL_CERT_FILE": ca} if ca else None
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
        stay_on(SERVER_CORE)
        try:
            _wait_for(port)
            yield port, process.pid
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/healthy", timeout=1).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{PROGRAM} did not start")


async def main(order: Order, port: int, pid: int) -> Observed:
    """A round, after some questions to warm up."""
    scraper = Scraper(order, port, pid)
    await scraper.round(SETTLING)
    observed = await scraper.round(order.seconds)
    scraper.close()
    return observed


if __name__ == "__main__":
    given = Order(**json.loads(sys.argv[1]))
    with exporter(given.ca) as (where, who), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(main(given, where, who))
        print(json.dumps(asdict(seen)))  # noqa: T201 - the parent reads it
