"""Gives back what came with an instance and outlived it, and touches none of it that is not proven to be ours."""

from collections.abc import Mapping, Sequence
from typing import Final

from probe.cloud import MARK_AGENT, MARK_LEASE, Cloud, Leftover
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental.audit import Subject, audit
from probe.rental.inquiry import whose
from probe.rental.patience import Patience, in_time
from probe.rental.rental import may_pass
from probe.store import Residual, Store

IN_USE: Final = "something uses it"
_SKEW: Final = 60.0
"""Seconds by which a vendor's clock may be behind ours."""


class Leavings:
    """What came with the instances of one vendor entry.

    Args:
        cloud: the vendor.
        store: where the ledger is.
        clock: for the pauses and the records.
        meter: counts what is deleted and what leaks.
        patience: how long to wait for what.
    """

    def __init__(self, cloud: Cloud, store: Store, clock: Clock, meter: Meter, patience: Patience) -> None:
        self._cloud = cloud
        self._store = store
        self._clock = clock
        self._meter = meter
        self._patience = patience

    async def clear(self, lease: Lease) -> str:
        """Give back what came with the instance of *lease*, which is gone; a sentence if some of it is still there.

        Raises:
            ProbeFailed: the vendor could not be asked.
            StoreFailed: the ledger could not be read or written.
        """
        noted = await self._store.residuals.of(lease.key)
        until = self._clock.now() + max(self._patience.gone, self._cloud.residual_delay)
        while True:
            left, complaint = await self._once(lease, noted)
            if not left:
                for residual in noted:
                    await self._store.residuals.gone(residual, self._clock.wall())
                return ""
            if self._clock.now() >= until:
                return f"its instance is gone, and {_named(left)} not: {complaint}"
            await self._clock.sleep(self._patience.pause)

    async def delete(self, leftover: Leftover, key: str) -> str:
        """Delete one thing whose proof was looked at; a sentence if the vendor refused for good."""
        subject = Subject(self._cloud.name, self._cloud.region, key, f"{leftover.kind}/{leftover.id}")
        aside = Stopwatch(self._clock)
        try:
            call = self._cloud.delete_residual(leftover.kind, leftover.id, aside)
            await in_time(call, self._patience.call, f"the delete of {leftover.id}")
        except ProbeFailed as error:
            audit("delete", subject, aside, error)
            if may_pass(error):
                return f"not yet: {error.detail}"
            return error.detail
        audit("delete", subject, aside)
        return "acknowledged, and still there"

    async def of_kind(self, kind: str, marks: Mapping[str, str], *, everything: bool) -> Sequence[Leftover]:
        """What the vendor's list shows of a *kind*."""
        listing = self._cloud.residuals(kind, Stopwatch(self._clock), marks, everything=everything)
        return await in_time(listing, self._patience.call, f"the list of {kind} of {self._cloud.name}")

    async def _once(self, lease: Lease, noted: Sequence[Residual]) -> tuple[Sequence[Leftover], str]:
        """Ask for the deletion of all that is there: what was there, and what was said of it last."""
        ours = await whose(self._store)
        left: list[Leftover] = []
        complaint = ""
        for kind in self._cloud.residual_kinds:
            known = {residual.id for residual in noted if residual.kind == kind}
            for leftover in await self.of_kind(kind, {MARK_AGENT: self._store.agent_id}, everything=bool(known)):
                marked = leftover.marks.get(MARK_AGENT) in ours and leftover.marks.get(MARK_LEASE) == lease.key
                if not marked and leftover.id not in known:
                    continue
                left.append(leftover)
                if not marked and not _came_with(leftover, lease):
                    complaint = "nothing proves that it came with the instance; look at it and delete it yourself"
                elif not leftover.free:
                    complaint = IN_USE
                else:
                    complaint = await self.delete(leftover, lease.key)
        return left, complaint


def _came_with(leftover: Leftover, lease: Lease) -> bool:
    """Whether what was attached to our instance, and carries no mark, was made for it: it is not older."""
    unmarked = MARK_AGENT not in leftover.marks
    return unmarked and leftover.created_at is not None and leftover.created_at >= lease.intended_at - _SKEW


def _named(left: Sequence[Leftover]) -> str:
    names = ", ".join(f"{one.kind} {one.id}" for one in left[:3])
    return f"{names} {'is' if len(left) == 1 else 'are'}"
