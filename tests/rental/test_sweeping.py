"""A sweep gives back what nobody uses, confirms it, and harms nothing else."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from typing_extensions import override

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, Handle, Verdict
from probe.model.instance import InstanceState, LeaseState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental import Action, Rental, Result, SweepStep
from probe.rental.marks import new_key
from tests.fakes.cloud import FakeCloud, complaint, failure
from tests.fakes.leases import a_lease
from tests.rental.conftest import BOTH, Desk

pytestmark = pytest.mark.parametrize("place", BOTH, indirect=True)


@asynccontextmanager
async def _handed_over(desk: Desk) -> AsyncIterator[Rental]:
    async with await desk.rent() as rental:
        yield rental


async def _strand(desk: Desk) -> Rental:
    """Rent, and let the run end without giving it back."""
    async with _handed_over(desk) as rental:
        pass
    return rental


async def test_what_was_handed_over_is_deleted_and_confirmed(desk: Desk) -> None:
    """The instance is gone at the vendor, the lease is settled, and everybody is told."""
    rental = await _strand(desk)
    desk.cloud.going = 20.0
    report = await desk.sweeper().sweep()
    assert report.ok
    assert report.count(Result.DELETED) == report.count(Result.DELETED, "acme") == 1
    assert str(report) == "1 deleted"
    assert desk.cloud.instances == {}
    assert desk.cloud.deletes == [rental.instance_id]
    lease = await desk.only_lease()
    assert lease.state is LeaseState.GONE
    assert lease.delete_requested_at is not None
    assert desk.meter.deleted == {"acme": 1}
    assert desk.meter.sweeps == {"ok": 1}
    census = desk.meter.owned["acme", "north"]
    assert (census.active, census.deleting, census.leaked) == (0, 0, 0)


async def test_a_plan_changes_nothing(desk: Desk) -> None:
    """A dry run asks and tells, and neither the vendor nor the ledger is different afterwards."""
    rental = await _strand(desk)
    before = await desk.only_lease()
    plan = await desk.sweeper().plan()
    assert [(item.action, item.instance_id) for item in plan.items] == [(Action.DELETE, rental.instance_id)]
    assert desk.cloud.deletes == []
    assert await desk.only_lease() == before
    assert desk.meter.sweeps == {}


async def test_bystanders_are_untouched_also_when_filters_are_ignored(desk: Desk) -> None:
    """Look-alike names, other agents' marks, expired marks of others, things without marks: all still there."""
    rental = await _strand(desk)
    theirs = {MARK_AGENT: "ffff0000-0000-4000-8000-000000000000", MARK_EXPIRES: "1"}
    bystanders = {
        desk.cloud.put(name=rental.lease.key[:-1] + "x").id,
        desk.cloud.put(name=rental.lease.key).id,
        desk.cloud.put(name="web-1", marks={"team": "shop"}).id,
        desk.cloud.put(name=rental.lease.key, marks=theirs).id,
        desk.cloud.put(name="mine", marks={MARK_AGENT: desk.store.agent_id, MARK_EXPIRES: "1"}).id,
    }
    desk.cloud.faults.ignore_filters = True
    report = await desk.sweeper().sweep()
    assert set(desk.cloud.instances) == bystanders
    assert desk.cloud.deletes == [rental.instance_id]
    assert report.count(Result.DELETED) == 1
    assert report.count(Result.REPORTED) == 3  # a name that is not of our shape, and web-1, are nobody's business


async def test_a_sweep_during_a_running_lifecycle_harms_nothing(desk: Desk) -> None:
    """A sweep at every step of a run, of this process and of another, takes nothing from it."""
    watch = desk.watch()
    async with await desk.opened_again() as beside:
        other = replace(desk, store=beside).sweeper()

        async def sweep() -> None:
            for sweeper in (desk.sweeper(), other):
                assert (await sweeper.sweep()).steps == ()

        async with await desk.rent(watch) as rental:
            await sweep()
            desk.cloud.going = 5.0
            await rental.give_back(watch)
            await sweep()
            assert (await desk.only_lease()).state is LeaseState.DELETING
            await rental.confirm_gone(watch)
            await sweep()
    assert desk.cloud.deletes == [rental.instance_id]


