"""How late our own loop is."""

import asyncio
import time

from probe.engine.heartbeat import PERIOD, Heartbeat
from probe.engine.stalls import Stalls
from probe.engine.timeline import Timeline
from probe.wire.clocks import RealClock
from tests.fakes.meter import RecordingMeter


class MovableClock(RealClock):
    """The real time, but that the wall clock may be set."""

    moved = 0.0

    def wall(self) -> float:
        """Seconds since 1970, as somebody set it."""
        return super().wall() + self.moved


async def test_a_stalled_loop_shows_as_lag() -> None:
    """Whoever blocks the loop is seen, and a free one has hardly any lag."""
    meter = RecordingMeter()
    beating = asyncio.create_task(Heartbeat(Timeline(RealClock()), meter, lambda: None, Stalls(RealClock())).beat())
    await asyncio.sleep(PERIOD * 2.5)
    time.sleep(0.3)  # noqa: ASYNC251 - the stall that is tested
    await asyncio.sleep(PERIOD)
    beating.cancel()
    assert max(meter.lags) > 0.2
    assert min(meter.lags) < 0.1


async def test_a_set_wall_clock_is_noticed_once() -> None:
    """The bell then asks anew when everything is due."""
    clock, steps = MovableClock(), list[float]()
    timeline = Timeline(clock)
    heartbeat = Heartbeat(timeline, RecordingMeter(), lambda: steps.append(timeline.drift()), Stalls(clock))
    beating = asyncio.create_task(heartbeat.beat())
    await asyncio.sleep(PERIOD * 1.5)
    assert steps == []
    clock.moved = -3600.0
    await asyncio.sleep(PERIOD * 3)
    beating.cancel()
    assert [round(step) for step in steps] == [-3600]
