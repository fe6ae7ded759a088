"""Carries out what a plan says about what outlived its instance, looking again before anything is touched."""

from typing import Final

from probe.cloud import Cloud, Leftover
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.rental.evidence import ELSEWHERE, IN_USE, Action, Result, SweepItem
from probe.rental.inquiry import elsewhere, whose
from probe.rental.leftovers import Leavings
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.origin import Whose, proven, whose_is
from probe.rental.patience import Patience
from probe.rental.strays import Strays
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
        strays: is told of what leaks.
    """

    def __init__(
        self, cloud: Cloud, store: Store, clock: Clock, meter: Meter, patience: Patience, strays: Strays
    ) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._patience = patience
        self._strays = strays
        self._cloud = cloud
        self._leavings = Leavings(cloud, store, clock, meter, patience)

    async def carry_out(self, item: SweepItem) -> tuple[Result, str]:
        """Delete or cross out *item*: what became of it, and a word about it for people.

        Raises:
            ProbeFailed: the vendor let us down before anything was asked of it.
            StoreFailed: the ledger could not be read or written.
        """
        noted, found = await self._noted(item), await self._again(item)
        if item.action is Action.SETTLE:
            return await self._settle(item, noted, found)
        if found is None:
            return Result.CHANGED, "vanished meanwhile"
        objection = await (self._of_noted(found, noted) if noted else self._of_marked(found))
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
                await self._store.residuals.gone(noted, self._clock.wall())
                self._meter.resource_deleted(item.vendor, item.region, item.kind)
                return Result.DELETED, "gone"
            if self._clock.now() >= until:
                await self._strays.leaked(self._cloud, item.kind, item.instance_id, complaint)
                return Result.LEAKED, complaint
            await self._clock.sleep(self._patience.pause)

    async def _of_marked(self, found: Leftover) -> str:
        """Why something that carried our marks is not to be deleted; empty if it is."""
        if standing(found, await whose(self._store)) is not Standing.OURS:
            return "no longer carries our marks"
        lease = await self._store.ledger.get(lease_key(found))
        over = lease.state.settled if lease is not None else expired(found, self._clock.wall())
        return "" if over else "is somebody's who uses it"

    async def _of_noted(self, found: Leftover, noted: list[Residual]) -> str:
        """The same of something that was *noted* at instances of ours."""
        ours = await whose(self._store)
        if whose_is(found, noted, ours) is not Whose.OURS:
            return _STAYS
        for one in noted:
            if not proven(found, one, ours) and elsewhere(self._cloud, self._store, one.account):
                return ELSEWHERE
            lease = await self._store.ledger.get(one.lease)
            if lease is not None and not lease.state.settled and lease.instance_id == one.instance_id:
                return "goes with its instance"
        return ""

    async def _settle(self, item: SweepItem, noted: list[Residual], found: Leftover | None) -> tuple[Result, str]:
        """Cross it out, if it is still not there, or still not ours."""
        if any(elsewhere(self._cloud, self._store, one.account) for one in noted):
            return Result.REPORTED, ELSEWHERE
        if found is not None and noted and whose_is(found, noted, await whose(self._store)) is not Whose.THEIRS:
            return Result.WAITING, "shows itself after all"
        await self._store.residuals.gone(noted, self._clock.wall())
        return Result.SETTLED, item.reason

    async def _noted(self, item: SweepItem) -> list[Residual]:
        """What the plan was made from, as it now stands in the ledger."""
        keys = {one.key for one in item.noted}
        return [one for one in await self._store.residuals.left(self._cloud.name) if one.key in keys]

    async def _again(self, item: SweepItem) -> Leftover | None:
        """The thing as the vendor's list shows it now; all of the list, for it may carry no marks."""
        shown = await self._leavings.of_kind(item.kind, {}, everything=True)
        return next((leftover for leftover in shown if leftover.id == item.instance_id), None)