async def test_sweeps_without_end_beside_a_lifecycle(desk: Desk) -> None:
    """Sweeps that overlap a run in every way leave it alone; afterwards nothing is left."""
    patrol = asyncio.create_task(desk.sweeper().patrol(0.0))
    for _ in range(5):
        watch = desk.watch()
        desk.cloud.going = 3.0
        async with await desk.rent(watch) as rental:
            await rental.give_back(watch)
            await rental.confirm_gone(watch)
    patrol.cancel()
    await asyncio.gather(patrol, return_exceptions=True)
    assert len(desk.cloud.deletes) == 5
    assert desk.cloud.instances == {}
    assert await desk.store.ledger.open_leases() == []


async def test_a_lost_answer_is_searched_for_until_the_list_has_caught_up(desk: Desk) -> None:
    """An instance that the list shows late is found; only what is not there after the bound is void."""
    slow = FakeCloud(desk.clock, list_delay=60.0)
    slow.faults.lose_answer = failure(Outcome.BROKEN)
    with pytest.raises(ProbeFailed):
        await desk.renter(cloud=slow).rent("lifecycle", "run", "small", "debian", desk.watch())
    sweeper = desk.sweeper(slow)
    assert (await sweeper.sweep()).count(Result.WAITING) == 1
    desk.clock.pass_time(59.0)
    assert (await sweeper.sweep()).count(Result.WAITING) == 1
    desk.clock.pass_time(1.0)
    assert (await sweeper.sweep()).count(Result.DELETED) == 1
    assert slow.instances == {}
    assert (await desk.only_lease()).state is LeaseState.GONE


async def test_a_create_that_never_happened_is_void_after_the_bound(desk: Desk) -> None:
    """Nothing shows up: the intent is crossed out when the vendor can no longer be behind, and not before."""
    slow = FakeCloud(desk.clock, list_delay=60.0)
    slow.faults.create = failure(Outcome.TIMEOUT)
    with pytest.raises(ProbeFailed):
        await desk.renter(cloud=slow).rent("lifecycle", "run", "small", "debian", desk.watch())
    desk.clock.pass_time(60.0)
    assert (await desk.sweeper(slow).sweep()).count(Result.WAITING) == 1
    desk.clock.pass_time(1.0)
    assert (await desk.sweeper(slow).sweep()).count(Result.SETTLED) == 1
    assert (await desk.only_lease()).state is LeaseState.VOID
    assert desk.meter.deleted == {}


async def test_what_shows_up_after_its_intent_was_called_void_is_deleted(desk: Desk) -> None:
    """A late arrival carries our marks and was handed over: it goes, and its record stays what it was."""
    desk.cloud.faults.create = failure(Outcome.TIMEOUT)
    with pytest.raises(ProbeFailed):
        await desk.rent()
    desk.clock.pass_time(1.0)
    await desk.sweeper().sweep()
    (order,) = desk.cloud.orders
    late = desk.cloud.put(name=order.name, marks=order.marks)
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert desk.cloud.deletes == [late.id]
    assert (await desk.only_lease()).state is LeaseState.VOID


