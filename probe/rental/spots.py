"""Spot checks of what a vendor's reads know of its writes: counted beside the runs, never in their times.

Each life of an instance costs one list more at most: right after its create was answered, or right after it was gone.
"""

import asyncio
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, Cloud
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed, RunSkipped
from probe.model.stopwatch import Stopwatch
from probe.rental.patience import in_time

_PATIENCE: Final = 30.0
"""Seconds that a list may take."""


class Read(StrEnum):
    """What was read after what, as a label.

    Attributes:
        GET_AFTER_CREATE: the run's own first look at what it was just given an identifier of.
        LIST_AFTER_CREATE: the list, right after the create was answered.
        LIST_AFTER_DELETE: the list, right after the vendor said of the identifier that it is gone.
    """

    GET_AFTER_CREATE = "get_after_create"
    LIST_AFTER_CREATE = "list_after_create"
    LIST_AFTER_DELETE = "list_after_delete"


class Spots:
    """The spot checks at one vendor entry.

    Args:
        cloud: the vendor.
        agent_id: whose marks are ours.
        clock: the clock of the runs.
        meter: counts what was consistent and what was not.
        lists: whether lists are asked for; without them only what the runs look at anyway is counted.
    """

    def __init__(self, cloud: Cloud, agent_id: str, clock: Clock, meter: Meter, *, lists: bool) -> None:
        self._cloud = cloud
        self._agent_id = agent_id
        self._clock = clock
        self._meter = meter
        self._lists = lists
        self._tasks: set[asyncio.Task[None]] = set()

    def looked(self, *, known: bool) -> None:
        """Count the first look at a new instance."""
        self._count(Read.GET_AFTER_CREATE, consistent=known)

    def created(self, lease: Lease) -> None:
        """Look in the background whether the list knows what was just created: for half of all leases."""
        if not _has_the_other_half(lease):
            self._look(lease, Read.LIST_AFTER_CREATE)

    def gone(self, lease: Lease) -> None:
        """Look in the background whether the list still shows what is gone: for the other half."""
        if _has_the_other_half(lease):
            self._look(lease, Read.LIST_AFTER_DELETE)

    def _look(self, lease: Lease, read: Read) -> None:
        if self._lists:
            task = asyncio.get_running_loop().create_task(self._check(lease, read), name=f"spot {lease.key}")
            self._tasks.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # an agent that ends has closed its connections: nobody wants to know

    async def _check(self, lease: Lease, read: Read) -> None:
        """Ask for one list; what fails tells nothing."""
        watch = Stopwatch(self._clock, run_id=lease.run_id)  # a run's, so that it goes before nobody
        try:
            listing = self._cloud.inventory(watch, {MARK_AGENT: self._agent_id})
            shown = await in_time(listing, _PATIENCE, "a list beside a run")
        except (ProbeFailed, RunSkipped):
            return
        listed = any(view.id == lease.instance_id for view in shown)
        self._count(read, consistent=listed is (read is Read.LIST_AFTER_CREATE))

    def _count(self, read: Read, *, consistent: bool) -> None:
        self._meter.read_after_write(self._cloud.name, self._cloud.region, read, consistent=consistent)


def _has_the_other_half(lease: Lease) -> bool:
    """A coin that was thrown when the lease got its key."""
    return bool(int(lease.key[-1], 16) % 2)
