"""What a vendor says in its headers of the requests that are left to us."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from probe.cloud.file.vendor import Limits


@dataclass(frozen=True, slots=True)
class Remaining:
    """A vendor's word about our request budget; None is what it does not say.

    Attributes:
        limit: requests in a window.
        left: those that remain of it.
        reset: when the window ends, in seconds since 1970: by the vendor's clock if it tells a moment, by ours if it
            tells a span of time.
    """

    limit: float | None = None
    left: float | None = None
    reset: float | None = None

    def closed(self, limits: Limits, wall: float, skew: float) -> float | None:
        """Seconds for which the vendor wants nothing more from us; None if it does not say.

        Args:
            limits: how it tells.
            wall: seconds since 1970 by our clock.
            skew: seconds by which that is ahead of the vendor's.
        """
        if self.left is None or (self.left <= 0 and self.reset is None):
            return None
        seconds = 0.0
        if self.left <= 0 and self.reset is not None:
            seconds = self.reset - wall + (skew if limits.reset_is == "epoch" else 0.0)
        return seconds / self.limit if limits.refill == "steady" and self.limit else seconds


def remaining(limits: Limits, headers: Mapping[str, str], wall: float) -> Remaining:
    """What *headers* say, in those that *limits* name; *wall* in seconds since 1970 by our clock."""
    limit, left, used = (_number(headers, name) for name in (limits.limit, limits.remaining, limits.used))
    if left is None and limit is not None and used is not None:
        left = max(0.0, limit - used)
    reset = _number(headers, limits.reset)
    if reset is not None and limits.reset_is == "seconds":
        reset += wall
    return Remaining(limit, left, reset)


def _number(headers: Mapping[str, str], name: str | None) -> float | None:
    """The number in a header; None where there is none that a budget could be."""
    try:
        number = float(headers[name]) if name is not None and name in headers else -1.0
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
