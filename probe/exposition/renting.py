"""Remembers, for the page, how each vendor entry that is rented from stands, and why runs were skipped lately."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from probe.model.clock import Clock
from probe.model.instance import Lease, LeaseState
from probe.model.job import Job
from probe.model.outcome import Skip
from probe.model.renting import Standing, Stop
from probe.model.target import Layer, Target

LATELY: Final = 3600.0
"""Seconds for which a skipped slot is remembered."""
INTERVALS: Final = 4
"""A probe that comes round rarely remembers its skipped slots for so many intervals."""
_PARTS: Final = 12
"""Parts of that time in each of which skipped slots are remembered as one: who skips all the time fills no memory."""

_Place = tuple[str, str]
"""Vendor and region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Slots of one probe that never became runs.

    Attributes:
        probe: its name.
        reasons: how many slots, by reason.
        last: when the newest of them was skipped, seconds since 1970.
    """

    probe: str
    reasons: Mapping[Skip, int]
    last: float

    @property
    def slots(self) -> int:
        """How many slots in all."""
        return sum(self.reasons.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A vendor entry that is rented from, as it stands now.

    Attributes:
        vendor: name of the entry.
        region: the vendor's region.
        configured: whether it still is; else only what is left there keeps it.
        counted: when the ledger was last asked, seconds since 1970; None if never.
        leases: the open ones.
        came: what came with instances and is not known to be gone, by kind.
        stops: what stops orders now.
        skipped: the probes of which slots were skipped lately, most slots first.
    """

    vendor: str
    region: str
    configured: bool
    counted: float | None
    leases: Sequence[Lease]
    came: Mapping[str, int]
    stops: Sequence[Stop]
    skipped: Sequence[Skipped]

    @property
    def leaked(self) -> Sequence[Lease]:
        """What was not gone in time, and is still there."""
        return [lease for lease in self.leases if lease.state is LeaseState.LEAKED]

    @property
    def shut(self) -> bool:
        """Whether nobody may order."""
        return any(stop.forbids for stop in self.stops)


class _Memory:
    """The skipped slots of one target, by parts of a span; of the monotonic clock, which nobody sets back."""

    __slots__ = ("_last", "_parts", "_slots", "span")

    def __init__(self, span: float) -> None:
        self.span = span
        self._parts: deque[tuple[float, Counter[Skip]]] = deque()
        self._slots: Counter[Skip] = Counter()
        self._last = 0.0

    def add(self, reason: Skip, slots: int, clock: Clock) -> None:
        now = clock.now()
        if not self._parts or now - self._parts[-1][0] >= self.span / _PARTS:
            self._parts.append((now, Counter()))
        self._parts[-1][1][reason] += slots
        self._slots[reason] += slots
        self._last = clock.wall()
        self._forget(now)

    def lately(self, probe: str, now: float) -> Skipped | None:
        """All of them, if there are any."""
        self._forget(now)
        return Skipped(probe=probe, reasons=dict(self._slots), last=self._last) if self._slots else None

    def _forget(self, now: float) -> None:
        while self._parts and now - self._parts[0][0] > self.span:
            self._slots -= self._parts.popleft()[1]  # what falls to nothing leaves


@dataclass(slots=True)
class _Entry:
    configured: bool = False
    counted: float | None = None
    standing: Standing | None = None
    came: Mapping[str, int] = field(default_factory=dict)

    @property
    def owes(self) -> bool:
        return bool(self.came) or (self.standing is not None and bool(self.standing.leases))


class Renting:
    """What the page may know of renting; everything in it is of the loop's thread.

    Attributes:
        ledger: whether there is a ledger; None as long as nobody said.
    """

    def __init__(self, clock: Clock) -> None:
        self.ledger: bool | None = None
        self._clock = clock
        self._entries: dict[_Place, _Entry] = {}
        self._spans: dict[Target, float] = {}
        self._skips: dict[Target, _Memory] = {}

    def announce(self, jobs: Iterable[Job]) -> None:
        """Have a place for the vendor entries that *jobs* rent from; others stay as long as something is left there."""
        platform = [job for job in jobs if job.target.layer is Layer.PLATFORM]
        places = dict.fromkeys(_place(job.target) for job in platform if job.renting)
        known, self._entries = self._entries, {place: _Entry() for place in places}
        for place, entry in known.items():
            if place in places or entry.owes:
                self._entries[place] = entry
        for place, entry in self._entries.items():
            entry.configured = place in places
        self._spans = {job.target: max(LATELY, INTERVALS * job.every) for job in platform}
        self._skips = {target: memory for target, memory in self._skips.items() if target in self._spans}
        for target, memory in self._skips.items():
            memory.span = self._spans[target]

    def run_skipped(self, target: Target, reason: Skip, slots: int) -> None:
        """Remember slots that never became a run, unless their target was never announced."""
        span = self._spans.get(target)
        if span is not None:
            self._skips.setdefault(target, _Memory(span)).add(reason, slots, self._clock)

    def residuals(self, vendor: str, region: str, counts: Mapping[str, int]) -> None:
        """Remember what came with instances and is not known to be gone; before `standing`."""
        self._entries.setdefault((vendor, region), _Entry()).came = {
            kind: count for kind, count in counts.items() if count
        }

    def standing(self, vendor: str, region: str, standing: Standing) -> None:
        """Remember how a vendor entry stands; one that has left and owes nothing more is forgotten."""
        place = (vendor, region)
        entry = self._entries.setdefault(place, _Entry())
        entry.standing, entry.counted = standing, self._clock.wall()
        if not entry.configured and not entry.owes:
            del self._entries[place]

    def accounts(self) -> Sequence[Account]:
        """All vendor entries that are rented from, or of which something is left, in the configuration's order."""
        now = self._clock.wall()
        skipped: dict[_Place, list[Skipped]] = {}
        for target, memory in self._skips.items():
            if (found := memory.lately(target.probe, self._clock.now())) is not None:
                skipped.setdefault(_place(target), []).append(found)
        return [
            _account(place, entry, sorted(skipped.get(place, ()), key=lambda one: one.slots, reverse=True), now)
            for place, entry in self._entries.items()
        ]


def _place(target: Target) -> _Place:
    return target.vendor, target.region


def _account(place: _Place, entry: _Entry, skipped: Sequence[Skipped], now: float) -> Account:
    standing = entry.standing
    return Account(
        vendor=place[0],
        region=place[1],
        configured=entry.configured,
        counted=entry.counted,
        leases=standing.leases if standing else (),
        came=entry.came,
        stops=standing.stops(now) if standing else (),
        skipped=skipped,
    )
