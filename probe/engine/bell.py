"""Rings when something is due: the only module that knows APScheduler, and all that it is used for.

APScheduler keeps the book of what rings. It neither runs anything nor counts anything: its `coalesce` loses slots
without a word, its `jitter` lengthens periods and its shutdown cancels running coroutines. What is due comes from the
caller, who counts slots by arithmetic when rung; a ring too many or one too late costs no slot. The book is looked
through by ourselves, too: APScheduler asks an entry three times and makes dates, locks and events of it, which at a
thousand rings a second was a tenth of a core.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Final, Protocol

from apscheduler.executors.debug import DebugExecutor
from apscheduler.job import Job as Entry
from apscheduler.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from probe.engine.timeline import Timeline
from probe.wire.alarm import Alarm, alarm

_TICK: Final = 1e-6
"""Seconds by which the alarm is set later than something is due: an alarm that rings early rings twice."""
GATHERED: Final = 0.0005
"""Seconds within which entries that are due one after the other are rung together, at the last one's instant: to wake
up costs more than to start a run, above all in a process that slept long enough to be forgotten by the processor's
caches. Nobody waits for one who is alone."""
_MANY: Final = 2**31
MakeAlarm = Callable[[Callable[[], None]], Alarm]
_log = logging.getLogger(__name__)


class Rings(Protocol):
    """What the engine wants of a bell."""

    def hang(self, key: str, next_due: Callable[[], float], ring: Callable[[], None]) -> None:
        """Ring whenever *next_due* says so, until *key* is taken down; an earlier one of that key is replaced."""
        ...

    def take_down(self, key: str) -> None:
        """Ring no more for *key*."""
        ...

    def start(self) -> None:
        """Begin to ring, in the running event loop."""
        ...

    def stop(self) -> None:
        """Never ring again."""
        ...


class Bell:
    """Rings in the event loop at instants of a timeline. Only to be used from that loop's thread.

    Args:
        timeline: the schedule's time; the wall clock, which may be set, has no part in this.
        make_alarm: makes what wakes the running event loop.
    """

    def __init__(self, timeline: Timeline, make_alarm: MakeAlarm = alarm) -> None:
        self._book = _Book(
            timeline,
            make_alarm,
            executors={"default": DebugExecutor()},  # never asked: else APScheduler would keep threads for it
            timezone=UTC,
            logger=_quiet(f"{__name__}.book"),
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": _MANY},
        )

    def hang(self, key: str, next_due: Callable[[], float], ring: Callable[[], None]) -> None:
        """Ring whenever *next_due* (an instant of the timeline) says so; asked after each ring."""
        self._book.add_job(ring, _Due(next_due), id=key, name=key, replace_existing=True)

    def take_down(self, key: str) -> None:
        """Ring no more for *key*."""
        self._book.remove_job(key)

    def start(self) -> None:
        """Begin to ring, in the running event loop."""
        self._book.start()

    def stop(self) -> None:
        """Never ring again."""
        if self._book.running:
            self._book.shutdown(wait=False)


class _Due(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """When an entry rings next.

    Attributes:
        next_due: that instant, on the timeline.
    """

    __slots__ = ("next_due",)

    def __init__(self, next_due: Callable[[], float]) -> None:
        self.next_due = next_due

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The same as a date, which APScheduler wants of an entry that is to be in its book."""
        del previous_fire_time, now
        return datetime.fromtimestamp(self.next_due(), UTC)


