"""How many requests a pretend vendor takes: so many in each window of time, as its headers tell."""

import math
from collections.abc import Mapping

from probe.model.clock import Clock
from probe.sandbox.points import moment


class Allowance:
    """The requests that one account may make.

    Attributes:
        limit: requests in a window; 0 for no limit.
        window: seconds.
    """

    def __init__(self, clock: Clock, limit: int, window: float) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._number = -1
        self._used = 0

    def take(self) -> bool:
        """Count a request; whether it is still allowed."""
        number = math.floor(self._clock.now() / self.window)
        if number != self._number:
            self._number, self._used = number, 0
        self._used += 1
        return not self.limit or self._used <= self.limit

    def shown(self, *, refused: bool = False) -> Mapping[str, object]:
        """What headers tell; nothing is left where a request was just *refused*."""
        left = self.window - self._clock.now() % self.window
        return {
            "limit": self.limit,
            "remaining": 0 if refused else max(0, self.limit - self._used),
            "used": self._used,
            "wait": math.ceil(left),
            "reset": moment(math.ceil(self._clock.wall() + left)),
        }
