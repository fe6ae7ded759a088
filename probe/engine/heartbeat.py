"""How late our own event loop is."""

import asyncio
from typing import Final

from probe.engine.stalls import Stalls
from probe.model.meter import Meter

PERIOD: Final = 0.1


class Heartbeat:
    """Wakes up every `PERIOD` seconds and notes how late that was.

    Args:
        meter: hears the lag.
        stalls: remembers when the loop was held up.
    """

    def __init__(self, meter: Meter, stalls: Stalls) -> None:
        self._meter = meter
        self._stalls = stalls

    async def beat(self) -> None:
        """Beat until cancelled. The lag is not taken on the loop's own clock: uvloop's has a grain of a millisecond."""
        while True:
            self._stalls.expect(PERIOD)
            await asyncio.sleep(PERIOD)
            self._meter.loop_lag(self._stalls.beat())
