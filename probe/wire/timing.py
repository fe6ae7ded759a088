"""Accounts one exchange to a stopwatch, with the kernel's times where it has them and the loop's where it has not."""

from typing import Final

from probe.model.clock import Clock, ClockSource
from probe.model.meter import Meter
from probe.model.phase import WIRE_PHASES, Phase
from probe.model.stopwatch import Stopwatch
from probe.wire.clocks import STEP, offset

_WIRE: Final = frozenset(WIRE_PHASES)


class Timing:
    """The times of one attempt to talk to somebody.

    A measurement counts as the kernel's only as long as nothing in it was timed by the loop: `blunt` says that
    something was.

    Attributes:
        watch: what the phases are accounted to.
        kernel: whether sockets are asked for stamps.
    """

    __slots__ = ("_meter", "_now", "_offset", "kernel", "watch")

    def __init__(self, watch: Stopwatch, clock: Clock, meter: Meter, *, kernel: bool) -> None:
        self.watch = watch
        self.kernel = kernel
        self._now = clock
        self._meter = meter
        self._offset = offset(clock) if kernel else 0.0
        if not kernel:
            watch.source = ClockSource.LOOP
        elif _WIRE.isdisjoint(watch.phases):
            watch.source = ClockSource.KERNEL

    def now(self) -> float:
        """Monotonic seconds, on the clock that everything is measured on."""
        return self._now.now()

    def blunt(self) -> None:
        """Note that a phase had to be timed by the loop."""
        self.watch.source = ClockSource.LOOP

    def arrival(self, stamp: int | None) -> float:
        """When bytes just read had arrived, on our clock.

        It is the kernel's *stamp* (nanoseconds since 1970) if there is one and no clock was set since the exchange
        began; else it is now, which is as much later as the loop was late.
        """
        now = self.now()
        if stamp is None:
            self.blunt()
            return now
        ahead = offset(self._now)
        if abs(ahead - self._offset) > STEP:
            self.blunt()
            return now
        arrived = stamp / 1e9 - ahead
        self._meter.receive_lag(max(0.0, now - arrived))
        return min(arrived, now)

    def enter(self, phase: Phase) -> None:
        """Say that *phase* has begun."""
        self.watch.enter(phase)

    def add(self, phase: Phase, seconds: float) -> None:
        """Account *seconds* to *phase* and end it."""
        self.watch.add(phase, seconds)
