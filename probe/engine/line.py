"""One job on the schedule: what is due, and what is on."""

import asyncio
from dataclasses import dataclass

from probe.engine.slots import Slot
from probe.model.cadence import Cadence
from probe.model.job import Job


@dataclass(slots=True, eq=False)
class Line:
    """A job with its cadence, on the timeline of the schedule.

    Attributes:
        job: what is run.
        cadence: when it is due.
        seen: up to when its slots are accounted for.
        slot: the one in flight, if any.
        task: what runs it.
    """

    job: Job
    cadence: Cadence
    seen: float
    slot: Slot | None = None
    task: asyncio.Task[None] | None = None
    _next: float | None = None

    def follow(self, job: Job, cadence: Cadence, now: float) -> None:
        """Go on with another job, whose slots count from *now* on."""
        self.job, self.cadence, self.seen, self._next = job, cadence, now, None

    def next_due(self) -> float:
        """The first slot that is not accounted for."""
        if self._next is None:
            self._next = self.cadence.after(self.seen)
        return self._next

    def collect(self, now: float) -> tuple[int, float]:
        """How many slots have come due since the last call, and the newest of them (*now* if there is none)."""
        due, since = self.next_due(), self.seen
        self.seen = max(since, now)
        if now < due:
            return 0, now
        self._next = self.cadence.after(due)
        if now < self._next:  # nearly always: then the grid need not be asked again
            return 1, due
        self._next = None
        return self.cadence.count(since, now), self.cadence.newest(now)
