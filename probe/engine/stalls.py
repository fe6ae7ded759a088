"""When our own loop was held up: by its own work, by others on this machine, by whoever stopped the process."""

from collections import deque
from typing import Final

from probe.model.clock import Clock

GRAIN: Final = 0.02
"""Seconds by which a beat may be late without being worth remembering."""
_REMEMBERED: Final = 512


class Stalls:
    """Remembers them. The heartbeat says when it expects to beat, and beats; whoever judges a run asks.

    A loop that was held up learns of everything at once, and a run may be over before the heartbeat beats: a beat that
    is overdue is a stall, too.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expected: float | None = None
        self._past: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def expect(self, seconds: float) -> None:
        """Say that the next beat is *seconds* away."""
        self._expected = self._clock.now() + seconds

    def beat(self) -> float:
        """Beat; how many seconds late that is."""
        now = self._clock.now()
        if self._expected is None:
            return 0.0
        late = max(0.0, now - self._expected)
        if late > GRAIN:
            self._past.append((self._expected, now))
        self._expected = None
        return late

    def seconds(self, since: float, until: float) -> float:
        """For how many of the seconds from *since* to *until* (monotonic) the loop was held up, as far as it shows."""
        total = 0.0
        for began, ended in reversed(self._known(until)):
            if ended <= since:
                break
            total += max(0.0, min(ended, until) - max(began, since))
        return total

    def _known(self, until: float) -> list[tuple[float, float]]:
        past = list(self._past)
        if self._expected is not None and until - self._expected > GRAIN:
            past.append((self._expected, until))
        return past
