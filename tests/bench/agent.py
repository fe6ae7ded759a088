"""The contestant that is ours: schedule, runner, HTTP probe, wire and all sinks, as the agent puts them together.

A program of its own, whose argument is an `Order` as JSON; it prints what it observed, a line of JSON for each mode.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import uvloop
from typing_extensions import override

from probe import __version__
from probe.agent.housekeeping import keep_house
from probe.engine.bell import Bell
from probe.engine.engine import Engine
from probe.engine.outages import Outages
from probe.engine.runner import Runner
from probe.engine.timeline import Timeline
from probe.exposition.history import History
from probe.exposition.logs import FailureLog
from probe.exposition.metrics import Metrics
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import OWN, Layer, Target
from probe.probes.http import HttpOptions, HttpPlace, HttpProbe
from probe.probes.kind import Surroundings
from probe.wire import Fetched, Prepared, RealClock, Wire
from probe.wire.alarm import LoopAlarm, alarm
from tests.bench.contestant import Order, Window, scraped_series, stalling
from tests.bench.figures import Observed
from tests.bench.machine import CONTESTANT_CORE, stay_on
from tests.bench.truth import Sample

EVERY: Final = 1.0
SETTLING: Final = 2.5
"""Seconds until every target is on its grid: its first slot, half a period, and one period more."""
PLACES: Final = 2000
PAUSE: Final = 0.5
SCRAPE_EVERY: Final = 5.0
SERIES_EACH: Final = 42
"""Series of a target that has not run."""


class Ear(Metrics):
    """The agent's metrics, and the raw figures that they are made of."""

    def __init__(self, clock: RealClock) -> None:
        super().__init__(clock, __version__)
        self.lateness: list[float] = []
        self.lag: list[float] = []

    def schedule_lateness(self, seconds: float) -> None:
        """Observe how late a run started."""
        super().schedule_lateness(seconds)
        self.lateness.append(seconds)

    def loop_lag(self, seconds: float) -> None:
        """Observe how late the event loop woke us."""
        super().loop_lag(seconds)
        self.lag.append(seconds)


class KeptProbe(HttpProbe):
    """The HTTP probe over connections that are used again."""

    def __init__(self, options: HttpOptions, place: HttpPlace, wire: Wire) -> None:
        super().__init__(options, place, wire)
        self._route = replace(self._route, keep=True)


class ThroughHttpx(Wire):
    """A wire whose HTTP goes through httpx's objects, as all does that is no HTTP probe: calls to vendors, flows."""

    @override
    async def fetch(self, asked: Prepared, watch: Stopwatch, *, limit: int = 1 << 20) -> Fetched:
        answer = await self.send(asked.request, watch, asked.route, limit=limit)
        return Fetched(answer.status_code, answer.headers.raw, answer.content)


class Samples:
    """A sink that keeps what was measured."""

    def __init__(self) -> None:
        self.kept: list[Sample] = []
        self.runs = 0
        self.failed = 0

    def record(self, measurement: Measurement) -> None:
        """Take note of *measurement*."""
        self.runs += 1
        self.failed += not measurement.ok
        if (wait := measurement.phases.get(Phase.WAIT)) is not None:
            ended = measurement.started + measurement.seconds
            self.kept.append((f"/{measurement.target.name}", measurement.started, ended, wait))


