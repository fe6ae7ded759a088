"""Rings when something is due: the only module that knows APScheduler, and all that it is used for.

APScheduler keeps the book of what rings next. It neither runs anything nor counts anything: its `coalesce` loses
slots without a word, its `jitter` lengthens periods and its shutdown cancels running coroutines. What is due comes
from the caller, who counts slots by arithmetic when rung; a ring too many or one too late costs no slot.
"""

import asyncio
import logging
import sys
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job as Entry
from apscheduler.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from probe.engine.timeline import Timeline
from probe.wire.alarm import Alarm, alarm

_TICK: Final = timedelta(microseconds=1)
_MANY: Final = 2**31
_LAST: Final = chr(sys.maxunicode)
"""Sorts after every key."""
MakeAlarm = Callable[[Callable[[], None]], Alarm]


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

    def realign(self) -> None:
        """Ask again when everything is due: the wall clock was set."""
        ...

    def stop(self) -> None:
        """Never ring again."""
        ...


class Bell:
    """Rings in the event loop at instants of a timeline. Only to be used from that loop's thread.

    Args:
        timeline: the schedule's time.
        make_alarm: makes what wakes the running event loop.
    """

    def __init__(self, timeline: Timeline, make_alarm: MakeAlarm = alarm) -> None:
        self._timeline = timeline
        self._book = _Book(
            make_alarm,
            executors={"default": _Striker()},
            jobstores={"default": _Shelf()},
            timezone=UTC,
            logger=_quiet(f"{__name__}.book"),
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": _MANY},
        )

    def hang(self, key: str, next_due: Callable[[], float], ring: Callable[[], None]) -> None:
        """Ring whenever *next_due* (an instant of the timeline) says so; asked after each ring."""
        self._book.add_job(ring, _Due(self._timeline, next_due), id=key, name=key, replace_existing=True)

    def take_down(self, key: str) -> None:
        """Ring no more for *key*."""
        self._book.remove_job(key)

    def start(self) -> None:
        """Begin to ring, in the running event loop."""
        self._book.start()

    def realign(self) -> None:
        """Ask again when everything is due: APScheduler lives on the wall clock, which was set."""
        for entry in self._book.get_jobs():
            entry.modify(next_run_time=entry.trigger.get_next_fire_time(None, datetime.now(UTC)))

    def stop(self) -> None:
        """Never ring again."""
        if self._book.running:
            self._book.shutdown(wait=False)


class _Due(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Tells APScheduler when an entry rings next: always later than now, or it would never leave its loop.

    Attributes:
        rung: whether it has rung since it was asked.
    """

    __slots__ = ("_next_due", "_timeline", "rung")

    def __init__(self, timeline: Timeline, next_due: Callable[[], float]) -> None:
        self._timeline = timeline
        self._next_due = next_due
        self.rung = False

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        if previous_fire_time is not None and not self.rung:
            return now + _TICK  # asked before each ring, how many rings were missed: one is enough
        self.rung = False
        due = datetime.fromtimestamp(self._next_due() + self._timeline.drift(), UTC) + _TICK
        return max(due, now + _TICK)


class _Striker(BaseExecutor):  # type: ignore[misc]  # the library has no types
    """Strikes at once, in the event loop."""

    def _do_submit_job(self, job: Entry, run_times: list[datetime]) -> None:
        del run_times  # the account counts slots itself
        job.trigger.rung = True
        job.func()
        self._instances[job.id] -= 1


class _Shelf(BaseJobStore):  # type: ignore[misc]  # the library has no types
    """Entries in the order in which they ring, found by a search in C; APScheduler's own store does it in Python."""

    def __init__(self) -> None:
        super().__init__()
        self._order: list[tuple[float, str]] = []
        self._entries: dict[str, tuple[float, Entry]] = {}

    def lookup_job(self, job_id: str) -> Entry | None:
        return self._entries[job_id][1] if job_id in self._entries else None

    def get_due_jobs(self, now: datetime) -> list[Entry]:
        until = bisect_right(self._order, (now.timestamp(), _LAST))
        return [self._entries[key][1] for _, key in self._order[:until]]

    def get_next_run_time(self) -> datetime | None:
        return self._entries[self._order[0][1]][1].next_run_time if self._order else None

    def get_all_jobs(self) -> list[Entry]:
        return [self._entries[key][1] for _, key in self._order]

    def add_job(self, job: Entry) -> None:
        if job.id in self._entries:
            raise ConflictingIdError(job.id)
        when = job.next_run_time.timestamp()
        insort(self._order, (when, job.id))
        self._entries[job.id] = (when, job)

    def update_job(self, job: Entry) -> None:
        if job.id in self._entries:  # else it was taken down by what it rang
            self.remove_job(job.id)
            self.add_job(job)

    def remove_job(self, job_id: str) -> None:
        if job_id not in self._entries:
            raise JobLookupError(job_id)
        when, _ = self._entries.pop(job_id)
        del self._order[bisect_left(self._order, (when, job_id))]

    def remove_all_jobs(self) -> None:
        self._order.clear()
        self._entries.clear()

    def shutdown(self) -> None:
        self.remove_all_jobs()


class _Book(BaseScheduler):  # type: ignore[misc]  # the library has no types
    """APScheduler's book on one alarm of the running event loop."""

    _loop: asyncio.AbstractEventLoop
    _alarm: Alarm
    _look: asyncio.Handle | None = None

    def __init__(self, make_alarm: MakeAlarm, **options: object) -> None:
        self._make_alarm = make_alarm
        super().__init__(**options)

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
        seconds = self._process_jobs()
        if seconds is not None and self.running:  # what was rung may have stopped us
            self._alarm.set(seconds)

    def _forget_look(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None


def _quiet(name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    return logger