async def test_a_delete_that_lies_is_a_leak_until_it_is_gone(desk: Desk) -> None:
    """Acknowledged and not gone within the patience: leaked, counted once, tried again, and settled at last."""
    await _strand(desk)
    desk.cloud.faults.delete_lies = True
    for sweep in range(3):
        report = await desk.sweeper().sweep()
        assert not report.ok
        assert report.count(Result.LEAKED) == 1
        assert len(desk.cloud.deletes) == sweep + 1
        assert (await desk.only_lease()).state is LeaseState.LEAKED
    assert desk.meter.leaked == {"acme": 1}
    assert desk.meter.sweeps == {"failed": 3}
    assert desk.meter.owned["acme", "north"].leaked == 1
    desk.cloud.faults.delete_lies = False
    assert (await desk.sweeper().sweep()).ok
    assert (await desk.only_lease()).state is LeaseState.GONE
    assert desk.meter.deleted == {"acme": 1}
    assert desk.meter.owned["acme", "north"].leaked == 0


async def test_a_delete_that_fails_for_long_is_a_leak_with_the_reason(desk: Desk) -> None:
    """A delete that is never acknowledged is tried for a while, then it is a leak that a later sweep settles."""
    await _strand(desk)
    desk.cloud.faults.delete = [complaint(Verdict.VENDOR_ERROR, 500, "out of order")] * 1000
    report = await desk.sweeper().sweep()
    (step,) = report.steps
    assert (step.result, step.detail) == (Result.LEAKED, "out of order")
    assert 10 < len(desk.cloud.deletes) < 40
    assert (await desk.only_lease()).note == "out of order"  # what `probe instances` tells
    desk.cloud.faults.delete = []
    assert (await desk.sweeper().sweep()).ok
    assert desk.cloud.instances == {}


async def test_a_delete_that_fails_at_first_is_asked_for_again(desk: Desk) -> None:
    """A conflict passes within one sweep."""
    await _strand(desk)
    desk.cloud.faults.delete = [complaint(Verdict.CONFLICT, 409)] * 3
    assert (await desk.sweeper().sweep()).ok
    assert len(desk.cloud.deletes) == 4


async def test_a_vendor_that_fails_does_not_keep_the_sweep_from_the_others(desk: Desk) -> None:
    """The report says who failed and why; the others are swept."""
    broken, hanging = FakeCloud(desk.clock, name="broken"), FakeCloud(desk.clock, name="hanging")
    broken.faults.inventory = failure(Outcome.REFUSED, "connection refused")
    await _strand(desk)
    hanging.instances = None  # type: ignore[assignment]  # any bug will do
    report = await desk.sweeper(broken, hanging, desk.cloud).sweep()
    assert report.failures["broken"] == "connection refused"
    assert report.failures["hanging"].startswith("bug: AttributeError")
    assert not report.ok
    assert report.count(Result.DELETED) == 1
    assert desk.cloud.instances == {}


async def test_a_vendor_that_cannot_look_is_not_taken_for_empty(desk: Desk) -> None:
    """A look that fails settles nothing."""
    await _strand(desk)
    desk.cloud.faults.inspect = [complaint(Verdict.VENDOR_ERROR, 500, "out of order")]
    report = await desk.sweeper().sweep()
    assert report.count(Result.REPORTED) == 1
    assert (await desk.only_lease()).state is LeaseState.ACTIVE
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1


async def test_everything_is_looked_at_again_before_it_is_touched(desk: Desk) -> None:
    """Between a plan and its confirmation things change: what lost its marks, vanished or was settled is left alone."""
    rentals = [await _strand(desk) for _ in range(3)]
    sweeper = desk.sweeper()
    plan = await sweeper.plan()
    unmarked, vanished, settled = rentals
    desk.cloud.instances[unmarked.instance_id] = replace(desk.cloud.instances[unmarked.instance_id], marks={})
    desk.cloud.change(vanished.instance_id, state=InstanceState.GONE)
    assert len(plan.of(Action.DELETE)) == 3
    report = await sweeper.carry_out(plan)
    assert {step.item.instance_id: step.result for step in report.steps} == {
        unmarked.instance_id: Result.CHANGED,
        vanished.instance_id: Result.SETTLED,
        settled.instance_id: Result.DELETED,
    }
    assert desk.cloud.deletes == [settled.instance_id]


