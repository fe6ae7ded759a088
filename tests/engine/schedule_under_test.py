"""A whole schedule as a program of its own, so that it can be stopped dead, reloaded and ended by signals.

It says `ready` once it runs, takes SIGHUP as a reload, and on SIGTERM prints its account as one line of JSON.
"""

import asyncio
import json
import signal
import sys

import uvloop

from probe.engine.engine import Engine
from probe.engine.runner import Runner
from probe.model.job import Job
from probe.model.stopwatch import Stopwatch
from probe.wire.clocks import RealClock
from tests.fakes.meter import RecordingMeter
from tests.fakes.probes import KeepingSink, job, own


async def short(watch: Stopwatch) -> None:
    """Take a moment."""
    await watch.clock.sleep(0.005)


async def endless(watch: Stopwatch) -> None:
    """Be on when the end comes."""
    await watch.clock.sleep(600.0)


def jobs(count: int) -> list[Job]:
    """Short runs in different rhythms, and one that never ends."""
    quick = [job(short, target=own(str(n)), every=(0.1, 0.25, 1.0)[n % 3], deadline=5.0) for n in range(count)]
    return [*quick, job(endless, target=own("endless"), every=0.5, deadline=600.0)]


async def main() -> None:
    """Run until told to end."""
    loop, clock, meter, sink = asyncio.get_running_loop(), RealClock(), RecordingMeter(), KeepingSink()
    engine = Engine(Runner(clock, [sink]), meter, clock, agent_id="agent")
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGHUP, engine.replace, jobs(20))
    engine.start(jobs(30))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ended.wait()
    unfinished = await engine.stop(5.0)
    tallies = [engine.account.tally(target) for target in meter.due if target not in meter.retired]
    account = {
        "balanced": all(tally.balanced for tally in tallies),
        "due": sum(tally.due for tally in tallies),
        "runs": sum(tally.runs for tally in tallies),
        "in_flight": sum(tally.in_flight for tally in tallies),
        "skipped": {
            reason: sum(tally.skipped.get(reason, 0) for tally in tallies)
            for tally in tallies
            for reason in tally.skipped
        },
        "kept": len([kept for kept in sink.kept if kept.target not in meter.retired]),
        "retired": len(meter.retired),
        "unfinished": len(unfinished),
        "endless": [measured.outcome for measured in sink.kept if measured.target.name == "endless"],
    }
    sys.stdout.write(json.dumps(account) + "\n")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
