"""The schedule: from due slots to runs, each slot accounted for, through reloads, stalls and the end."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from probe.engine.bell import Bell, Rings
from probe.engine.heartbeat import Heartbeat
from probe.engine.line import Line
from probe.engine.places import Places
from probe.engine.runner import Runner, Skipped
from probe.engine.slots import Account, Slot
from probe.engine.stalls import Stalls
from probe.engine.timeline import Timeline
from probe.model.cadence import cadence_at_start, patience, start_window
from probe.model.clock import Clock
from probe.model.job import Job
from probe.model.meter import Meter
from probe.model.outcome import Skip
from probe.model.target import Target

PLACES: Final = 200
"""Runs at once, unless the caller says otherwise: far above what a healthy schedule needs, below what hurts."""
NO_CREATES: Final[Mapping[tuple[str, str], float]] = MappingProxyType({})
_log = logging.getLogger(__name__)


class Engine:
    """Runs jobs when they are due.

    Everything happens in one event loop. A run is on at most once per target; a reload lets runs finish; a stop cuts
    them. Between two turns of the loop, runs + skipped + in flight = due holds for every target.

    Args:
        runner: runs a job once.
        meter: hears of slots, lateness and lag.
        clock: the agent's clock.
        agent_id: what the grid is spread by, besides the job's own names.
        places: how many runs may be on at once.
        bell: rings; the real one unless a test rings by hand.
        stalls: learns when the loop was held up; the runner's, if that is to know.

    Attributes:
        account: what became of every slot.
    """

    def __init__(
        self,
        runner: Runner,
        meter: Meter,
        clock: Clock,
        *,
        agent_id: str,
        places: int = PLACES,
        bell: Rings | None = None,
        stalls: Stalls | None = None,
    ) -> None:
        self._runner = runner
        self._meter = meter
        self._agent_id = agent_id
        self._timeline = Timeline(clock)
        self._stalls = stalls or Stalls(clock)
        self._bell = bell or Bell(self._timeline)
        self._places = Places(places)
        self._lines: dict[Target, Line] = {}
        self._leaving: dict[Target, Line] = {}
        self._stopping = False
        self._heart: asyncio.Task[None] | None = None
        self.account = Account(meter)

    def start(self, jobs: Iterable[Job], last_creates: Mapping[tuple[str, str], float] = NO_CREATES) -> None:
        """Begin to run *jobs*, in the running event loop.

        *last_creates* says when a (probe, vendor) last rented something, seconds since 1970: after a restart the
        ledger knows, and a renting job waits for a slot at least half its period later.

        Raises:
            ValueError: two jobs have the same target.
        """
        self.replace(jobs, last_creates)
        self._bell.start()
        heartbeat = Heartbeat(self._meter, self._stalls)
        self._heart = asyncio.create_task(heartbeat.beat(), name="heartbeat")

    def replace(self, jobs: Iterable[Job], last_creates: Mapping[tuple[str, str], float] = NO_CREATES) -> None:
        """Go on with *jobs* instead: those that are still there keep their grid, new ones start as at a start.

        Runs that are on end as they began. What left the schedule retires when its last run is over.

        Raises:
            ValueError: two jobs have the same target; nothing is changed then.
        """
        wanted = _by_target(jobs)
        self._ring_all()
        for target in self._lines.keys() - wanted.keys():
            self._remove(target)
        window = start_window(sum(not self._stays(job) for job in wanted.values()))
        for job in wanted.values():
            self._place(job, last_creates.get((job.target.probe, job.target.vendor)), window)
        self._places.share_among({target.vendor for target in wanted})

    async def stop(self, grace: float) -> Sequence[Target]:
        """Ring no more, cut the runs that are on, and wait up to *grace* seconds until they have given back.

        A run that is cut counts as skipped for `stopped` and leaves no measurement. Returns the targets whose runs
        were not over in time, which is nobody unless a probe is broken.
        """
        self._stopping = True
        self._bell.stop()
        self._ring_all()
        tasks = {line.task: line for line in self._everyone() if line.task is not None}
        if self._heart is not None:
            self._heart.cancel()
        for task in tasks:
            task.cancel()
        if not tasks:
            return ()
        _, unfinished = await asyncio.wait(tasks, timeout=grace)
        for task in unfinished:
            _log.error("the run of %s did not end within the grace of %g s", tasks[task].job.target, grace)
        return tuple(tasks[task].job.target for task in unfinished)

    def _everyone(self) -> Iterable[Line]:
        return (*self._lines.values(), *self._leaving.values())

    def _ring_all(self) -> None:
        for line in self._lines.values():
            self._ring(line)

    def _place(self, job: Job, last_create: float | None, window: float) -> None:
        line = self._lines.get(job.target)
        if line is not None and self._stays(job):
            line.job = job
            return
        now = self._timeline.now()
        cadence = cadence_at_start(
            self._agent_id,
            job.target,
            every=job.every,
            renting=job.renting,
            start=now,
            last_create=last_create,
            window=window,
        )
        if line is None:
            line = self._leaving.pop(job.target, None) or Line(job, cadence, now)
        line.follow(job, cadence, now)
        self._lines[job.target] = line
        self.account.due(job.target, 0)
        self._bell.hang(_key(job.target), line.next_due, partial(self._ring, line))

    def _stays(self, job: Job) -> bool:
        """Whether *job* is on the schedule and keeps its grid."""
        line = self._lines.get(job.target)
        return line is not None and (line.job.every, line.job.renting) == (job.every, job.renting)

    def _remove(self, target: Target) -> None:
        line = self._lines.pop(target)
        self._bell.take_down(_key(target))
        if line.slot is None:
            self.account.retire(target)
        else:
            self._leaving[target] = line

    def _ring(self, line: Line) -> None:
        """Account for every slot that has come due; the newest may become a run."""
        now = self._timeline.now()
        slots, newest = line.collect(now)
        if not slots:
            return
        target = line.job.target
        self.account.due(target, slots)
        if slots > 1:
            self.account.skip(target, Skip.LATE, slots - 1)
        if reason := self._obstacle(line, now - newest):
            self.account.skip(target, reason)
        else:
            self._take_up(line, newest)

    def _obstacle(self, line: Line, lateness: float) -> Skip | None:
        if self._stopping:
            return Skip.STOPPED
        if lateness > patience(line.job.every):
            return Skip.LATE
        return Skip.OVERLAP if line.slot is not None else None

    def _take_up(self, line: Line, due: float) -> None:
        slot = self.account.take_up(line.job.target)
        line.slot = slot
        line.task = asyncio.create_task(self._perform(line.job, slot, due))
        line.task.add_done_callback(partial(self._over, line, slot))

    async def _perform(self, job: Job, slot: Slot, due: float) -> None:
        vendor = job.target.vendor
        places = self._places
        if not (places.take_free(vendor) or await places.take(vendor, self._rest(job, due))):
            slot.skip(Skip.BUSY)
            return
        try:
            self._meter.schedule_lateness(max(0.0, self._timeline.now() - due))
            ended = await self._runner.run(job, due + self._timeline.drift())
            # no await from here on: the sinks' record and the account belong to the same turn of the loop
            if isinstance(ended, Skipped):
                slot.skip(ended.reason)
            else:
                slot.ran()
        finally:
            places.release(vendor)

    def _rest(self, job: Job, due: float) -> float:
        return patience(job.every) - (self._timeline.now() - due)

    def _over(self, line: Line, slot: Slot, task: asyncio.Task[None]) -> None:
        """A task is done, though perhaps it was cancelled before it began."""
        if slot.open:
            slot.skip(Skip.STOPPED)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("the schedule has a bug at %s", slot.target, exc_info=error)
        line.slot = line.task = None
        if self._leaving.pop(slot.target, None) is not None:
            self.account.retire(slot.target)


def _by_target(jobs: Iterable[Job]) -> dict[Target, Job]:
    found: dict[Target, Job] = {}
    for job in jobs:
        if job.target in found:
            raise ValueError(f"two jobs measure {job.target}")
        found[job.target] = job
    return found


def _key(target: Target) -> str:
    return f"{target.vendor}\x1f{target.region}\x1f{target.probe}\x1f{target.name}\x1f{target.layer}"
