"""From the kernel's stamps to our clock, and back to the loop's where they cannot be believed."""

import time

from probe.model.clock import ClockSource
from probe.model.meter import Meter
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, kernel_clock_available
from probe.wire.clocks import offset
from probe.wire.timing import Timing


class SetClock(RealClock):
    """A clock that can be set, as the realtime clock can be against the monotonic one."""

    def __init__(self) -> None:
        self.set_by = 0.0

    def now(self) -> float:
        """Monotonic seconds, shifted."""
        return super().now() + self.set_by


class LagMeter(Meter):
    """Remembers how late we read."""

    def __init__(self) -> None:
        self.lags: list[float] = []

    def receive_lag(self, seconds: float) -> None:
        """Note a lag."""
        self.lags.append(seconds)


def test_the_kernel_stamps_here() -> None:
    """These tests run on Linux, where the agent's promise is kept by the kernel."""
    assert kernel_clock_available()


def test_the_bracket_is_narrow() -> None:
    """Two readings of one offset agree to a fraction of what would be called a step."""
    readings = [offset(RealClock()) for _ in range(20)]
    assert sorted(readings)[15] - sorted(readings)[5] < 0.0002


def test_a_stamp_becomes_a_moment_on_our_clock() -> None:
    """What arrived 50 ms ago arrived 50 ms ago, and how late we read it is counted."""
    clock, meter = SetClock(), LagMeter()
    watch = Stopwatch(clock)
    timing = Timing(watch, clock, meter, kernel=True)
    arrived = timing.arrival(time.time_ns() - 50_000_000)
    assert abs(clock.now() - arrived - 0.05) < 0.005
    assert abs(meter.lags[0] - 0.05) < 0.005
    assert timing.sharp
    assert watch.source is ClockSource.KERNEL


def test_a_clock_that_was_set_in_between_is_not_believed() -> None:
    """The measurement falls back to the loop, and says so."""
    clock = SetClock()
    watch = Stopwatch(clock)
    timing = Timing(watch, clock, Meter(), kernel=True)
    clock.set_by = 3.0
    assert abs(timing.arrival(time.time_ns()) - clock.now()) < 0.01
    assert not timing.sharp
    assert watch.source is ClockSource.LOOP


def test_what_comes_without_a_stamp_was_timed_by_the_loop() -> None:
    """One blunt phase makes the whole measurement blunt, also for later exchanges on the same stopwatch."""
    clock = RealClock()
    watch = Stopwatch(clock)
    timing = Timing(watch, clock, Meter(), kernel=True)
    timing.arrival(None)
    timing.add(Phase.WAIT, 0.1)
    Timing(watch, clock, Meter(), kernel=True)
    assert watch.source is ClockSource.LOOP


def test_a_wide_bracket_round_a_send_is_blunt() -> None:
    """Without the device's stamp, nobody knows when bytes left during a call that took long."""
    clock = RealClock()
    timing = Timing(Stopwatch(clock), clock, Meter(), kernel=True)
    timing.departure(None, clock.now())
    assert timing.sharp
    timing.departure(None, clock.now() - 0.1)
    assert not timing.sharp


async def test_the_real_clock_sleeps() -> None:
    """Not at all if nothing is left to wait for."""
    clock = RealClock()
    before = clock.now()
    await clock.sleep(-1)
    await clock.sleep(0.01)
    assert 0.009 < clock.now() - before < 0.5
    assert abs(clock.wall() - time.time()) < 1
