"""What came with an instance is given back with it; what is not proven to be ours is told and stays."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, Leftover, Verdict
from probe.model.instance import LeaseState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.rental import Action, Patience, Result
from probe.rental.clearing import Clearing
from probe.rental.marks import new_key
from probe.rental.strays import Strays
from probe.store import Residual
from tests.fakes.cloud import complaint, failure
from tests.fakes.leases import WALL, a_lease
from tests.rental.conftest import Desk

OTHER = "00000000-1111-4222-8333-444444444444"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """At a vendor whose instances leave their volumes behind."""
    desk.cloud.brings = ("volumes",)
    return desk


async def _given_back(desk: Desk) -> None:
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.inspect(watch)
    await rental.give_back(watch)
    await rental.hand_over("its run was cut when the instance was gone")


async def _good_run(desk: Desk, budget: float = 60.0) -> Stopwatch:
    """A run that ends well; then whatever it left to do in the background is over, too."""
    watch = desk.watch()
    async with await desk.rent(watch) as rental:
        await rental.inspect(watch)
        await rental.give_back(watch)
        await rental.confirm_gone(watch, budget=budget)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("clear")))
    return watch


async def test_a_good_run_gives_back_what_came_along_and_measures_none_of_it(desk: Desk) -> None:
    """The lease does not wait for a sweep; what is asked meanwhile is in no phase."""
    desk.cloud.lingering = 600.0
    watch = await _good_run(desk)
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.GONE, False)
    assert desk.cloud.leftovers == {}
    assert await desk.store.residuals.left("acme") == []
    assert desk.meter.deleted["acme"] == 1
    assert watch.phases[Phase.GONE] < 0.05
    assert list((await desk.sweeper().plan()).items) == []


async def test_what_does_not_go_within_the_budget_is_the_sweepers(desk: Desk) -> None:
    """Asked again until then; handed over with what was said last, and no leak yet."""
    desk.cloud.faults.delete_residual = complaint(Verdict.CONFLICT, 409, "in use")
    began = desk.clock.now()
    await _good_run(desk, budget=20.0)
    assert 19.0 < desk.clock.now() - began < 24.0
    assert len(desk.cloud.cleared) > 5
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.DELETING, True)
    assert "volumes-2 is not: not yet: in use" in lease.note
    desk.cloud.faults.delete_residual = None
    assert (await desk.sweeper().sweep()).ok
    assert (await desk.only_lease()).state is LeaseState.GONE


async def test_a_vendor_that_does_not_say_what_is_left_leaves_it_to_the_sweeper(desk: Desk) -> None:
    """A list that fails proves nothing."""
    desk.cloud.faults.residuals = failure(Outcome.TIMEOUT)
    await _good_run(desk)
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.DELETING, True)
    assert lease.note == "gone; what came with it could not be looked for: no answer"


async def test_a_sweep_meanwhile_leaves_it_alone(desk: Desk) -> None:
    """Its run's process lives and has not handed it over."""
    desk.cloud.faults.delete_residual = complaint(Verdict.CONFLICT, 409, "in use")
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.give_back(watch)
    await rental.confirm_gone(watch, budget=1e6)
    assert list((await desk.sweeper().sweep()).steps) == []
    assert [lease.key for lease in await desk.sweeper().owed()] == [rental.lease.key]
    desk.cloud.faults.delete_residual = None
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("clear")))
    assert list(await desk.sweeper().owed()) == []


async def test_a_lease_is_settled_when_its_volumes_are_gone_too(desk: Desk) -> None:
    """Also by the sweeper, where the run did not get there."""
    await _given_back(desk)
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.DELETING, True)
    assert [one.id for one in await desk.store.residuals.left("acme")] == list(desk.cloud.leftovers)
    report = await desk.sweeper().sweep()
    assert (report.count(Result.SETTLED), report.ok) == (1, True)
    assert desk.cloud.leftovers == {}
    assert (await desk.only_lease()).state is LeaseState.GONE
    assert await desk.store.residuals.left("acme") == []


async def test_a_volume_that_does_not_go_is_a_leak(desk: Desk) -> None:
    """It costs money: the lease stays open, orders stop, and every sweep tries again."""
    await _given_back(desk)
    desk.cloud.faults.delete_residual = complaint(Verdict.CONFLICT, 409, "in use")
    report = await desk.sweeper().sweep()
    assert report.count(Result.LEAKED) == 1
    lease = await desk.only_lease()
    assert lease.state is LeaseState.LEAKED
    assert "and volumes volumes-2 is not: not yet: in use" in report.steps[0].detail
    desk.cloud.faults.delete_residual = None
    assert (await desk.sweeper().sweep()).ok
    assert (await desk.only_lease()).state is LeaseState.GONE


