"""What contestants have in common: an order, a stall, a window in which things are counted."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Final

from tests.bench.figures import Observed
from tests.bench.machine import resident

STEADY: Final = "steady"
STALLED: Final = "stalled"
SCRAPED: Final = "scraped"
"""The rest of the mode's name is how many series there are."""
STALL: Final = 0.5
"""Seconds of every second for which a stalled loop is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a contestant is to do.

    Attributes:
        port: of the server that knows the truth.
        ca: PEM file of the authority that signed its certificate; empty if it does not speak TLS.
        keep: whether connections are used again.
        rate: probes a second.
        seconds: how long each round is.
        modes: a round for each, in this order.
        without: what ours is to do without: `timer` (the kernel's), `house` (garbage collected at a pace),
            `direct` (the way to a socket without httpx's objects).
    """

    port: int
    rate: int
    seconds: float
    modes: Sequence[str]
    without: Sequence[str] = ()
    ca: str = ""
    keep: bool = False

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return f"http{'s' if self.ca else ''}://127.0.0.1:{self.port}"


class Window:
    """Counts CPU and time from its making on."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._begun = time.perf_counter()

    def close(self) -> tuple[float, float, int]:
        """Seconds that passed, seconds of CPU used, bytes resident."""
        cpu, passed = time.process_time() - self._cpu, time.perf_counter() - self._begun
        return passed, cpu, resident()


@asynccontextmanager
async def stalling(mode: str) -> AsyncIterator[None]:
    """Hold the loop for half of every second if the *mode* says so, as a scrape or a collection might."""
    if mode != STALLED:
        yield
        return
    task = asyncio.create_task(_stall())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _stall() -> None:
    while True:
        await asyncio.sleep(1 - STALL)
        time.sleep(STALL)  # noqa: ASYNC251 - that is what is being measured


def scraped_series(mode: str) -> int:
    """How many series are scraped in rounds of *mode*, 0 for none."""
    name, _, count = mode.partition(" ")
    return int(count) if name == SCRAPED else 0


def observe(program: str, order: Order) -> Iterator[Observed]:
    """Run *program* (a module of this folder) in a process of its own; what it observed, round by round.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", f"tests.bench.{program}", json.dumps(asdict(order))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            yield Observed(**json.loads(line))
    if process.wait():
        raise RuntimeError(f"{program} ended with {process.returncode}")
