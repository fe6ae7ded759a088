"""How late our own loop is."""

import asyncio
import time

from probe.engine.heartbeat import PERIOD, Heartbeat
from probe.engine.stalls import Stalls
from probe.wire.clocks import RealClock
from tests.fakes.meter import RecordingMeter


async def test_a_stalled_loop_shows_as_lag() -> None:
    """Whoever blocks the loop is seen, and a free one has hardly any lag."""
    meter = RecordingMeter()
    beating = asyncio.create_task(Heartbeat(meter, Stalls(RealClock())).beat())
    await asyncio.sleep(PERIOD * 2.5)
    time.sleep(0.3)  # noqa: ASYNC251 - the stall that is tested
    await asyncio.sleep(PERIOD)
    beating.cancel()
    assert max(meter.lags) > 0.2
    assert min(meter.lags) < 0.1
