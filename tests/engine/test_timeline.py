"""The schedule's own time."""

from probe.engine.timeline import Timeline
from tests.fakes.clock import FakeClock


class SettableClock(FakeClock):
    """A clock that somebody may set."""

    def set_forward(self, seconds: float) -> None:
        """Move the wall clock only."""
        self._wall += seconds


def test_the_timeline_starts_at_the_wall_clock_and_runs_with_the_monotonic_one() -> None:
    """Its instants are seconds since 1970."""
    clock = FakeClock(wall=1_800_000_000.0)
    timeline = Timeline(clock)
    clock.pass_time(5.0)
    assert timeline.now() == 1_800_000_005.0
    assert timeline.drift() == 0.0


def test_setting_the_wall_clock_does_not_move_the_timeline() -> None:
    """A step is seen as drift and loses no slots."""
    clock = SettableClock(wall=1_800_000_000.0)
    timeline = Timeline(clock)
    clock.set_forward(-3600.0)
    assert timeline.now() == 1_800_000_000.0
    assert timeline.drift() == -3600.0
