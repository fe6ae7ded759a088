"""When a job is due: a grid of instants spread by name, so that nothing fires as a herd and every slot can be counted.

Pure functions of names and numbers: the same configuration has the same grid on every start. Instants are seconds
since 1970.
"""

import hashlib
import math
from dataclasses import dataclass, field
from typing import Final

from probe.model.target import Target

DAY: Final = 86_400.0
START_WINDOW: Final = 5.0
"""Seconds after its start within which an agent has fired everything that costs nothing, unless that is very much."""
START_SPACING: Final = 0.05
"""Seconds of that window for each job that starts: who has few need not wait for the spread of many."""
STEP: Final = 0.002
"""Seconds of which the shift of a grid is a multiple: the slots of many jobs are due at the same instants, and to wake
up once for several runs costs less than to wake up for each. Where jobs are few, hardly two ever meet."""
START_RATE: Final = 400.0
"""First runs a second at most, for whose sake the window of very many jobs is longer: a first run makes what later ones
use again and costs three times as much, and a core that cannot keep up skips the slots it is late for."""
LONGEST_PATIENCE: Final = 5.0
_ENDLESS: Final = 2**62
_UNIT: Final = 2.0**-53


def patience(every: float) -> float:
    """How many seconds after its due instant a run may still start; later, its slot is skipped."""
    return min(every / 10, LONGEST_PATIENCE)


def start_window(jobs: int) -> float:
    """Seconds within which so many *jobs* that start together have all fired."""
    return max(min(START_WINDOW, jobs * START_SPACING), jobs / START_RATE)


def fraction(*words: str) -> float:
    """A number from 0 up to 1, always the same for the same *words* and spread evenly over different ones."""
    digest = hashlib.blake2b("\x1f".join(words).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * _UNIT


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Evenly spaced slots: *size* of them, the first at *first*."""

    first: float
    every: float
    size: int

    def slot(self, number: int) -> float:
        return self.first + number * self.every

    def up_to(self, instant: float) -> int:
        """How many slots lie at or before *instant*; the quotient may be off by its last bit."""
        number = min(self.size, max(0, math.floor((instant - self.first) / self.every) + 1))
        while number < self.size and self.slot(number) <= instant:
            number += 1
        while number > 0 and self.slot(number - 1) > instant:
            number -= 1
        return number


@dataclass(frozen=True, slots=True)
class Grid:
    """Due instants that are at the same distance from each other, shifted by a hash of a name.

    A redrawn grid gets a new shift each day, so that what is rented a few times a day does not meet the same
    minutes of every day. No two of its slots are nearer than half of *every*: the first slot of a day that would be
    is left out. (A day is made long enough to hold two slots.)

    Attributes:
        every: seconds between two slots.
        name: what the shift is drawn from.
        redrawn: whether the shift is drawn anew each day.
    """

    every: float
    name: tuple[str, ...]
    redrawn: bool = False
    _all: _Stretch | None = field(init=False, repr=False, compare=False)
    """All slots of a grid that is not redrawn: it is asked at every ring, and its shift is a hash of five names."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_all", None if self.redrawn else _Stretch(self._shift(""), self.every, _ENDLESS))

    def after(self, instant: float) -> float:
        """The first slot later than *instant*."""
        if self._all is not None:
            return self._all.slot(self._all.up_to(instant))
        day = self._day(instant)
        while True:
            stretch = self._stretch(day)
            number = stretch.up_to(instant)
            if number < stretch.size:
                return stretch.slot(number)
            day += 1

    def count(self, after: float, until: float) -> int:
        """How many slots lie later than *after* and not later than *until*."""
        if until <= after:
            return 0
        stretches = map(self._stretch, range(self._day(after), self._day(until) + 1))
        return sum(stretch.up_to(until) - stretch.up_to(after) for stretch in stretches)

    def newest(self, until: float) -> float:
        """The last slot that is not later than *until*."""
        day = self._day(until)
        while True:
            stretch = self._stretch(day)
            number = stretch.up_to(until)
            if number:
                return stretch.slot(number - 1)
            day -= 1

    def _length(self) -> float:
        return DAY * max(1, math.ceil(2 * self.every / DAY))

    def _day(self, instant: float) -> int:
        return math.floor(instant / self._length()) if self.redrawn else 0

    def _stretch(self, day: int) -> _Stretch:
        if self._all is not None:
            return self._all
        stretch, before = self._drawn(day), self._drawn(day - 1)
        if stretch.first - before.slot(before.size - 1) >= self.every / 2:
            return stretch
        return _Stretch(stretch.slot(1), self.every, stretch.size - 1)

    def _drawn(self, day: int) -> _Stretch:
        shift, length = self._shift(str(day)), self._length()
        return _Stretch(day * length + shift, self.every, math.ceil((length - shift) / self.every))

    def _shift(self, word: str) -> float:
        shift = fraction("grid", *self.name, word) * self.every
        return shift - shift % STEP


@dataclass(frozen=True, slots=True)
class Cadence:
    """The due instants of one job: perhaps one at the start, then those of its grid.

    Attributes:
        grid: the slots that repeat.
        opening: a slot of its own before the grid takes over; None if there is none.
        since: slots of the grid before this instant are not the job's.
    """

    grid: Grid
    opening: float | None
    since: float

    def after(self, instant: float) -> float:
        """The first due instant later than *instant*."""
        if self.opening is not None and instant < self.opening:
            return self.opening
        return self.grid.after(max(instant, self._eve()))

    def count(self, after: float, until: float) -> int:
        """How many due instants lie later than *after* and not later than *until*."""
        opened = self.opening is not None and after < self.opening <= until
        return int(opened) + self.grid.count(max(after, self._eve()), until)

    def newest(self, until: float) -> float:
        """The last due instant that is not later than *until*; the caller has counted that there is one."""
        if self.opening is not None and not self.grid.count(self._eve(), until):
            return self.opening
        return self.grid.newest(until)

    def _eve(self) -> float:
        return math.nextafter(self.since, -math.inf)


def cadence_at_start(
    agent_id: str,
    target: Target,
    *,
    every: float,
    renting: bool,
    start: float,
    last_create: float | None = None,
    window: float = START_WINDOW,
) -> Cadence:
    """When a job is due on an agent that starts (or first hears of the job) at *start*.

    What costs nothing fires within *window* seconds of the start, spread by a hash, and half a period later at the
    earliest joins its grid. What rents waits for its grid, after a restart for the first slot that lies at least
    half a period after *last_create*, when that probe last rented from that vendor.
    """
    name = (agent_id, target.probe, target.vendor, target.region, target.name)
    grid = Grid(every, name, redrawn=renting)
    if renting:
        return Cadence(grid, None, start if last_create is None else max(start, last_create + every / 2))
    opening = start + fraction("start", *name) * min(window, every)
    return Cadence(grid, opening, opening + every / 2)
