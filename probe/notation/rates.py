"""Rates as people write them: `100/m`, `20/s`, `3600/h`, `5/10s`."""

import re
from dataclasses import dataclass
from typing import Final

from probe.notation.durations import parse_duration

_RATE: Final = re.compile(r"([0-9]{1,7})/([0-9.]*[a-z0-9]*)")
_MOST: Final = 1_000_000
_UNITS: Final = {1.0: "s", 60.0: "m", 3600.0: "h"}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so much time.

    Attributes:
        count: how many.
        seconds: in which time.
    """

    count: int
    seconds: float

    def __str__(self) -> str:
        """As it may be written."""
        return f"{self.count}/{_UNITS.get(self.seconds, f'{self.seconds:g}s')}"

    @property
    def per_second(self) -> float:
        """How many in a second."""
        return self.count / self.seconds


def parse_rate(text: str) -> Rate:
    """The rate that *text* is: a count, a slash, and a unit or a duration.

    Raises:
        ValueError: it is none; the message says what a rate looks like.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no rate: write 20/s, 100/m or 3600/h")
    count, period = int(found[1]), found[2]
    try:
        seconds = parse_duration(period if period[:1].isdigit() else f"1{period}")
    except ValueError:
        raise ValueError(f"`{text}` is no rate: write 20/s, 100/m or 3600/h") from None
    if not 0 < count <= _MOST or seconds <= 0:
        raise ValueError(f"`{text}` lets nothing through: write 20/s, 100/m or 3600/h")
    return Rate(count, seconds)
