"""One echo request, as whom and in whatever namespace a test says.

`python -m tests.networks.echoing UID HOST [BYTES TTL WHOLE]` prints the outcome, the clock, the phases and the detail
as one line of JSON.
"""

import asyncio
import json
import os
import sys

from probe.engine.runner import Runner
from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.probes.icmp import IcmpOptions, IcmpPlace, IcmpProbe
from probe.wire import RealClock, Wire
from tests.fakes.probes import own


async def main(host: str, options: IcmpOptions) -> None:
    """Send it."""
    clock = RealClock()
    wire = Wire(clock, Meter())
    job = Job(probe=IcmpProbe(options, IcmpPlace(name=None, host=host), wire), target=own("h"), every=5.0, deadline=1.0)
    ended = await Runner(clock, []).run(job, clock.wall())
    assert isinstance(ended, Measurement)
    sys.stdout.write(json.dumps([ended.outcome, ended.clock, dict(ended.phases), ended.detail]) + "\n")


if __name__ == "__main__":
    uid, host, *rest = sys.argv[1:]
    payload, ttl, whole = (int(word) for word in (rest or ("56", "64", "0")))
    os.setgid(int(uid))
    os.setuid(int(uid))
    asyncio.run(main(host, IcmpOptions(payload=payload, ttl=ttl, dont_fragment=bool(whole))))
