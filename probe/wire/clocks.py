"""The clocks: the real one, and the way from the kernel's stamps to it."""

import asyncio
import time
from typing import Final

from probe.model.clock import Clock

STEP: Final = 0.0005
"""Seconds by which the two clocks may drift apart within an exchange before we say that one was set."""

_WIDE: Final = 20e-6
_TRIES: Final = 4


class RealClock:
    """The time as this machine tells it."""

    now = staticmethod(time.perf_counter)
    """Monotonic seconds. The function itself: it is called twenty times a run."""

    wall = staticmethod(time.time)
    """Seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait for that many seconds; not at all if none are left."""
        await asyncio.sleep(max(0.0, seconds))


def offset(clock: Clock) -> float:
    """How far the kernel's realtime is ahead of *clock*, in seconds.

    The realtime clock is read between two readings of the other; the narrowest of a few brackets counts, because
    we may have been interrupted inside one.
    """
    best = float("inf")
    found = 0.0
    for _ in range(_TRIES):
        before = clock.now()
        real = time.time_ns()
        after = clock.now()
        if after - before < best:
            best = after - before
            found = real / 1e9 - (before + after) / 2
        if best <= _WIDE:
            break
    return found
