"""What one run of each kind of probe costs us, and how many series it has: against the sandbox, one run at a time.

A program of its own; it prints a line of JSON.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Final

import uvloop

from probe import __version__
from probe.agent.assembly import Assembly
from probe.engine.runner import Runner
from probe.exposition.history import History
from probe.exposition.metrics import Metrics
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.sandbox.demo import demo_configuration
from probe.sandbox.process import SandboxProcess
from probe.settings import load, packaged
from probe.store import Store
from probe.wire import RealClock, Wire
from tests.bench.machine import CONTESTANT_CORE, SERVER_CORE, stay_on

RUNS: Final = 40
RENTING_RUNS: Final = 4
_STEADY: Final = "sandbox-steady"
_ICMP: Final = """\
probes:
  - {name: ping, kind: icmp, every: 20s, deadline: 5s, targets: [{name: loopback, host: 127.0.0.1}]}
"""


def one_of_each(jobs: Iterable[Job]) -> dict[str, Job]:
    """The first job of each kind that asks nobody who is slow or flaky on purpose."""
    found: dict[str, Job] = {}
    for job in jobs:
        if job.target.vendor in {"none", _STEADY}:
            found.setdefault(job.probe.kind, job)
    return found


async def series_of(metrics: Metrics, job: Job) -> int:
    """How many series its metrics have now."""
    told = b"".join([chunk async for chunk in metrics.exposition("text/plain").chunks]).decode()
    own = f'probe="{job.target.probe}",target="{job.target.name}"'
    return sum(own in line and f'vendor="{job.target.vendor}"' in line for line in told.splitlines())


async def measured(runner: Runner, metrics: Metrics, job: Job, clock: RealClock) -> dict[str, object]:
    """The CPU of the runs of *job*, after one that warms up."""
    await runner.run(job, clock.wall())
    cpu, wall, good = [], [], 0
    for _ in range(RENTING_RUNS if job.renting else RUNS):
        begun = time.process_time()
        ended = await runner.run(job, clock.wall())
        cpu.append((time.process_time() - begun) * 1e6)
        if isinstance(ended, Measurement):
            good += ended.ok
            wall.append(ended.seconds * 1e6)
    return {
        "kind": job.probe.kind,
        "cpu_us": median(cpu),
        "least_us": min(cpu),
        "most_us": max(cpu),
        "wall_us": median(wall) if wall else None,
        "runs": len(cpu),
        "good": good,
        "series": await series_of(metrics, job),
        "detail": str(job.detail),
    }


async def main() -> list[dict[str, object]]:
    """Every kind in turn."""
    clock = RealClock()
    metrics = Metrics(clock, __version__)
    wire = Wire(clock, metrics)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stay_on(SERVER_CORE)
        sandbox = await SandboxProcess.start([packaged("config") / "sandbox"], folder=folder / "sandbox", seed="bench")
        stay_on(CONTESTANT_CORE)
        template = (packaged("config") / "demo.yaml").read_text(encoding="utf-8").replace("probes:\n", _ICMP, 1)
        file = folder / "demo.yaml"
        text = demo_configuration(template, sandbox.places, listen="127.0.0.1:0", state=folder / "state")
        file.write_text(text, encoding="utf-8")
        try:
            async with await Store.open(folder / "state") as store:
                assembly = Assembly(load(file, environ={}), wire, clock, metrics, store=store)
                await wire.ready()
                history = History()
                metrics.announce(assembly.jobs)
                history.announce(assembly.jobs)
                runner = Runner(clock, (metrics, history))
                jobs = one_of_each(assembly.jobs).values()
                return [await measured(runner, metrics, job, clock) for job in sorted(jobs, key=_kind)]
        finally:
            await wire.close()
            await sandbox.stop()


def _kind(job: Job) -> str:
    return job.probe.kind


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        json.dump(loop.run(main()), sys.stdout)
