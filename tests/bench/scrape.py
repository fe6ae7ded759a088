"""What a scrape of many series costs, and for how long it holds the loop in which measurements are taken.

A program of its own, whose argument is the number of series; it prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvloop

from probe import __version__
from probe.agent.housekeeping import keep_house
from probe.exposition.metrics import Metrics
from probe.model.clock import ClockSource
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.target import OWN, Layer, Target
from probe.probes.http import HttpOptions, HttpPlace, HttpProbe
from probe.probes.kind import Surroundings
from probe.wire import RealClock, Wire
from tests.bench.machine import CONTESTANT_CORE, stay_on

TIMES: Final = 5
_PHASES: Final = {Phase.RESOLVE: 0.0, Phase.CONNECT: 4e-5, Phase.SEND: 1e-4, Phase.WAIT: 0.02, Phase.TRANSFER: 1e-4}


class Holds:
    """Turns with the loop as often as it can, and remembers the longest time between two turns."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def spin(self) -> None:
        """Watch until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest = max(self.longest, now - last)
            last = now

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch while the block lasts, its first and its last turn included."""
        task = asyncio.create_task(self.spin())
        await asyncio.sleep(0)
        self.longest = 0.0
        yield
        await asyncio.sleep(0)
        task.cancel()


def many_jobs(wire: Wire, clock: RealClock, count: int) -> list[Job]:
    """Plain HTTP probes."""
    probe = HttpProbe.build(HttpOptions(), HttpPlace(url="http://127.0.0.1/"), Surroundings(clock, wire))
    return [
        Job(
            probe=probe,
            target=Target(OWN, "", "bench", f"t{number}", Layer.SERVICE),
            every=15.0,
            deadline=5.0,
            detail=HttpProbe.detail,
        )
        for number in range(count)
    ]


def all_run(metrics: Metrics, jobs: list[Job], wall: float) -> None:
    """Let every job have run once more, so that nothing can be told from memory."""
    for job in jobs:
        metrics.record(
            Measurement(
                run_id="0" * 32,
                kind="http",
                target=job.target,
                due=wall,
                started=wall,
                seconds=0.0203 + wall % 0.001,
                outcome=Outcome.OK,
                phases=_PHASES,
                clock=ClockSource.KERNEL,
            )
        )


async def scraped(metrics: Metrics) -> tuple[int, float]:
    """Series and seconds of CPU of one scrape."""
    begun, series, size = time.process_time(), 0, 0
    chunks = [chunk async for chunk in metrics.exposition("text/plain").chunks]
    cpu = time.process_time() - begun
    for chunk in chunks:
        size += len(chunk)
        series += sum(not line.startswith(b"#") for line in chunk.splitlines())
    return series, cpu


async def main(wanted: int) -> dict[str, float | list[float]]:
    """Measure scrapes of at least *wanted* series, all of them changed, and again with nothing changed."""
    clock = RealClock()
    metrics = Metrics(clock, __version__)
    wire = Wire(clock, metrics)
    house = asyncio.create_task(keep_house(clock))
    metrics.announce(jobs := many_jobs(wire, clock, 10))
    all_run(metrics, jobs, clock.wall())
    few, _ = await scraped(metrics)
    metrics.announce(jobs := many_jobs(wire, clock, 20))
    all_run(metrics, jobs, clock.wall())
    more, _ = await scraped(metrics)
    each = (more - few) / 10
    metrics.announce(jobs := many_jobs(wire, clock, int(wanted / each) + 1))
    all_run(metrics, jobs, clock.wall())
    series, cold = await scraped(metrics)
    found: dict[str, list[float]] = {"changed_cpu_ms": [], "same_cpu_ms": [], "changed_hold_ms": []}
    holds = Holds()
    for _ in range(TIMES):
        all_run(metrics, jobs, clock.wall())
        found["changed_cpu_ms"].append((await scraped(metrics))[1] * 1e3)
        found["same_cpu_ms"].append((await scraped(metrics))[1] * 1e3)
        all_run(metrics, jobs, clock.wall())
        await asyncio.sleep(0.3)
        async with holds.watching():
            async for _chunk in metrics.exposition("text/plain").chunks:
                pass
        found["changed_hold_ms"].append(holds.longest * 1e3)
    house.cancel()
    await wire.close()
    return {"series": series, "per_target": each, "cold_cpu_ms": cold * 1e3, **found}


if __name__ == "__main__":
    stay_on(CONTESTANT_CORE)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(main(int(sys.argv[1])))))  # noqa: T201 - the parent reads it