class _Shelf(BaseJobStore):  # type: ignore[misc]  # the library has no types
    """Entries in the order in which they ring; what was taken down leaves a place that is passed over."""

    def __init__(self) -> None:
        super().__init__()
        self._heap: list[tuple[float, int, Entry]] = []
        self._places: dict[str, tuple[int, Entry]] = {}
        self._number = 0

    def due(self, now: float) -> Iterator[Entry]:
        """Each entry that is due *now* (an instant of the timeline), once; one that stays is put back after its ring.

        What is rung may change the shelf.
        """
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, number, entry = heappop(heap)
            if not self._stays(entry, number):
                continue
            yield entry
            if self._stays(entry, number):
                # later than now, or a caller who is never satisfied would never let go of us
                self._put(max(entry.trigger.next_due(), math.nextafter(now, math.inf)), entry)

    def first(self) -> float | None:
        """When the first entry is due; None if there is none."""
        heap = self._heap
        while heap:
            when, number, entry = heap[0]
            if self._stays(entry, number):
                return when
            heappop(heap)
        return None

    def until(self) -> float | None:
        """When the first entry and those that follow it closely are all due; None if there is none."""
        first = self.first()
        if first is None:
            return None
        heap, last, limit, places = self._heap, first, first + GATHERED, [0]
        while places:  # down the heap, as far as it is early enough
            place = places.pop()
            if place < len(heap) and heap[place][0] <= limit:
                last = max(last, heap[place][0])
                places += (2 * place + 1, 2 * place + 2)
        return last

    def _stays(self, entry: Entry, number: int) -> bool:
        place = self._places.get(entry.id)
        return place is not None and place[0] == number

    def _put(self, when: float, entry: Entry) -> None:
        self._number += 1
        self._places[entry.id] = self._number, entry
        heappush(self._heap, (when, self._number, entry))

    def lookup_job(self, job_id: str) -> Entry | None:
        return self._places[job_id][1] if job_id in self._places else None

    def get_due_jobs(self, now: datetime) -> list[Entry]:
        until = now.timestamp()
        return [entry for when, number, entry in sorted(self._heap) if when <= until and self._stays(entry, number)]

    def get_next_run_time(self) -> datetime | None:
        when = self.first()
        return None if when is None else datetime.fromtimestamp(when, UTC)

    def get_all_jobs(self) -> list[Entry]:
        return [entry for _, entry in self._places.values()]

    def add_job(self, job: Entry) -> None:
        if job.id in self._places:
            raise ConflictingIdError(job.id)
        self._put(job.trigger.next_due(), job)

    def update_job(self, job: Entry) -> None:
        self.remove_job(job.id)
        self.add_job(job)

    def remove_job(self, job_id: str) -> None:
        if self._places.pop(job_id, None) is None:
            raise JobLookupError(job_id)

    def remove_all_jobs(self) -> None:
        self._heap.clear()
        self._places.clear()

    def shutdown(self) -> None:
        self.remove_all_jobs()


class _Book(BaseScheduler):  # type: ignore[misc]  # the library has no types
    """APScheduler's book on one alarm of the running event loop."""

    _loop: asyncio.AbstractEventLoop
    _alarm: Alarm
    _look: asyncio.Handle | None = None

    def __init__(self, timeline: Timeline, make_alarm: MakeAlarm, **options: object) -> None:
        self._timeline = timeline
        self._make_alarm = make_alarm
        self._shelf = _Shelf()
        super().__init__(jobstores={"default": self._shelf}, **options)

    def start(self, paused: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's signature
        self._loop = asyncio.get_running_loop()
        self._alarm = self._make_alarm(self._turn)
        super().start(paused)

    def wakeup(self) -> None:
        """Look through the book in the loop's next turn; many changes in one turn cost one look."""
        if self._look is None:
            self._look = self._loop.call_soon(self._turn)

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's signature
        super().shutdown(wait)
        self._alarm.close()
        self._forget_look()

    def _turn(self) -> None:
        self._forget_look()
        for entry in self._shelf.due(self._timeline.now()):
            try:
                entry.func()
            except Exception:  # noqa: BLE001 - whoever is rung may fail: the others are rung all the same
                _log.exception("what %s rings for failed", entry.id)
        until = self._shelf.until()
        if until is not None and self.running:  # what was rung may have stopped us
            self._alarm.set(until - self._timeline.now() + _TICK)

    def _forget_look(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None


def _quiet(name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    return logger
