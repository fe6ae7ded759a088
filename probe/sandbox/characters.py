"""What a pretend vendor is like: how fast, how even, how often in trouble. Characters are data; this plays them."""

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.model.clock import Clock
from probe.notation.documents import DocumentRefused, read_document
from probe.sandbox.faults import ANY, Fault, FaultKind, Weather
from probe.sandbox.reading import Entry, SandboxDataRefused

_UNEVEN: Final = 1.25
"""How much the length of a bout varies, as a factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Durations that scatter as real ones do: log-normal, with a tail of its own.

    Attributes:
        median: seconds.
        spread: two of three lie between median / spread and median * spread.
        tail_share: how many come from the tail, 0 to 1.
        tail_median: seconds, of those.
        least: seconds, of all.
        most: seconds, of all.
    """

    median: float = 0.0
    spread: float = 1.0
    tail_share: float = 0.0
    tail_median: float = 0.0
    least: float = 0.0
    most: float = math.inf

    def draw(self, dice: random.Random) -> float:
        """One duration, in seconds."""
        median = self.tail_median if dice.random() < self.tail_share else self.median
        scattered = median * math.exp(math.log(self.spread) * dice.gauss(0.0, 1.0)) if self.spread > 1.0 else median
        return min(self.most, max(self.least, scattered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """How a vendor behaves.

    Attributes:
        name: the word that it is chosen by.
        says: what it is like, for people.
        latency: of every answer.
        build: from accepted to ready.
        reach: from ready until the instance's port answers.
        delete: from the delete call until it is gone.
        lag: seconds that the newest datapoint is behind at least.
        good: median length of a good bout in seconds; 0 for always good.
        bad: median length of a bad bout in seconds.
        faults: its own.
    """

    name: str = "ideal"
    says: str = "answers at once and never fails"
    latency: Spread = Spread()
    build: Spread = Spread()
    reach: Spread = Spread()
    delete: Spread = Spread()
    lag: float = 0.0
    good: float = 0.0
    bad: float = 0.0
    faults: tuple[Fault, ...] = ()


class Bouts:
    """Good times and bad times in turn, seeded; starts with a good one."""

    def __init__(self, clock: Clock, seed: str, good: float, bad: float) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self._lengths = {Weather.GOOD: good, Weather.BAD: bad}
        self._now = Weather.GOOD
        self._until = clock.now() + self._length() if good and bad else math.inf

    def __call__(self) -> Weather:
        """The weather now."""
        while self._clock.now() >= self._until:
            self._now = Weather.BAD if self._now is Weather.GOOD else Weather.GOOD
            self._until += self._length()
        return self._now

    def _length(self) -> float:
        return Spread(median=self._lengths[self._now], spread=_UNEVEN).draw(self._random)


def load_characters(*files: Path) -> dict[str, Character]:
    """The characters in *files*, by name; a later file wins.

    Raises:
        SandboxDataRefused: a file cannot be read or played.
    """
    characters: dict[str, Character] = {}
    for file in files:
        try:
            document = read_document(file)
        except DocumentRefused as error:
            raise SandboxDataRefused(str(error)) from None
        for name, entry in Entry(document).members():
            characters[name] = _character(name, entry)
    return characters


def _character(name: str, entry: Entry) -> Character:
    with entry, entry.entry("weather") as weather:
        good, bad = weather.seconds("good"), weather.seconds("bad")
        return Character(
            name=name,
            says=entry.text("says"),
            latency=_spread(entry.entry("latency")),
            build=_spread(entry.entry("build")),
            reach=_spread(entry.entry("reach")),
            delete=_spread(entry.entry("delete")),
            lag=entry.seconds("lag"),
            good=good,
            bad=bad,
            faults=tuple(read_fault(item) for item in entry.items("faults")),
        )


def _spread(entry: Entry) -> Spread:
    with entry, entry.entry("tail") as tail:
        median = entry.seconds("median")
        spread = entry.number("spread", 1.0)
        if spread < 1.0:
            raise entry.wrong("spread", "is a factor of at least 1: 1.2 for a little scatter, 2 for a lot")
        return Spread(
            median=median,
            spread=spread,
            tail_share=tail.share("share", 0.0),
            tail_median=tail.seconds("median", median),
            least=entry.seconds("least"),
            most=entry.seconds("most", math.inf),
        )


def read_fault(entry: Entry) -> Fault:
    """The fault that *entry* describes.

    Raises:
        SandboxDataRefused: it describes none.
    """
    with entry:
        kind, weather = entry.word("kind", FaultKind), entry.word("weather", Weather)
        if kind is None:
            raise entry.wrong("kind", f"is missing; use one of {', '.join(FaultKind)}")
        count = entry.raw("count")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise entry.wrong("count", "must be a whole number of at least 1")
        lasts = entry.seconds("lasts", math.inf)
        return Fault(
            kind=FaultKind(kind),
            vendor=entry.text("vendor", ANY),
            operation=entry.text("operation", ANY),
            rate=entry.share("rate", 1.0),
            count=count,
            seconds=entry.seconds("seconds"),
            lasts=None if lasts == math.inf else lasts,
            weather=None if weather is None else Weather(weather),
        )
