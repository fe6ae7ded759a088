"""Pretend monitoring data: a load that goes up and down, one point a period, the newest some time behind."""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

_MOST: Final = 1440
"""Points in one answer."""
_DAY: Final = 86_400.0


def moment(wall: float) -> Mapping[str, object]:
    """A point in time, in the ways in which vendors write it; *wall* in seconds since 1970."""
    utc = datetime.fromtimestamp(wall, UTC)
    return {
        "seconds": int(wall),
        "ms": int(wall * 1000),
        "iso": utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "iso_ms": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z",
        "iso_micro": utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "iso_offset": utc.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "iso_naive": utc.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def read_moment(value: object) -> float | None:
    """Seconds since 1970 of what a request says: seconds, milliseconds or ISO 8601; None if it is none of these."""
    text = str(value)
    try:
        number = float(text)
        if not math.isfinite(number):
            return None
    except ValueError:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
    return number / 1000.0 if number > 1e11 else number  # noqa: PLR2004 - seconds would lie beyond the year 5000


def datapoints(subject: str, since: float, until: float, newest: float, period: float) -> list[Mapping[str, object]]:
    """The points of *subject* from *since* to *until*, none after *newest* (all seconds since 1970), oldest first."""
    last = math.floor(min(until, newest) / period)
    first = max(math.ceil(since / period), last - _MOST + 1)
    phase = int(hashlib.sha256(subject.encode()).hexdigest()[:8], 16)
    return [_point(step * period, _load(step * period, phase), period) for step in range(first, last + 1)]


def _point(wall: float, value: float, period: float) -> Mapping[str, object]:
    return {**moment(wall), "value": value, "text": str(value), "period": period, "granularity": float(period)}


def _load(wall: float, phase: int) -> float:
    slow = math.sin(2 * math.pi * (wall + phase) / _DAY)
    quick = math.sin((wall * 7 + phase) % 97)
    return round(30.0 + 15.0 * slow + 5.0 * quick, 3)