@dataclass(slots=True)
class Bench:
    """An agent's inside with measuring sinks."""

    jobs: Sequence[Job]
    engine: Engine
    ear: Ear
    samples: Samples

    def skipped(self) -> Counter[str]:
        """Slots skipped so far, by reason."""
        total: Counter[str] = Counter()
        for job in self.jobs:
            total.update({str(reason): n for reason, n in self.engine.account.tally(job.target).skipped.items()})
        return total

    def lost(self) -> int:
        """Slots that nobody accounts for."""
        tallies = [self.engine.account.tally(job.target) for job in self.jobs]
        return sum(one.due - one.runs - one.in_flight - sum(one.skipped.values()) for one in tallies)

    async def observe(self, mode: str, seconds: float) -> Observed:
        """Let a round of *mode* pass."""
        samples, ear, skipped = self.samples, self.ear, self.skipped()
        self._fill(scraped_series(mode))
        await asyncio.sleep(PAUSE)
        samples.kept, samples.runs, samples.failed, ear.lateness, ear.lag = [], 0, 0, [], []
        async with stalling(mode), self._scraping(mode):
            window = Window()
            await asyncio.sleep(seconds)
            passed, cpu, memory = window.close()
        return Observed(
            mode=mode,
            seconds=passed,
            cpu=cpu,
            runs=samples.runs,
            failed=samples.failed,
            samples=samples.kept,
            lateness=ear.lateness,
            lag=ear.lag,
            skipped=dict(self.skipped() - skipped),
            lost=self.lost(),
            memory=memory,
        )

    def _fill(self, series: int) -> None:
        """Announce more targets, which never run, until there are so many *series*."""
        idle = [
            replace(self.jobs[0], target=Target(OWN, "", "idle", f"i{number}", Layer.SERVICE))
            for number in range(max(0, series // SERIES_EACH - len(self.jobs)))
        ]
        self.ear.announce([*self.jobs, *idle])

    @asynccontextmanager
    async def _scraping(self, mode: str) -> AsyncIterator[None]:
        """Scrape every five seconds, the first time in the middle of the first five, if the *mode* says so."""
        if not scraped_series(mode):
            yield
            return
        task = asyncio.create_task(self._scrape())
        try:
            yield
        finally:
            task.cancel()

    async def _scrape(self) -> None:
        await asyncio.sleep(SCRAPE_EVERY / 2)
        while True:
            async for _chunk in self.ear.exposition("text/plain").chunks:
                pass
            await asyncio.sleep(SCRAPE_EVERY)


def set_up(order: Order, wire: Wire, clock: RealClock, ear: Ear) -> Bench:
    """An engine with a target for each probe a second."""
    around = Surroundings(clock, wire)
    kind, options = KeptProbe if order.keep else HttpProbe, HttpOptions(ca_bundle=Path(order.ca) if order.ca else None)
    jobs = [
        Job(
            probe=kind.build(options, HttpPlace(url=f"{order.origin}/t{number}"), around),
            target=Target(OWN, "", "bench", f"t{number}", Layer.SERVICE),
            every=EVERY,
            deadline=5.0,
            detail=HttpProbe.detail,
        )
        for number in range(round(order.rate * EVERY))
    ]
    samples, history, outages = Samples(), History(), Outages(ear, None)
    ear.announce(jobs)
    history.announce(jobs)
    outages.announce(job.target for job in jobs)
    runner = Runner(clock, (ear, history, outages, FailureLog(clock), samples))
    bell = Bell(Timeline(clock), LoopAlarm if "timer" in order.without else alarm)
    return Bench(jobs, Engine(runner, ear, clock, agent_id="bench", places=PLACES, bell=bell), ear, samples)


async def main(order: Order) -> None:
    """Run every mode in turn."""
    clock = RealClock()
    ear = Ear(clock)
    wire = ThroughHttpx(clock, ear) if "direct" in order.without else Wire(clock, ear)
    bench = set_up(order, wire, clock, ear)
    await wire.ready()
    bench.engine.start(bench.jobs)
    house = None if "house" in order.without else asyncio.create_task(keep_house(clock))
    await asyncio.sleep(SETTLING)
    for mode in order.modes:
        print(json.dumps(asdict(await bench.observe(mode, order.seconds))), flush=True)  # noqa: T201 - the parent reads it
    await bench.engine.stop(2.0)
    if house is not None:
        house.cancel()
    await wire.close()


if __name__ == "__main__":
    stay_on(CONTESTANT_CORE)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Order(**json.loads(sys.argv[1]))))
