"""Carries out what a plan says about one vendor entry, looking again at everything before it is touched."""

import asyncio
from collections.abc import Sequence

from probe.cloud import MARK_AGENT, Cloud, Handle, View, is_gone
from probe.model.clock import Clock
from probe.model.instance import Lease, LeaseState
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental import steps
from probe.rental.audit import Subject, audit
from probe.rental.census import KIND
from probe.rental.evidence import ELSEWHERE, Action, Result, SweepItem, claim_on
from probe.rental.inquiry import elsewhere, whose
from probe.rental.leftovers import Leavings
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.passing import may_pass
from probe.rental.patience import Patience, in_time
from probe.rental.strays import Strays
from probe.rental.tidying import Tidying
from probe.store import OwnerAlive, Residual, Store


class Clearing:
    """Carries out a plan's items at one vendor entry.

    Args:
        cloud: the vendor.
        store: where the ledger is.
        clock: for the pauses and the records.
        meter: counts what is deleted and what leaks.
        patience: how long to wait for what.
        strays: is told of what leaks and has no open lease.
    """

    def __init__(
        self,
        cloud: Cloud,
        store: Store,
        clock: Clock,
        meter: Meter,
        patience: Patience,
        strays: Strays,
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._clock = clock
        self._meter = meter
        self._patience = patience
        self._leavings = Leavings(cloud, store, clock, meter, patience)
        self._strays = strays
        self._tidying = Tidying(cloud, store, clock, meter, patience, self._strays)

    async def carry_out(self, item: SweepItem) -> tuple[Result, str]:
        """Do what *item* says: what became of it, and a word about it for people.

        Raises:
            ProbeFailed: the vendor let us down before anything was asked of it.
            StoreFailed: the ledger could not be written; what was asked of the vendor is in it.
        """
        match item.action:
            case Action.DELETE | Action.SETTLE if item.kind != KIND:
                return await self._tidying.carry_out(item)
            case Action.DELETE:
                return await self._delete(item)
            case Action.SETTLE:
                return await self._settle(item)
            case Action.WAIT:
                await self._store.ledger.change(item.lease, steps.handed_over(self._clock.wall(), item.reason))
                return Result.WAITING, item.reason
            case Action.REPORT:
                return Result.REPORTED, item.reason

    async def _settle(self, item: SweepItem) -> tuple[Result, str]:
        now = self._clock.wall()
        before = await self._store.ledger.get(item.lease)
        if before is None or before.state.settled:
            return Result.CHANGED, "settled meanwhile"
        if before.instance_id != item.instance_id or await self._shows(before):
            return Result.WAITING, "shows itself after all"
        if elsewhere(self._cloud, self._store, before.account):
            return Result.REPORTED, ELSEWHERE
        never = before.state is LeaseState.INTENDED
        complaint = "" if never else await self._leavings.clear(before)
        if complaint:
            return await self._conclude(before, complaint)
        step = steps.never_created(now, item.reason) if never else steps.gone(now)
        await self._store.ledger.change(item.lease, steps.unless_settled(step))
        if not never:
            self._meter.resource_deleted(item.vendor, item.region, KIND)
        return Result.SETTLED, item.reason

    async def _shows(self, lease: Lease) -> bool:
        """Whether the vendor shows after all what the plan said is not there: a person may have thought about it."""
        if lease.instance_id:
            return not is_gone(await self._look(lease.instance_id))
        marks = {MARK_AGENT: self._store.agent_id}
        listing = self._cloud.inventory(Stopwatch(self._clock), marks)
        shown = await in_time(listing, self._patience.call, f"the list of {self._cloud.name}")
        return any(lease_key(view) == lease.key and not is_gone(view) for view in shown)

    async def _delete(self, item: SweepItem) -> tuple[Result, str]:
        view = await self._look(item.instance_id)
        if view is None or is_gone(view):
            return await self._vanished(item, said=view is not None)
        if standing(view, await whose(self._store)) is not Standing.OURS or item.lease not in {"", lease_key(view)}:
            return Result.CHANGED, "no longer carries our marks"
        lease = await self._own_lease(view)
        if not self._may_take(lease, view, await self._store.roll_call()):
            return Result.CHANGED, "is somebody's who uses it"
        noted = await self._note(view, lease)
        if lease is not None:
            step = steps.taken_by_the_sweeper(view.id, self._clock.wall(), item.reason)
            lease = await self._store.ledger.change(lease.key, step)
        complaint = await self._delete_for_sure(Subject(item.vendor, item.region, lease_key(view), view.id))
        if not complaint:
            complaint = await (
                self._leavings.clear_stray(lease_key(view), noted) if lease is None else self._leavings.clear(lease)
            )
        return await self._conclude(lease, complaint, view.id)

    async def _note(self, view: View, lease: Lease | None) -> Sequence[Residual]:
        """Write down what came with it before it is deleted: afterwards nobody can tell, and we may not live to do it.

        Without a *lease* of its own it is a twin of one that has, or a lost one.
        """
        key, account = lease_key(view), self._cloud.account(self._store.agent_id)
        known = lease or await self._store.ledger.get(key)
        since = view.created_at if known is None else known.intended_at
        return await self._leavings.note(view, key, since, account)

    async def _vanished(self, item: SweepItem, *, said: bool) -> tuple[Result, str]:
        """What was there when the plan was made is not there any more: *said* so by the vendor, or just unknown to it.

        Unknown is gone only where somebody has asked for the deletion; else the vendor may contradict itself.
        """
        lease = await self._store.ledger.get(item.lease)
        if lease is None or lease.state.settled or not (said or lease.delete_requested_at):
            return Result.CHANGED, "vanished meanwhile"
        if elsewhere(self._cloud, self._store, lease.account):
            return Result.REPORTED, ELSEWHERE
        complaint = await self._leavings.clear(lease)
        if complaint:
            return await self._conclude(lease, complaint)
        await self._store.ledger.change(lease.key, steps.gone(self._clock.wall()))
        self._meter.resource_deleted(item.vendor, item.region, KIND)
        return Result.SETTLED, "gone meanwhile"

    async def _own_lease(self, view: View) -> Lease | None:
        """The lease that *view* was rented under, if the ledger knows it under no other identifier."""
        lease = await self._store.ledger.get(lease_key(view))
        return lease if lease is not None and lease.instance_id in {"", view.id} else None

    def _may_take(self, lease: Lease | None, view: View, owner_alive: OwnerAlive) -> bool:
        """The rule of deletion, for something that carries our marks."""
        now = self._clock.wall()
        if lease is None:
            return expired(view, now)
        return bool(claim_on(lease, now, owner_alive))

    async def _conclude(self, lease: Lease | None, complaint: str, instance_id: str = "") -> tuple[Result, str]:
        """Write down how it ended; what the ledger does not hold open is only counted."""
        now, cloud = self._clock.wall(), self._cloud
        if complaint:
            if lease is None or lease.state.settled:
                await self._strays.leaked(cloud, KIND, instance_id, complaint)
            elif lease.state is not LeaseState.LEAKED:
                self._meter.resource_leaked(cloud.name, cloud.region, KIND)
            if lease is not None:
                await self._store.ledger.change(lease.key, steps.leaked(now, complaint, lease.instance_id))
            return Result.LEAKED, complaint
        self._meter.resource_deleted(cloud.name, cloud.region, KIND)
        if lease is not None:
            await self._store.ledger.change(lease.key, steps.gone(now))
        return Result.DELETED, "gone"

    async def _delete_for_sure(self, subject: Subject) -> str:
        """Delete it and see that it is gone; a sentence if that did not come about in time."""
        complaint, works = await self._ask(subject)
        return complaint or await self._confirm(subject, works)

    async def _ask(self, subject: Subject) -> tuple[str, tuple[Handle, ...]]:
        """Ask for its deletion until that is acknowledged: a sentence if it was not in time, and what goes on then."""
        until = self._clock.now() + self._patience.delete
        while True:
            aside = Stopwatch(self._clock)
            try:
                call = self._cloud.delete(subject.instance_id, aside)
                works = await in_time(call, self._patience.call, f"the delete of {subject.instance_id}")
            except ProbeFailed as error:
                audit("delete", subject, aside, error)
                if not may_pass(error) or self._clock.now() >= until:
                    return error.detail, ()
            except asyncio.CancelledError as error:  # it may have arrived
                audit("delete", subject, aside, error)
                raise
            else:
                audit("delete", subject, aside)
                return "", works
            await self._clock.sleep(self._patience.pause)

    async def _confirm(self, subject: Subject, works: tuple[Handle, ...]) -> str:
        """Look until it is gone; a sentence if it was not in time.

        Where the *works* of the deletion fail at the vendor, it is asked for again.
        """
        until = self._clock.now() + self._patience.gone
        while True:
            try:
                if is_gone(await self._look(subject.instance_id)):
                    return ""
                complaint = f"acknowledged, and not gone after {self._patience.gone:g} s"
                works, failure = await self._follow(works)
                if failure:
                    complaint = f"acknowledged, and not done: {failure}"
                    refused, works = await self._ask(subject)
                    complaint = refused or complaint
            except ProbeFailed as error:
                if not may_pass(error):
                    return error.detail
                complaint = error.detail
            if self._clock.now() >= until:
                return complaint
            await self._clock.sleep(self._patience.pause)

    async def _follow(self, works: tuple[Handle, ...]) -> tuple[tuple[Handle, ...], str]:
        """How the *works* of a deletion stand: those that go on, and why one failed."""
        if not works:
            return (), ""
        call = self._cloud.follow(works, Stopwatch(self._clock))
        progress = await in_time(call, self._patience.call, "a look at the work of a deletion")
        return progress.pending, progress.failure.detail if progress.failure is not None else ""

    async def _look(self, instance_id: str) -> View | None:
        call = self._cloud.inspect(instance_id, Stopwatch(self._clock))
        return await in_time(call, self._patience.call, f"a look at {instance_id}")
