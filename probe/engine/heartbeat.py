"""How late our own event loop is, and whether somebody set the wall clock."""

import asyncio
from collections.abc import Callable
from typing import Final

from probe.engine.stalls import Stalls
from probe.engine.timeline import Timeline
from probe.model.meter import Meter

PERIOD: Final = 0.1
STEP: Final = 0.05
"""Seconds by which the wall clock has to move against the monotonic one to count as set."""


class Heartbeat:
    """Wakes up every `PERIOD` seconds and notes how late that was.

    Args:
        timeline: the schedule's time.
        meter: hears the lag.
        on_step: called when the wall clock was set.
        stalls: remembers when the loop was held up.
    """

    def __init__(self, timeline: Timeline, meter: Meter, on_step: Callable[[], None], stalls: Stalls) -> None:
        self._timeline = timeline
        self._meter = meter
        self._on_step = on_step
        self._stalls = stalls

    async def beat(self) -> None:
        """Beat until cancelled. The lag is not taken on the loop's own clock: uvloop's has a grain of a millisecond."""
        drift = self._timeline.drift()
        while True:
            self._stalls.expect(PERIOD)
            await asyncio.sleep(PERIOD)
            self._meter.loop_lag(self._stalls.beat())
            if abs(self._timeline.drift() - drift) > STEP:
                drift = self._timeline.drift()
                self._on_step()
