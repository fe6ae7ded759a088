"""What the remembered runs mean: how each probe is, how each vendor is, and which of them is worst."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

from probe.model.measurement import Measurement
from probe.model.outcome import Blame
from probe.model.runs import Runs, Streak
from probe.model.target import Layer, Target

STRIP: Final = 60
"""Runs in a strip."""
LATELY: Final = 20
"""How many of the newest valid runs "lately" means."""
DOWN: Final = 3
"""So many failed valid runs in a row are an outage."""
SLOW: Final = 2.0
"""A vendor is slow when one of its probes takes so many times as long as with the fastest vendor."""
_ENOUGH: Final = 3
"""Ok runs that a median needs."""


class State(StrEnum):
    """How a probe or a vendor is now, worst first; a word, because colour alone says nothing to some."""

    FAILING = "FAILING"
    UNSTEADY = "UNSTEADY"
    NOT_JUDGED = "NOT JUDGED"
    OK = "OK"
    WAITING = "NO RUN YET"


_ORDER: Final = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Row:
    """One probe on one target.

    Attributes:
        streak: what is remembered in figures.
        runs: the remembered runs, oldest first.
        state: how it is now.
        since: since when it is so, seconds since 1970; None before the first run.
        lately: how many of the newest valid runs were looked at.
        failed: how many of those failed.
        down: whether at least `DOWN` valid runs in a row failed up to now.
        typical: median seconds of the ok runs; None without enough of them.
    """

    streak: Streak
    runs: Sequence[Measurement]
    state: State
    since: float | None
    lately: int
    failed: int
    down: bool
    typical: float | None

    @property
    def target(self) -> Target:
        """Whom it measures."""
        return self.streak.job.target

    @property
    def last_failure(self) -> Measurement | None:
        """The newest run that the vendor let down."""
        return next((run for run in reversed(self.runs) if run.blame is Blame.VENDOR), None)


@dataclass(frozen=True, slots=True)
class Group:
    """All rows of one vendor and region, or of one of the operator's own targets.

    Attributes:
        name: the vendor, or the target.
        region: the vendor's region; empty for own targets.
        rows: its probes, in the order of the configuration.
        state: that of its worst row.
        unsteady_since: start of its oldest unfinished spell of failures, seconds since 1970.
        ok: remembered valid runs that were ok.
        valid: remembered valid runs.
    """

    name: str
    region: str
    rows: Sequence[Row]
    state: State
    unsteady_since: float | None
    ok: int
    valid: int

    @property
    def worst(self) -> Row:
        """The row that failed most lately."""
        return max(self.rows, key=lambda row: (row.down, row.failed, -_ORDER[row.state]))

    @property
    def latest(self) -> Sequence[Measurement]:
        """Its newest runs, oldest first: no more than a strip shows of one probe's."""
        newest = (run for one in self.rows for run in one.runs[-STRIP:])
        return sorted(newest, key=lambda run: run.started)[-STRIP:]

    @property
    def spell(self) -> tuple[str, float | None]:
        """What its trouble is called, and since when; the same words wherever the page tells of it."""
        worst = self.worst
        if worst.down:
            return "has been failing", worst.streak.since
        how = "is failing now, and has been unsteady" if self.state is State.FAILING else "has been unsteady"
        return how, self.unsteady_since

    @property
    def badness(self) -> tuple[bool, float, int]:
        """Greater is worse: an outage now, then the share of runs that failed, then the state."""
        down = any(row.down for row in self.rows)
        return (down, 1 - self.ok / self.valid if self.valid else 0.0, -_ORDER[self.state])


@dataclass(frozen=True, slots=True)
class Slowness:
    """A probe that one vendor answers much slower than another.

    Attributes:
        row: the slow one.
        fastest: the fastest vendor's.
        times: how many times as long it takes.
    """

    row: Row
    fastest: Row
    times: float


def row(streak: Streak, runs: Sequence[Measurement]) -> Row:
    """What *runs* say about one probe on one target."""
    valid = [run for run in runs if run.blame in {Blame.NONE, Blame.VENDOR}]
    lately = valid[-LATELY:]
    state, since = _state(streak)
    fine = [run.seconds for run in valid if run.ok]
    return Row(
        streak=streak,
        runs=runs,
        state=state,
        since=since,
        lately=len(lately),
        failed=sum(not run.ok for run in lately),
        down=len(valid) >= DOWN and not any(run.ok for run in valid[-DOWN:]),
        typical=median(fine) if len(fine) >= _ENOUGH else None,
    )


class Rows:
    """Judges what is remembered, and only what has run since the last time anew."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._known: dict[Target, Row] = {}

    def judged(self) -> Iterator[Row]:
        """One row for each job, in the order of the configuration; others may have the loop between two of them."""
        known: dict[Target, Row] = {}
        for streak in self._runs.streaks():
            target = streak.job.target
            one = self._known.get(target)
            if one is None or one.streak.last is not streak.last or one.streak.job is not streak.job:
                one = row(streak, self._runs.recent(target))
            known[target] = one
            yield one
        self._known = known


def _state(streak: Streak) -> tuple[State, float | None]:
    last = streak.last
    if last is None:
        return State.WAITING, None
    if last.blame is Blame.VENDOR:
        return State.FAILING, streak.since
    if not last.ok:
        return State.NOT_JUDGED, streak.since
    if streak.unsteady_since is not None:
        return State.UNSTEADY, streak.unsteady_since
    return State.OK, streak.since


def _group(name: str, region: str, rows: Sequence[Row]) -> Group:
    judged = [one.state for one in rows if one.state is not State.WAITING]
    spells = [one.streak.unsteady_since for one in rows if one.streak.unsteady_since is not None]
    return Group(
        name=name,
        region=region,
        rows=rows,
        state=min(judged, key=_ORDER.__getitem__, default=State.WAITING),
        unsteady_since=min(spells, default=None),
        ok=sum(one.streak.ok for one in rows),
        valid=sum(one.streak.valid for one in rows),
    )


def groups(found: Iterable[Row], layer: Layer) -> list[Group]:
    """All vendors and regions (own targets, for the service layer) of *found* with their probes, worst first."""
    gathered: dict[tuple[str, str], list[Row]] = {}
    for one in found:
        target = one.target
        if target.layer is layer:
            key = (target.vendor, target.region) if layer is Layer.PLATFORM else (target.name or target.probe, "")
            gathered.setdefault(key, []).append(one)
    made = [_group(name, region, rows) for (name, region), rows in gathered.items()]
    return sorted(made, key=lambda group: group.badness, reverse=True)


def slownesses(found: Iterable[Group]) -> list[Slowness]:
    """For each probe that several vendors have, those that take much longer than the fastest; slowest first."""
    by_probe: dict[str, list[tuple[float, Row]]] = {}
    for group in found:
        for one in group.rows:
            if one.typical is not None:
                by_probe.setdefault(one.target.probe, []).append((one.typical, one))
    slow = []
    for compared in by_probe.values():
        fastest, reference = min(compared, key=lambda pair: pair[0])
        for typical, one in compared:
            if fastest > 0 and typical >= SLOW * fastest:
                slow.append(Slowness(one, reference, typical / fastest))
    return sorted(slow, key=lambda found_slow: found_slow.times, reverse=True)
