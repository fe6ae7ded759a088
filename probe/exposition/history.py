"""Remembers the newest runs of every target, for the page; a restart forgets them, Prometheus does not."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.outcome import Blame
from probe.model.runs import Streak
from probe.model.target import Target

MOST: Final = 240
"""Runs kept of each target: 80 minutes at a run every 20 s."""
FEWEST: Final = 30
IN_ALL: Final = 24_000
"""Runs kept in all, some 30 MB: an agent with more than a hundred targets keeps fewer of each."""

CALM: Final = 20
"""So many ok runs in a row end a spell of failures: with fewer, one in ten would still look steady half of the time."""

VALID: Final = frozenset({Blame.NONE, Blame.VENDOR})
"""Whose runs count for or against a vendor."""


@dataclass(slots=True)
class _Past:
    job: Job
    runs: deque[Measurement]
    since: float | None = None
    unsteady_since: float | None = None
    calm: int = 0
    ok: int = 0
    valid: int = 0

    def record(self, run: Measurement) -> None:
        """Remember *run* and what it changes."""
        if self.since is None or self.runs[-1].ok != run.ok:
            self.since = run.started
        if len(self.runs) == self.runs.maxlen:
            self._count(self.runs[0], -1)
        self.runs.append(run)
        self._count(run, 1)
        if run.blame is Blame.VENDOR:
            self.calm = 0
            self.unsteady_since = self.unsteady_since or run.started
        elif run.ok:
            self.calm += 1
            if self.calm >= CALM:
                self.unsteady_since = None

    def resized(self, depth: int) -> None:
        """Remember at most *depth* runs from now on."""
        while len(self.runs) > depth:
            self._count(self.runs.popleft(), -1)
        self.runs = deque(self.runs, maxlen=depth)

    def _count(self, run: Measurement, by: int) -> None:
        if run.blame in VALID:
            self.valid += by
            self.ok += by if run.ok else 0

    def streak(self) -> Streak:
        """How it has been doing."""
        return Streak(
            job=self.job,
            last=self.runs[-1] if self.runs else None,
            since=self.since,
            ok=self.ok,
            valid=self.valid,
            unsteady_since=self.unsteady_since,
        )


class History:
    """A `Sink` that is also what the page knows of the runs so far, `Runs`."""

    def __init__(self) -> None:
        self._past: dict[Target, _Past] = {}

    def announce(self, jobs: Iterable[Job]) -> None:
        """Have a place for each of *jobs*, in that order; what others did is forgotten."""
        wanted, known = list(jobs), self._past
        depth = max(FEWEST, min(MOST, IN_ALL // max(1, len(wanted))))
        self._past = {}
        for job in wanted:
            past = self._past[job.target] = known.get(job.target) or _Past(job, deque())
            past.job = job
            past.resized(depth)

    def record(self, measurement: Measurement) -> None:
        """Remember *measurement*, unless its target was never announced."""
        past = self._past.get(measurement.target)
        if past is not None:
            past.record(measurement)

    def streaks(self) -> Sequence[Streak]:
        """One for each job, in the order of the configuration."""
        return [past.streak() for past in self._past.values()]

    def recent(self, target: Target) -> Sequence[Measurement]:
        """The newest finished runs of *target*, oldest first."""
        past = self._past.get(target)
        return list(past.runs) if past is not None else []