async def test_the_sweeper_notes_what_is_attached_before_it_deletes(desk: Desk) -> None:
    """Of an instance whose run never came to its end."""
    rental = await desk.rent()
    await rental.hand_over("cut")
    desk.cloud.leftovers = {key: replace(one, marks={}) for key, one in desk.cloud.leftovers.items()}
    report = await desk.sweeper().sweep()
    assert report.count(Result.DELETED) == 1
    assert desk.cloud.leftovers == {}


@pytest.mark.parametrize(
    ("age", "marks", "result"),
    [
        (7200.0, {}, Result.SETTLED),
        (0.0, {MARK_AGENT: OTHER}, Result.SETTLED),
        (1800.0, {}, Result.LEAKED),  # a clock may be wrong by so much
    ],
)
async def test_what_somebody_attached_is_not_deleted(
    desk: Desk, caplog: pytest.LogCaptureFixture, age: float, marks: dict[str, str], result: Result
) -> None:
    """What is older than our order, or carries another mark, is theirs: told, and no leak. Else a person looks."""
    rental = await desk.rent()
    theirs = desk.cloud.leave("volumes", age=age, marks=marks)
    shown = desk.cloud.instances[rental.instance_id]
    attached = {"volumes": (*shown.attached["volumes"], theirs.id)}
    desk.cloud.instances[rental.instance_id] = replace(shown, attached=attached)
    watch = desk.watch()
    await rental.inspect(watch)
    await rental.give_back(watch)
    await rental.hand_over("cut")
    report = await desk.sweeper().sweep()
    assert list(desk.cloud.leftovers) == [theirs.id]
    assert theirs.id not in desk.cloud.cleared
    assert [step.result for step in report.steps] == [result]
    told = report.steps[0].detail if result is Result.LEAKED else caplog.text
    assert f"volumes {theirs.id}" in told
    assert (
        "nothing proves that it came with the instance" if result is Result.LEAKED else "not ours, it stays"
    ) in told


@pytest.mark.parametrize("known", [True, False])
async def test_what_came_with_a_twin_or_a_stray_goes_with_it(desk: Desk, *, known: bool) -> None:
    """An order that something between us sent on twice: the second one's volumes were never marked. Others' stay."""
    rental = await desk.rent()
    first = desk.cloud.instances[rental.instance_id]
    (theirs,) = desk.cloud.leftovers
    key = rental.lease.key if known else new_key(desk.store.agent_id)
    marks = {**first.marks, MARK_LEASE: key, MARK_EXPIRES: str(int(desk.clock.wall() - 1))}
    desk.cloud.brings = ()
    twin = desk.cloud.put(name=key, marks=marks)
    desk.cloud.brings = ("volumes",)
    volume, older = desk.cloud.leave("volumes"), desk.cloud.leave("volumes", age=7200.0)
    attached = {"volumes": (volume.id, older.id)}
    desk.cloud.instances[twin.id] = replace(twin, attached=attached, created_at=desk.clock.wall())
    report = await desk.sweeper().sweep()
    assert report.count(Result.DELETED) == 1
    assert set(desk.cloud.leftovers) == {theirs, older.id}
    assert set(desk.cloud.instances) == {first.id}


async def _a_twin(desk: Desk) -> Leftover:
    """Something between us sent an order on twice; what the second instance brought was never marked."""
    rental = await desk.rent()
    first = desk.cloud.instances[rental.instance_id]
    twin = desk.cloud.put(name=first.name, marks={**first.marks, MARK_EXPIRES: str(int(desk.clock.wall() - 1))})
    (volume,) = twin.attached["volumes"]
    desk.cloud.leftovers[volume] = replace(desk.cloud.leftovers[volume], marks={})
    watch = desk.watch()
    await rental.give_back(watch)
    await rental.confirm_gone(watch)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("clear")))
    return desk.cloud.leftovers[volume]


async def test_what_a_twin_leaves_is_known_though_its_sweep_was_cut(desk: Desk) -> None:
    """It was written down before the twin was deleted: afterwards nothing at the vendor leads to it any more."""
    volume = await _a_twin(desk)
    strays = Strays(desk.store, desk.clock, desk.meter)
    clearing = Clearing(desk.cloud, desk.store, desk.clock, desk.meter, Patience(), strays)
    await desk.clock.sleep(4000.0)
    (doomed,) = (await desk.sweeper().plan()).items
    desk.cloud.faults.residuals = failure(Outcome.TIMEOUT)
    with pytest.raises(ProbeFailed):
        await clearing.carry_out(doomed)
    desk.cloud.faults.residuals = None
    assert (desk.cloud.instances, list(desk.cloud.leftovers)) == ({}, [volume.id])
    (item,) = (await desk.sweeper().plan()).items
    assert (item.action, item.kind, item.instance_id) == (Action.DELETE, "volumes", volume.id)
    assert item.reason == f"came with {doomed.instance_id}, and outlived it"
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert desk.cloud.leftovers == {}
    assert await desk.store.residuals.left() == []
    assert list((await desk.sweeper().plan()).items) == []


