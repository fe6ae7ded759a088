"""The schedule's own time: seconds since 1970 that no step of the wall clock can move."""

from probe.model.clock import Clock


class Timeline:
    """Counts from the wall clock's reading at its creation on by the monotonic clock.

    So a grid of due instants is anchored in 1970 and survives restarts, while a wall clock that is set forward or
    back neither loses slots nor fires them twice.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._origin = clock.wall() - clock.now()

    def now(self) -> float:
        """The schedule's present, seconds since 1970."""
        return self._origin + self._clock.now()

    def drift(self) -> float:
        """Seconds by which the wall clock has been moved since the timeline was drawn."""
        return self._clock.wall() - self.now()