async def test_a_delete_that_takes_effect_between_plan_and_look_settles_the_lease(desk: Desk) -> None:
    """Its deletion was asked for and the vendor does not know it any more: gone. Without having asked: unclear."""
    async with await desk.rent() as rental:
        desk.cloud.going = 0.25
        await rental.give_back(desk.watch())
        await rental.hand_over("cut off")
    silent = await _strand(desk)
    sweeper = desk.sweeper()
    plan = await sweeper.plan()
    desk.clock.pass_time(1.0)
    del desk.cloud.instances[silent.instance_id]
    report = await sweeper.carry_out(plan)
    assert {step.item.name: step.result for step in report.steps} == {
        rental.lease.key: Result.SETTLED,
        silent.lease.key: Result.CHANGED,
    }
    assert [lease.key for lease in await desk.store.ledger.open_leases()] == [silent.lease.key]


@pytest.mark.parametrize("found", [False, True])
async def test_what_shows_itself_while_a_person_thinks_is_not_crossed_out(desk: Desk, *, found: bool) -> None:
    """The plan said that it was never created; meanwhile it came, and perhaps another sweep *found* it, in vain."""
    desk.cloud.faults.lose_answer = failure(Outcome.BROKEN)
    with pytest.raises(ProbeFailed):
        await desk.rent()
    (late,) = desk.cloud.instances.values()
    desk.cloud.instances.clear()
    await desk.clock.sleep(60.0)
    plan = await desk.sweeper().plan()
    assert [(item.action, item.reason) for item in plan.items] == [(Action.SETTLE, "never created")]
    desk.cloud.instances[late.id] = late
    if found:
        desk.cloud.faults.delete_lies = True
        assert (await desk.sweeper().sweep()).count(Result.LEAKED) == 1
    report = await desk.sweeper().carry_out(plan)
    assert [(step.result, step.detail) for step in report.steps] == [(Result.WAITING, "shows itself after all")]
    assert (await desk.only_lease()).state is (LeaseState.LEAKED if found else LeaseState.INTENDED)


async def test_what_is_shown_again_is_not_crossed_out(desk: Desk) -> None:
    """A vendor that contradicts itself between the plan and its end."""
    await _strand(desk)
    (kept,) = desk.cloud.instances.values()
    desk.cloud.instances.clear()
    await desk.clock.sleep(60.0)
    plan = await desk.sweeper().plan()
    assert [item.action for item in plan.items] == [Action.SETTLE]
    desk.cloud.instances[kept.id] = kept
    assert (await desk.sweeper().carry_out(plan)).count(Result.WAITING) == 1
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1


class Thinking(FakeCloud):
    """A vendor that never answers a delete."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.clock, instances=desk.cloud.instances)
        self.asked = asyncio.Event()

    @override
    async def delete(self, instance_id: str, watch: Stopwatch) -> tuple[Handle, ...]:
        del instance_id, watch
        self.asked.set()
        never: asyncio.Future[tuple[Handle, ...]] = asyncio.get_running_loop().create_future()
        return await never


async def test_a_delete_that_is_cut_short_leaves_its_line(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Ctrl-C while the vendor thinks: it may have arrived."""
    caplog.set_level(logging.INFO, logger="probe.audit")
    rental = await _strand(desk)
    thinking = Thinking(desk)
    sweep = asyncio.ensure_future(desk.sweeper(thinking).sweep())
    await thinking.asked.wait()
    sweep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweep
    (line,) = [record for record in caplog.records if record.getMessage() == "delete"]
    assert vars(line)["instance"] == rental.instance_id
    assert "CancelledError" in vars(line)["result"]


async def test_a_lease_that_somebody_uses_by_now_is_left_alone(desk: Desk) -> None:
    """A plan about a dead owner's lease does not touch one whose owner turns out to live."""
    rental = await _strand(desk)
    plan = await desk.sweeper().plan()
    await desk.store.ledger.change(rental.lease.key, lambda lease: replace(lease, handed_over=False))
    report = await desk.sweeper().carry_out(plan)
    assert report.count(Result.CHANGED) == 1
    assert desk.cloud.deletes == []


