"""An agent's engine with its control checks, in a namespace: `python -m tests.networks.measuring CONFIGURATION`.

The targets of the configuration's only probe are measured as a vendor's are. It says `ready`, and on SIGTERM what it
found, as one line of JSON.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

import uvloop

from probe.agent.controls import WireCheck
from probe.engine.controls import Controls, Rules
from probe.engine.engine import Engine
from probe.engine.runner import Runner
from probe.engine.stalls import Stalls
from probe.model.job import Job
from probe.model.target import Target
from probe.probes.kind import Surroundings
from probe.settings import Configuration, load
from probe.wire import RealClock, Wire
from tests.fakes.checks import ControlMeter
from tests.fakes.meter import RecordingMeter
from tests.fakes.probes import KeepingSink


def jobs(configuration: Configuration, around: Surroundings) -> list[Job]:
    """A vendor's job for each target."""
    return [
        Job(
            probe=planned.kind.build(planned.options, planned.place, around),
            target=Target(planned.target.name, "eu-1", planned.target.probe),
            every=planned.every,
            deadline=planned.deadline,
        )
        for planned in configuration.expand()
    ]


async def main(file: Path) -> None:
    """Measure until told to end."""
    loop, clock, meter, sink = asyncio.get_running_loop(), RealClock(), RecordingMeter(), KeepingSink()
    configuration = load(file, environ={})
    wire, told = Wire(clock, meter), ControlMeter()
    plan = configuration.controls
    checks = tuple(WireCheck(check, wire, clock) for check in plan.checks)
    rules = Rules(checks=checks, quorum=plan.quorum, within=plan.within, every=plan.every)
    controls = Controls(rules, clock, told)
    stalls = Stalls(clock)
    runner = Runner(clock, [sink], stalls=stalls, network=controls)
    engine = Engine(runner, meter, clock, agent_id="agent", stalls=stalls)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    patrol = asyncio.create_task(controls.patrol())
    engine.start(jobs(configuration, Surroundings(clock, wire)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ended.wait()
    patrol.cancel()
    await engine.stop(5.0)
    await controls.close()
    await wire.close()
    runs = [
        [run.target.vendor, run.due, run.outcome, run.blame, run.seconds, sum(run.phases.values()), run.detail]
        for run in sink.kept
    ]
    skipped = {reason: count for (_, reason), count in meter.skipped.items()}
    sys.stdout.write(json.dumps({"runs": runs, "checks": told.told, "skipped": skipped}) + "\n")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as turning:
        turning.run(main(Path(sys.argv[1])))