async def _noted(desk: Desk, **changes: Any) -> Leftover:
    """Something that was seen at a twin that is gone, as it stands now."""
    volume = desk.cloud.leave("volumes")
    residual = Residual(new_key(desk.store.agent_id), "volumes", volume.id, "i-2", "acme", "north")
    await desk.store.residuals.note([replace(residual, ordered_at=desk.clock.wall())], desk.clock.wall())
    desk.cloud.leftovers[volume.id] = replace(volume, **changes)
    return volume


@pytest.mark.parametrize(
    ("changes", "action", "reason"),
    [
        ({}, Action.DELETE, "came with i-2, and outlived it"),
        ({"free": False}, Action.REPORT, "something uses it"),
        ({"created_at": None}, Action.REPORT, "nothing proves that it came with the instance"),
        ({"created_at": WALL - 7200.0}, Action.SETTLE, "was attached to i-2, and is not ours"),
        ({"marks": {MARK_AGENT: OTHER}}, Action.SETTLE, "was attached to i-2, and is not ours"),
    ],
)
async def test_what_was_noted_is_judged_by_what_it_is_now(
    desk: Desk, changes: dict[str, Any], action: Action, reason: str
) -> None:
    """Deleted only if it is no older than the order, free, and nobody else's; what is not ours is crossed out."""
    volume = await _noted(desk, **changes)
    (item,) = (await desk.sweeper().plan()).items
    assert item.action is action
    assert reason in item.reason
    await desk.sweeper().sweep()
    assert (volume.id in desk.cloud.leftovers) is (action is not Action.DELETE)
    assert (await desk.store.residuals.left() == []) is (action is not Action.REPORT)


async def test_what_was_noted_is_looked_at_again_before_it_is_deleted(desk: Desk) -> None:
    """Between the plan and its end somebody may have marked it."""
    volume = await _noted(desk)
    plan = await desk.sweeper().plan()
    desk.cloud.leftovers[volume.id] = replace(volume, marks={MARK_AGENT: OTHER})
    assert (await desk.sweeper().carry_out(plan)).count(Result.CHANGED) == 1
    assert desk.cloud.cleared == []


async def test_what_was_noted_and_is_not_shown_is_crossed_out_when_it_must_show(desk: Desk) -> None:
    """A list may lag behind."""
    volume = await _noted(desk)
    desk.cloud.leftovers.clear()
    desk.cloud.delay = 30.0
    assert list((await desk.sweeper().plan()).items) == []
    await desk.clock.sleep(31.0)
    (item,) = (await desk.sweeper().plan()).items
    assert (item.action, item.instance_id) == (Action.SETTLE, volume.id)
    assert (await desk.sweeper().sweep()).ok
    assert await desk.store.residuals.left() == []


async def test_leftovers_are_swept_by_their_marks_and_strangers_told(desk: Desk) -> None:
    """In both directions: those of settled and of lost leases, expired; never those of others, marked or not."""
    await desk.store.ledger.intend(a_lease(new_key(desk.store.agent_id), state=LeaseState.VOID))
    settled = (await desk.only_lease()).key
    ours = {MARK_AGENT: desk.store.agent_id}
    over, later = str(int(WALL - 10)), str(int(WALL + 9999))
    unknown = new_key(desk.store.agent_id)
    stray = desk.cloud.leave("volumes", marks={**ours, MARK_LEASE: settled, MARK_EXPIRES: later})
    lost = desk.cloud.leave("volumes", marks={**ours, MARK_LEASE: unknown, MARK_EXPIRES: over})
    young = desk.cloud.leave("volumes", marks={**ours, MARK_LEASE: unknown, MARK_EXPIRES: later})
    foreign = desk.cloud.leave("volumes", marks={MARK_AGENT: OTHER, MARK_LEASE: new_key(OTHER), MARK_EXPIRES: over})
    lookalike = desk.cloud.leave("volumes", name=unknown)
    desk.cloud.leave("volumes", name="backup")
    plan = await desk.sweeper().plan()
    assert {item.instance_id: item.action for item in plan.items} == {
        stray.id: Action.DELETE,
        lost.id: Action.DELETE,
        young.id: Action.REPORT,
        foreign.id: Action.REPORT,
        lookalike.id: Action.REPORT,
    }
    assert {item.kind for item in plan.items} == {"volumes"}
    report = await desk.sweeper().carry_out(plan)
    assert report.count(Result.DELETED) == 2
    assert {stray.id, lost.id}.isdisjoint(desk.cloud.leftovers)
    assert len(desk.cloud.leftovers) == 4
    assert set(desk.cloud.cleared) == {stray.id, lost.id}