async def test_two_sweepers_at_once_do_not_disturb_each_other(desk: Desk) -> None:
    """An agent's sweep and `probe sweep` beside it: the lease is settled once, and neither stumbles."""
    await _strand(desk)
    desk.cloud.going = 5.0
    async with await desk.opened_again() as beside:
        reports = await asyncio.gather(desk.sweeper().sweep(), replace(desk, store=beside).sweeper().sweep())
    assert all(report.ok for report in reports)
    assert (await desk.only_lease()).state is LeaseState.GONE
    assert desk.cloud.instances == {}


async def test_steps_are_told_as_they_end(desk: Desk) -> None:
    """A progress bar hears of each item, and how many there are."""
    for _ in range(3):
        await _strand(desk)
    told: list[tuple[Result, int, int]] = []

    def on_step(step: SweepStep, done: int, total: int) -> None:
        told.append((step.result, done, total))

    sweeper = desk.sweeper()
    await sweeper.carry_out(await sweeper.plan(), on_step)
    assert told == [(Result.DELETED, 1, 3), (Result.DELETED, 2, 3), (Result.DELETED, 3, 3)]


async def test_leases_of_a_vendor_that_is_not_swept_are_reported(desk: Desk) -> None:
    """What we cannot reach is not forgotten."""
    await desk.store.ledger.intend(a_lease(vendor="former", handed_over=True))
    report = await desk.sweeper().sweep()
    (step,) = report.steps
    assert step.result is Result.REPORTED
    assert step.detail.startswith("former is not swept")
    assert report.ok


