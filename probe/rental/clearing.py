"""Carries out what a plan says about one vendor entry, looking again at everything before it is touched."""

from enum import StrEnum

from probe.cloud import Cloud, Handle, Leftover, View, is_gone
from probe.model.clock import Clock
from probe.model.instance import Lease, LeaseState
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental import steps
from probe.rental.audit import Subject, audit
from probe.rental.census import KIND
from probe.rental.inquiry import whose
from probe.rental.leftovers import IN_USE, Leavings
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.passing import may_pass
from probe.rental.patience import Patience, in_time
from probe.rental.plan import Action, SweepItem, claim_on
from probe.rental.rental import note_attached
from probe.store import OwnerAlive, Store


class Result(StrEnum):
    """What became of an item of a plan.

    Attributes:
        DELETED: the vendor says that it is gone.
        SETTLED: it was crossed out in the ledger.
        LEAKED: its deletion was asked for, and it is still there.
        WAITING: it may still show up; a later sweep looks again.
        REPORTED: it was told, and not touched.
        CHANGED: it is no longer what the plan said; it was not touched.
        FAILED: something went wrong; a later sweep tries again.
    """

    DELETED = "deleted"
    SETTLED = "settled"
    LEAKED = "leaked"
    WAITING = "waiting"
    REPORTED = "reported"
    CHANGED = "changed"
    FAILED = "failed"


class Clearing:
    """Carries out a plan's items at one vendor entry.

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
        self._leavings = Leavings(cloud, store, clock, meter, patience)

    async def carry_out(self, item: SweepItem) -> tuple[Result, str]:
        """Do what *item* says: what became of it, and a word about it for people.

        Raises:
            ProbeFailed: the vendor let us down before anything was asked of it.
            StoreFailed: the ledger could not be written; what was asked of the vendor is in it.
        """
        match item.action:
            case Action.DELETE if item.kind != KIND:
                return await self._delete_leftover(item)
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
        never = before.state is LeaseState.INTENDED
        complaint = "" if never else await self._leavings.clear(before)
        if complaint:
            return await self._conclude(before, complaint)
        step = steps.never_created(now, item.reason) if never else steps.gone(now)
        await self._store.ledger.change(item.lease, steps.unless_settled(step))
        if not never:
            self._meter.resource_deleted(item.vendor, item.region, KIND)
        return Result.SETTLED, item.reason

    async def _delete(self, item: SweepItem) -> tuple[Result, str]:
        view = await self._look(item.instance_id)
        if view is None or is_gone(view):
            return await self._vanished(item, said=view is not None)
        if standing(view, await whose(self._store)) is not Standing.OURS or item.lease not in {"", lease_key(view)}:
            return Result.CHANGED, "no longer carries our marks"
        lease = await self._own_lease(view)
        if not self._may_take(lease, view, await self._store.roll_call()):
            return Result.CHANGED, "is somebody's who uses it"
        if lease is not None:
            await note_attached(self._store, lease.key, view, self._clock.wall())
            step = steps.taken_by_the_sweeper(view.id, self._clock.wall(), item.reason)
            lease = await self._store.ledger.change(lease.key, step)
        complaint = await self._delete_for_sure(Subject(item.vendor, item.region, lease_key(view), view.id))
        if not complaint:
            complaint = await (self._clear_stray(view) if lease is None else self._leavings.clear(lease))
        return await self._conclude(lease, complaint)

    async def _clear_stray(self, view: View) -> str:
        """Give back what came with an instance that no lease of ours has: a twin of one that has, or a lost one."""
        twin = await self._store.ledger.get(lease_key(view))
        return await self._leavings.clear_stray(view, view.created_at if twin is None else twin.intended_at)

    async def _vanished(self, item: SweepItem, *, said: bool) -> tuple[Result, str]:
        """What was there when the plan was made is not there any more: *said* so by the vendor, or just unknown to it.

        Unknown is gone only where somebody has asked for the deletion; else the vendor may contradict itself.
        """
        lease = await self._store.ledger.get(item.lease)
        if lease is None or lease.state.settled or not (said or lease.delete_requested_at):
            return Result.CHANGED, "vanished meanwhile"
        complaint = await self._leavings.clear(lease)
        if complaint:
            return await self._conclude(lease, complaint)
        await self._store.ledger.change(lease.key, steps.gone(self._clock.wall()))
        self._meter.resource_deleted(item.vendor, item.region, KIND)
        return Result.SETTLED, "gone meanwhile"

    async def _delete_leftover(self, item: SweepItem) -> tuple[Result, str]:
        """Delete something that outlived its instance, whose lease is settled or unknown, having looked again."""
        found = await self._again(item)
        if found is None:
            return Result.CHANGED, "vanished meanwhile"
        lease = await self._store.ledger.get(lease_key(found))
        if standing(found, await whose(self._store)) is not Standing.OURS:
            return Result.CHANGED, "no longer carries our marks"
        if not (lease.state.settled if lease is not None else expired(found, self._clock.wall())):
            return Result.CHANGED, "is somebody's who uses it"
        if not found.free:
            return Result.CHANGED, IN_USE
        until = self._clock.now() + self._patience.gone
        while True:
            complaint = await self._leavings.delete(found, lease_key(found))
            if await self._again(item) is None:
                self._meter.resource_deleted(item.vendor, item.region, item.kind)
                return Result.DELETED, "gone"
            if self._clock.now() >= until:
                self._meter.resource_leaked(item.vendor, item.region, item.kind)
                return Result.LEAKED, complaint
            await self._clock.sleep(self._patience.pause)

    async def _again(self, item: SweepItem) -> Leftover | None:
        """The thing as the vendor's list shows it now."""
        shown = await self._leavings.of_kind(item.kind, {}, everything=False)
        return next((leftover for leftover in shown if leftover.id == item.instance_id), None)

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

    async def _conclude(self, lease: Lease | None, complaint: str) -> tuple[Result, str]:
        """Write down how it ended; what the ledger does not hold open is only counted."""
        now, cloud = self._clock.wall(), self._cloud
        if complaint:
            if lease is None or lease.state is not LeaseState.LEAKED:
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
