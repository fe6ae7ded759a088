"""Carries out what a plan says about what outlived its instance, looking again before anything is touched."""

from typing import Final

from probe.cloud import Cloud, Leftover
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.rental.evidence import Action, Result, SweepItem
from probe.rental.inquiry import whose
from probe.rental.leftovers import IN_USE, Leavings
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.origin import Whose, came_along
from probe.rental.patience import Patience
from probe.store import Residual, Store

_STAYS: Final = "is not proven to be ours any more"


class Tidying:
    """Gives back, at one vendor entry, what came with instances of leases that are not open.

    Args:
        cloud: the vendor.
        store: where the ledger is.
        clock: for the pauses and the records.
        meter: counts what is deleted and what leaks.
        patience: how long to wait for what.
    """

    def __init__(self, cloud: Cloud, store: Store, clock: Clock, meter: Meter, patience: Patience) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._patience = patience
        self._vendor = cloud.name
        self._leavings = Leavings(cloud, store, clock, meter, patience)

    async def carry_out(self, item: SweepItem) -> tuple[Result, str]:
        """Delete or cross out *item*: what became of it, and a word about it for people.

        Raises:
            ProbeFailed: the vendor let us down before anything was asked of it.
            StoreFailed: the ledger could not be read or written.
        """
        noted = await self._noted(item)
        if item.action is Action.SETTLE:
            await self._cross_out(noted)
            return Result.SETTLED, item.reason
        found = await self._again(item)
        if found is None:
            return Result.CHANGED, "vanished meanwhile"
        objection = await (self._of_unmarked(found, noted) if noted else self._of_marked(found))
        if not objection and not found.free:
            objection = IN_USE
        if objection:
            return Result.CHANGED, objection
        return await self._delete(item, found, noted)

    async def _delete(self, item: SweepItem, found: Leftover, noted: list[Residual]) -> tuple[Result, str]:
        until = self._clock.now() + self._patience.gone
        while True:
            complaint = await self._leavings.delete(found, lease_key(found) or item.name)
            if await self._again(item) is None:
                await self._cross_out(noted)
                self._meter.resource_deleted(item.vendor, item.region, item.kind)
                return Result.DELETED, "gone"
            if self._clock.now() >= until:
                self._meter.resource_leaked(item.vendor, item.region, item.kind)
                return Result.LEAKED, complaint
            await self._clock.sleep(self._patience.pause)

    async def _of_marked(self, found: Leftover) -> str:
        """Why something that carried our marks is not to be deleted; empty if it is."""
        if standing(found, await whose(self._store)) is not Standing.OURS:
            return "no longer carries our marks"
        lease = await self._store.ledger.get(lease_key(found))
        over = lease.state.settled if lease is not None else expired(found, self._clock.wall())
        return "" if over else "is somebody's who uses it"

    async def _of_unmarked(self, found: Leftover, noted: list[Residual]) -> str:
        """The same of something that was *noted* at an instance of ours."""
        ours = await whose(self._store)
        marked = standing(found, ours) is Standing.OURS and lease_key(found) == noted[0].lease
        return "" if marked or came_along(found, noted[0].ordered_at) is Whose.OURS else _STAYS

    async def _noted(self, item: SweepItem) -> list[Residual]:
        left = await self._store.residuals.left(self._vendor)
        return [one for one in left if (one.kind, one.id) == (item.kind, item.instance_id)]

    async def _cross_out(self, noted: list[Residual]) -> None:
        for residual in noted:
            await self._store.residuals.gone(residual, self._clock.wall())

    async def _again(self, item: SweepItem) -> Leftover | None:
        """The thing as the vendor's list shows it now; all of the list, for it may carry no marks."""
        shown = await self._leavings.of_kind(item.kind, {}, everything=True)
        return next((leftover for leftover in shown if leftover.id == item.instance_id), None)