async def test_what_stays_the_same_is_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A patrol does not repeat itself: what the last sweep reported is not news."""
    await desk.store.ledger.intend(a_lease(vendor="former", handed_over=True))
    sweeper = desk.sweeper()
    with caplog.at_level(logging.WARNING, logger="probe.rental.sweeper"):
        for _ in range(3):
            await sweeper.sweep()
            desk.clock.pass_time(60)
    assert len(caplog.records) == 1


async def test_swept_vendors_can_be_exchanged(desk: Desk) -> None:
    """After a reload other vendor entries are swept."""
    sweeper = desk.sweeper(FakeCloud(desk.clock, name="other"))
    await _strand(desk)
    assert (await sweeper.sweep()).count(Result.REPORTED) == 1
    sweeper.replace([desk.cloud])
    assert (await sweeper.sweep()).count(Result.DELETED) == 1


async def test_a_vendor_that_leaves_is_swept_while_it_is_owed_something(desk: Desk) -> None:
    """What is open there is given back; then nobody speaks to it any more."""
    await _strand(desk)
    sweeper = desk.sweeper()
    sweeper.replace([FakeCloud(desk.clock, name="other")], leaving=[desk.cloud])
    assert (await sweeper.sweep()).count(Result.DELETED, "acme") == 1
    desk.cloud.faults.inventory = failure(Outcome.REFUSED)
    assert (await sweeper.sweep()).failures == {}


async def test_what_is_owed_is_ours_or_nobodys(desk: Desk) -> None:
    """A living process's lease is its own, and what no vendor entry stands for is nobody's to give back."""
    sweeper = desk.sweeper()
    await desk.store.ledger.intend(a_lease("probe-00000000-00000000000a", vendor="elsewhere"))
    await desk.store.ledger.intend(a_lease("probe-00000000-00000000000b", region="south"))
    assert await sweeper.owed() == []
    async with _handed_over(desk) as rental:
        assert [lease.key for lease in await sweeper.owed()] == [rental.lease.key]
    await desk.store.ledger.intend(a_lease("probe-00000000-00000000000c"))
    assert len(await sweeper.owed()) == 2


async def test_it_is_swept_until_nothing_is_owed(desk: Desk) -> None:
    """A delete that fails at first does not end it, and neither does what cannot be given back."""
    rental = await _strand(desk)
    await desk.store.ledger.intend(a_lease("probe-00000000-00000000000a", vendor="elsewhere"))
    desk.cloud.faults.delete = [failure(Outcome.DENIED)]
    await desk.sweeper().exhaust(0.5)
    assert desk.cloud.deletes == [rental.instance_id] * 2
    assert desk.cloud.instances == {}


async def test_a_lost_folder_widens_nothing_until_its_agent_is_adopted(desk: Desk) -> None:
    """The old agent's things are another's; once a person has adopted it, they go when their expiry has passed."""
    over, later = str(int(desk.clock.wall() - 10)), str(int(desk.clock.wall() + 9999))
    old = "5a0c6c2e-7f52-4e0d-9d6c-3f1f5f0c7a11"
    marked = [
        (key := new_key(old), {MARK_AGENT: old, MARK_LEASE: key, MARK_EXPIRES: expiry}) for expiry in (over, later)
    ]
    gone, young = (desk.cloud.put(name=key, marks=marks) for key, marks in marked)
    other = "6b1d7d3f-8063-4f1e-8e7d-403060d18b22"
    key = new_key(other)
    foreign = desk.cloud.put(name=key, marks={MARK_AGENT: other, MARK_LEASE: key, MARK_EXPIRES: over})
    await desk.sweeper().sweep()
    plan = await desk.sweeper().plan()
    assert {item.action for item in plan.items} == {Action.REPORT}
    tried = await desk.sweeper().plan(also=frozenset({old}))
    assert [item.instance_id for item in tried.of(Action.DELETE)] == [gone.id]
    assert desk.cloud.deletes == []
    await desk.store.identities.adopt(old, desk.clock.wall())
    await desk.store.identities.adopt(old, desk.clock.wall())
    async with await desk.opened_again() as after_a_restart:
        assert await after_a_restart.identities.adopted() == {old}
    await desk.sweeper().sweep()
    assert desk.cloud.deletes == [gone.id]
    assert set(desk.cloud.instances) == {young.id, foreign.id}
    desk.clock.pass_time(10_000.0)
    await desk.sweeper().sweep()
    assert set(desk.cloud.instances) == {foreign.id}


async def test_look_alikes_without_any_mark_are_told(desk: Desk) -> None:
    """`probe sweep` looks at everything that the vendor shows; a name of ours without our marks is for a person."""
    lookalike = desk.cloud.put(name=new_key(desk.store.agent_id))
    desk.cloud.put(name="web-1")
    plan = await desk.sweeper().plan()
    assert [(item.instance_id, item.action) for item in plan.items] == [(lookalike.id, Action.REPORT)]
    await desk.sweeper().carry_out(plan)
    assert desk.cloud.deletes == []


async def test_what_an_instance_that_vanished_leaves_is_a_leak_until_it_goes(desk: Desk) -> None:
    """The vendor ended it before anybody asked; its volume counts as used for longer than a sweep waits."""
    desk.cloud.brings = ("volumes",)
    rental = await desk.rent()
    await rental.hand_over("cut")
    (volume,) = desk.cloud.leftovers.values()
    desk.cloud.change(rental.instance_id, state=InstanceState.GONE)
    desk.cloud.leftovers[volume.id] = replace(volume, free=False)
    report = await desk.sweeper().sweep()
    assert [(step.result, step.detail) for step in report.steps] == [
        (Result.LEAKED, f"its instance is gone, and volumes {volume.id} is not: something uses it")
    ]
    assert (await desk.only_lease()).state is LeaseState.LEAKED
    desk.cloud.leftovers[volume.id] = volume
    assert (await desk.sweeper().sweep()).ok
    assert (await desk.only_lease()).state is LeaseState.GONE
