"""Accounts one exchange to a stopwatch, with the kernel's times where it has them and the loop's where it has not."""

from collections.abc import Callable
from typing import Final

from probe.model.clock import Clock, ClockSource
from probe.model.meter import Meter
from probe.model.phase import WIRE_PHASES, Phase
from probe.model.stopwatch import Stopwatch
from probe.wire.clocks import STEP, offset

_WIRE: Final = frozenset(WIRE_PHASES)
# Seconds after which a call that sends must have been interrupted, so that nobody knows when the bytes left.
_WIDE: Final = 0.001


class Timing:
    """The times of one attempt to talk to somebody.

    A measurement counts as the kernel's only as long as nothing in it was timed by the loop: `blunt` says that
    something was.

    Attributes:
        watch: what the phases are accounted to.
        kernel: whether sockets are asked for stamps.
        add: accounts seconds to a phase and ends it.
        enter: says that a phase has begun.
        now: tells monotonic seconds, on the clock that everything is measured on.
        sharp: whether the kernel has timed everything in this attempt so far.
    """

    __slots__ = ("_clock", "_meter", "_offset", "add", "enter", "kernel", "now", "sharp", "watch")

    def __init__(self, watch: Stopwatch, clock: Clock, meter: Meter, *, kernel: bool) -> None:
        self.watch = watch
        self.kernel = kernel
        self.sharp = kernel
        self._clock = clock
        self.now = clock.now
        self.enter = watch.enter
        self.add: Callable[[Phase, float], None] = watch.add
        self._meter = meter
        self._offset = offset(clock) if kernel else 0.0
        if not kernel:
            watch.source = ClockSource.LOOP
        elif _WIRE.isdisjoint(watch.phases):
            watch.source = ClockSource.KERNEL

    def blunt(self) -> None:
        """Note that a phase had to be timed by the loop."""
        self.sharp = False
        self.watch.source = ClockSource.LOOP

    def arrival(self, stamp: int | None) -> float:
        """When bytes just read had arrived, on our clock.

        It is the kernel's *stamp* (nanoseconds since 1970) if there is one and no clock was set since the exchange
        began; else it is now, which is as much later as the loop was late.
        """
        now = self.now()
        arrived = self._moment(stamp)
        if arrived is None:
            self.blunt()
            return now
        self._meter.receive_lag(max(0.0, now - arrived))
        return min(arrived, now)

    def departure(self, stamp: int | None, before: float) -> float:
        """When bytes just sent had left, on our clock; *before* is when we began to send them.

        It is the kernel's *stamp* if there is one; else it is now, which is sharp only if it is hardly later.
        """
        now = self.now()
        if stamp is not None:
            # no need to ask whether the clock was set since: what it makes of the stamp lies between these two
            return min(max(stamp / 1e9 - self._offset, before), now)
        if now - before > _WIDE:
            self.blunt()
        return now

    def _moment(self, stamp: int | None) -> float | None:
        if stamp is None:
            return None
        ahead = offset(self._clock)
        if abs(ahead - self._offset) > STEP:
            return None
        return stamp / 1e9 - ahead