async def test_volumes_in_use_are_left_alone(desk: Desk) -> None:
    """A sweep while an instance is rented touches nothing of it."""
    rental = await desk.rent()
    report = await desk.sweeper().sweep()
    assert list(report.steps) == []
    assert len(desk.cloud.leftovers) == 1
    await rental.hand_over("done")


async def test_a_plan_that_is_out_of_date_deletes_nothing(desk: Desk) -> None:
    """Marks and leases are looked at again right before."""
    ours = {MARK_AGENT: desk.store.agent_id}
    unknown = new_key(desk.store.agent_id)
    lost = desk.cloud.leave("volumes", marks={**ours, MARK_LEASE: unknown, MARK_EXPIRES: str(int(WALL - 10))})
    plan = await desk.sweeper().plan()
    await desk.store.ledger.intend(a_lease(unknown))
    report = await desk.sweeper().carry_out(plan)
    assert report.count(Result.CHANGED) == 1
    assert lost.id in desk.cloud.leftovers


async def test_what_is_in_use_is_waited_for_and_never_asked_to_be_deleted(desk: Desk) -> None:
    """As long as the vendor file says that a volume may count as used; then it is a leak that is told."""
    await _given_back(desk)
    (volume,) = desk.cloud.leftovers.values()
    desk.cloud.leftovers[volume.id] = replace(volume, free=False)
    desk.cloud.lingering, began = 500.0, desk.clock.now()
    report = await desk.sweeper().sweep()
    assert desk.clock.now() - began >= 500.0
    assert "volumes-2 is not: something uses it" in report.steps[0].detail
    assert desk.cloud.cleared == []
    desk.cloud.leftovers[volume.id] = volume
    assert (await desk.sweeper().sweep()).ok
    assert desk.cloud.cleared == [volume.id]


async def test_a_stray_that_is_in_use_is_told_and_stays(desk: Desk) -> None:
    """Somebody attached it to another instance; also between the plan and its end."""
    marks = {MARK_AGENT: desk.store.agent_id, MARK_LEASE: new_key(desk.store.agent_id), MARK_EXPIRES: str(int(WALL))}
    stray = desk.cloud.leave("volumes", marks=marks)
    plan = await desk.sweeper().plan()
    desk.cloud.leftovers[stray.id] = replace(stray, free=False)
    assert (await desk.sweeper().carry_out(plan)).count(Result.CHANGED) == 1
    assert [item.action for item in (await desk.sweeper().plan()).items] == [Action.REPORT]
    assert desk.cloud.cleared == []


async def test_what_was_crossed_out_and_is_there_again_is_written_down_again(desk: Desk) -> None:
    """A list that forgot it for a moment must not be what keeps it from being given back."""
    volume = await _noted(desk)
    (noted,) = await desk.store.residuals.left()
    await desk.store.residuals.gone([noted], desk.clock.wall())
    assert await desk.store.residuals.left() == []
    later = desk.clock.wall() + 60.0
    await desk.store.residuals.note([noted], later)
    assert await desk.store.residuals.left() == [replace(noted, noted_at=later)]
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert desk.cloud.cleared == [volume.id]


async def test_what_was_noted_twice_is_judged_by_what_proves_most(desk: Desk) -> None:
    """It came with the one instance, and was attached to another, ordered long after: it is still ours."""
    volume = await _noted(desk)
    (first,) = await desk.store.residuals.left()
    await desk.clock.sleep(7200.0)
    later = replace(first, lease=new_key(desk.store.agent_id), instance_id="i-3", ordered_at=desk.clock.wall())
    await desk.store.residuals.note([later], desk.clock.wall())
    (item,) = (await desk.sweeper().plan()).items
    assert (item.action, len(item.noted)) == (Action.DELETE, 2)
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert desk.cloud.cleared == [volume.id]
    assert await desk.store.residuals.left() == []


async def test_what_was_noted_of_an_open_lease_goes_with_it(desk: Desk) -> None:
    """Also where an older version did not write down of which of its instances it was."""
    rental = await desk.rent()
    (volume,) = desk.cloud.leftovers
    noted = Residual(rental.lease.key, "volumes", volume, "", "acme", "north", ordered_at=desk.clock.wall())
    await desk.store.residuals.note([noted], desk.clock.wall())
    assert list((await desk.sweeper().plan()).items) == []
    await rental.hand_over("cut")
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert await desk.store.residuals.left() == []
