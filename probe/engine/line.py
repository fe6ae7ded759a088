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

    def next_due(self) -> float:
        """The first slot that is not accounted for."""
        return self.cadence.after(self.seen)

    def collect(self, now: float) -> tuple[int, float]:
        """How many slots have come due since the last call, and the newest of them (*now* if there is none)."""
        slots = self.cadence.count(self.seen, now)
        newest = self.cadence.newest(now) if slots else now
        self.seen = max(self.seen, now)
        return slots, newest
