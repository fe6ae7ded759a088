"""Spot checks of what a vendor's reads know of its writes, and when they do: beside the runs, never in their times.

Each life of an instance costs one list more: right after its create was answered, or right after it was gone. Where
that list does not know, it is asked again until it does, the vendor file's bound has passed, or the run ends.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, Cloud, Pace, Seen, is_gone
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed, RunSkipped
from probe.model.stopwatch import Stopwatch
from probe.rental.patience import in_time

_PATIENCE: Final = 30.0
"""Seconds that a list may take."""
_UNHURRIED: Final = Pace(first=1.0, growth=0.2, longest=10.0)
"""Lists are dear: a delay is known to a tenth, at the price of some fifteen lists in half a minute."""
_LAST_PAUSE: Final = 0.1


class Read(StrEnum):
    """What was read after what, as a label.

    Attributes:
        GET_AFTER_CREATE: the run's own looks at what it was just given an identifier of.
        LIST_AFTER_CREATE: the list, from when the create was answered.
        LIST_AFTER_DELETE: the list, from when the vendor said of the identifier that it is gone.
    """

    GET_AFTER_CREATE = "get_after_create"
    LIST_AFTER_CREATE = "list_after_create"
    LIST_AFTER_DELETE = "list_after_delete"


class Sight:
    """One thing that was done, on its way to being known to one kind of read.

    Attributes:
        since: when the vendor said that it was done, on the monotonic clock.
        over: whether nothing more is to be learnt.
        ended: whether the opposite was asked for meanwhile: who does not know it now may be right.
    """

    def __init__(self, read: Read, cloud: Cloud, clock: Clock, meter: Meter, since: float, bound: float) -> None:
        self.since = since
        self.over = False
        self.ended = False
        self._read = read
        self._place = (cloud.name, cloud.region)
        self._clock = clock
        self._meter = meter
        self._bound = bound
        self._last_no: float | None = None

    @property
    def waiting(self) -> bool:
        """Whether another look may tell something."""
        return not (self.over or self.ended)

    @property
    def left(self) -> float:
        """Seconds until nobody needs to know it any more; 0 or less if that has come."""
        return self.since + self._bound - self._clock.now()

    def looked(self, sent: float, *, knew: bool) -> None:
        """Take in a look that was sent at *sent* and is answered now; the first one is counted for itself."""
        now, past = self._clock.now(), self.left <= 0.0
        if self.over or (self.ended and not knew):
            self.over = True
            return
        if self._last_no is None:
            self._meter.read_after_write(*self._place, self._read, consistent=knew)
        if knew:
            seconds, resolution = Seen(None, self._last_no, now).since(self.since)
            self._meter.visible(*self._place, self._read, seconds, resolution)
        elif past:
            self._meter.not_visible(*self._place, self._read)
        self.over = knew or past
        self._last_no = sent


class Spots:
    """The spot checks at one vendor entry.

    Args:
        cloud: the vendor.
        agent_id: whose marks are ours.
        clock: the clock of the runs.
        meter: counts what was consistent and what was not, and how long it took.
        lists: whether lists are asked for; without them only what the runs look at anyway is counted.
    """

    def __init__(self, cloud: Cloud, agent_id: str, clock: Clock, meter: Meter, *, lists: bool) -> None:
        self._cloud = cloud
        self._agent_id = agent_id
        self._clock = clock
        self._meter = meter
        self._lists = lists
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: dict[str, tuple[Sight, ...]] = {}

    def created(self, lease: Lease, accepted: float) -> None:
        """Follow what was *accepted* then (monotonic): in the run's own looks, for half of all leases in the list."""
        sights = [self._sight(Read.GET_AFTER_CREATE, accepted, self._cloud.not_found_grace)]
        if self._lists and not _has_the_other_half(lease):
            sights.append(self._sight(Read.LIST_AFTER_CREATE, accepted, self._cloud.list_delay))
            self._watch(lease, sights[-1], lambda listed: listed)
        self._begun[lease.key] = tuple(sights)

    def looked(self, lease: Lease, sent: float, *, known: bool) -> None:
        """Take in one of the run's own looks, sent at *sent* and answered now."""
        for sight in self._begun.get(lease.key, ())[:1]:
            sight.looked(sent, knew=known)

    def ending(self, lease: Lease) -> None:
        """The run lets go of it: what has not been seen by now is not looked for any more."""
        for sight in self._begun.pop(lease.key, ()):
            sight.ended = True

    def gone(self, lease: Lease) -> None:
        """Follow in the list, for the other half of all leases, what is gone by now."""
        if self._lists and _has_the_other_half(lease):
            sight = self._sight(Read.LIST_AFTER_DELETE, self._clock.now(), self._cloud.list_delay)
            self._watch(lease, sight, lambda listed: not listed)

    def _sight(self, read: Read, since: float, bound: float) -> Sight:
        return Sight(read, self._cloud, self._clock, self._meter, since, bound)

    def _watch(self, lease: Lease, sight: Sight, knows: Callable[[bool], bool]) -> None:
        work = self._follow(lease, sight, knows)
        task = asyncio.get_running_loop().create_task(work, name=f"spot {lease.key}")
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # an agent that ends has closed its connections: nobody wants to know

    async def _follow(self, lease: Lease, sight: Sight, knows: Callable[[bool], bool]) -> None:
        """Ask for the list until it knows, or the time is over; a first one that fails tells nothing, nor do others."""
        first = True
        while True:
            last = sight.left <= 0.0
            watch = Stopwatch(self._clock, run_id=lease.run_id)  # a run's, so that it goes before nobody
            sent = self._clock.now()
            try:
                listing = self._cloud.inventory(watch, {MARK_AGENT: self._agent_id})
                shown = await in_time(listing, _PATIENCE, "a list beside a run")
            except RunSkipped:
                return
            except ProbeFailed:
                if first:
                    return
            else:
                listed = any(view.id == lease.instance_id and not is_gone(view) for view in shown)
                sight.looked(max(sent, watch.released), knew=knows(listed))
            if last or not sight.waiting:
                return
            first = False
            pause = _UNHURRIED.interval(self._clock.now() - sight.since)
            await self._clock.sleep(min(pause, max(sight.left, _LAST_PAUSE)))


def _has_the_other_half(lease: Lease) -> bool:
    """A coin that was thrown when the lease got its key."""
    return bool(int(lease.key[-1], 16) % 2)
