"""What one account does not know is not taken for gone from another, though the vendor entry kept its name."""

from dataclasses import replace

import pytest
from typing_extensions import override

from probe.cloud import MARK_LEASE, Leftover
from probe.model.instance import LeaseState
from probe.model.outcome import Outcome
from probe.model.stopwatch import Stopwatch
from probe.rental import Action, Result
from probe.rental.marks import new_key
from probe.store import Residual
from tests.fakes.cloud import FakeCloud, failure
from tests.rental.conftest import BOTH, Desk

pytestmark = pytest.mark.parametrize("place", BOTH, indirect=True)


async def _left(desk: Desk, count: int = 1) -> None:
    """Instances that their runs have not given back."""
    for _ in range(count):
        await (await desk.rent()).hand_over("cut")


def _exchanged(desk: Desk) -> FakeCloud:
    """The same vendor entry with the credentials of somebody who has nothing."""
    other = FakeCloud(desk.clock)
    other.opens = "account-2"
    return other


async def test_not_found_elsewhere_proves_nothing(desk: Desk) -> None:
    """The lease stays open, a person is told what to do, and the old credentials are all that it takes."""
    await _left(desk)
    other = _exchanged(desk)
    await desk.clock.sleep(4000.0)
    report = await desk.sweeper(other).sweep()
    assert [step.result for step in report.steps] == [Result.REPORTED]
    assert "rented from another account than this vendor entry now opens" in report.steps[0].detail
    assert "probe sweep --same-account" in report.steps[0].detail
    assert (await desk.only_lease()).state is LeaseState.ACTIVE
    assert list(await desk.sweeper(other).owed()) == []
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert desk.cloud.instances == {}
    assert (await desk.only_lease()).state is LeaseState.GONE


async def test_what_shows_itself_proves_the_account(desk: Desk) -> None:
    """A new key of the same account: one instance with our marks is enough, for what is gone, too, and for later."""
    await _left(desk, 2)
    first = next(iter(desk.cloud.instances))
    del desk.cloud.instances[first]
    desk.cloud.opens = "account-1b"
    await desk.clock.sleep(4000.0)
    report = await desk.sweeper().sweep()
    assert (report.count(Result.DELETED), report.count(Result.SETTLED)) == (1, 1)
    assert list(await desk.store.ledger.open_leases()) == []


async def test_what_was_proven_is_remembered(desk: Desk) -> None:
    """The instance that proved it is gone at the next sweep; what had to wait then is not lost."""
    desk.cloud.delay = 5000.0
    await _left(desk, 2)
    first, second = desk.cloud.instances
    del desk.cloud.instances[first]
    desk.cloud.opens = "account-1b"
    report = await desk.sweeper().sweep()
    assert {step.result for step in report.steps} == {Result.DELETED, Result.WAITING}
    assert second not in desk.cloud.instances
    await desk.clock.sleep(6000.0)
    assert (await desk.sweeper().sweep()).count(Result.SETTLED) == 1


async def test_a_person_may_say_that_the_account_is_the_same(desk: Desk) -> None:
    """Then what the vendor does not know is gone; only said so, in a plan, it changes nothing."""
    await _left(desk)
    desk.cloud.instances.clear()
    desk.cloud.opens = "account-1b"
    await desk.clock.sleep(4000.0)
    assert [item.action for item in (await desk.sweeper().plan()).items] == [Action.REPORT]
    plan = await desk.sweeper().plan(same_account=True)
    assert [item.action for item in plan.items] == [Action.SETTLE]
    assert (await desk.only_lease()).account == "account-1"
    assert (await desk.sweeper().carry_out(plan)).count(Result.SETTLED) == 1
    assert (await desk.only_lease()).state is LeaseState.GONE


async def test_credentials_that_are_exchanged_in_the_middle_of_a_run_settle_nothing(desk: Desk) -> None:
    """A file of a secret is read again at each renewal."""
    watch = desk.watch()
    async with await desk.rent(watch) as rental:
        await rental.give_back(watch)
        desk.cloud.opens = "account-2"
        await rental.confirm_gone(watch)
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.DELETING, True)
    assert "another account" in lease.note


async def test_credentials_that_are_exchanged_between_a_plan_and_its_end_settle_nothing(desk: Desk) -> None:
    """The account is looked at again, like everything else."""
    await _left(desk)
    desk.cloud.instances.clear()
    await desk.clock.sleep(4000.0)
    plan = await desk.sweeper().plan()
    assert [item.action for item in plan.items] == [Action.SETTLE]
    desk.cloud.opens = "account-2"
    assert (await desk.sweeper().carry_out(plan)).count(Result.REPORTED) == 1
    assert (await desk.only_lease()).state is LeaseState.ACTIVE


async def test_leases_of_an_older_version_go_on_as_before(desk: Desk) -> None:
    """Nobody wrote down which account they are of."""
    desk.cloud.opens = ""
    await _left(desk)
    desk.cloud.instances.clear()
    desk.cloud.opens = "account-2"
    await desk.clock.sleep(4000.0)
    assert (await desk.sweeper().sweep()).count(Result.SETTLED) == 1


async def test_a_secret_that_cannot_be_read_for_a_moment_settles_nothing(desk: Desk) -> None:
    """Which account said so is then not known; it is still owed, and the next sweep goes on."""
    await _left(desk)
    desk.cloud.instances.clear()
    await desk.clock.sleep(4000.0)
    plan = await desk.sweeper().plan()
    desk.cloud.faults.account = failure(Outcome.DENIED, "file token: cannot be read")
    assert (await desk.sweeper().sweep()).failures == {"acme": "file token: cannot be read"}
    assert (await desk.sweeper().carry_out(plan)).count(Result.FAILED) == 1
    assert len(await desk.sweeper().owed()) == 1
    assert (await desk.only_lease()).state is LeaseState.ACTIVE
    desk.cloud.faults.account = None
    assert (await desk.sweeper().sweep()).count(Result.SETTLED) == 1


async def test_a_run_whose_account_cannot_be_told_leaves_the_lease_to_the_sweeper(desk: Desk) -> None:
    """It gave back what it could; the word of an account that nobody knows settles nothing."""
    watch = desk.watch()
    async with await desk.rent(watch) as rental:
        await rental.give_back(watch)
        desk.cloud.faults.account = failure(Outcome.DENIED, "file token: cannot be read")
        await rental.confirm_gone(watch)
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.DELETING, True)
    assert "file token: cannot be read" in lease.note


async def test_credentials_that_do_not_name_their_account_prove_nothing_of_another(desk: Desk) -> None:
    """A key was replaced by Amazon's own chain: which account that opens, nobody knows beforehand."""
    await _left(desk)
    desk.cloud.instances.clear()
    desk.cloud.opens = ""
    await desk.clock.sleep(4000.0)
    assert (await desk.sweeper().sweep()).count(Result.REPORTED) == 1
    plan = await desk.sweeper().plan(same_account=True)
    assert (await desk.sweeper().carry_out(plan)).count(Result.SETTLED) == 1


class Turncoat(FakeCloud):
    """A vendor whose credentials are exchanged right after it acknowledged a delete."""

    @override
    async def delete(self, instance_id: str, watch: Stopwatch) -> tuple[()]:
        del watch
        self.deletes.append(instance_id)
        self.opens = "account-2"
        self.instances.clear()  # this one knows nothing
        return ()


async def test_credentials_that_are_exchanged_in_the_middle_of_a_sweep_settle_nothing(desk: Desk) -> None:
    """The delete was acknowledged by the one account, and "not found" said by the other."""
    await _left(desk)
    turncoat = Turncoat(desk.clock, instances=dict(desk.cloud.instances))
    report = await desk.sweeper(turncoat).sweep()
    assert turncoat.deletes
    assert [step.result for step in report.steps] == [Result.FAILED]
    assert "another account" in report.steps[0].detail
    assert (await desk.only_lease()).state is LeaseState.DELETING


async def _noted_in(desk: Desk, account: str, one: str) -> Residual:
    """Something of that identifier was seen at an instance of ours that is gone by now."""
    residual = Residual(new_key(desk.store.agent_id), "volumes", one, "i-2", "acme", "north", account)
    residual = replace(residual, ordered_at=desk.clock.wall() - 60.0, noted_at=desk.clock.wall())
    await desk.store.residuals.note([residual], residual.noted_at)
    return residual


async def test_what_is_called_the_same_in_another_account_is_not_deleted(desk: Desk) -> None:
    """Some vendors call a disk what a person called it: this one is somebody else's, though it is new and unmarked."""
    desk.cloud.brings = ("volumes",)
    theirs = desk.cloud.leave("volumes")
    noted = await _noted_in(desk, "account-0", theirs.id)
    (item,) = (await desk.sweeper().plan()).items
    assert (item.action, "another account" in item.reason) == (Action.REPORT, True)
    await desk.sweeper().sweep()
    assert desk.cloud.cleared == []
    assert await desk.store.residuals.left() == [noted]


async def test_a_note_of_another_account_is_not_crossed_out_with_its_namesake(desk: Desk) -> None:
    """Each is judged by where it was noted; what carries the marks of its lease shows which of them it is."""
    desk.cloud.brings = ("volumes",)
    away = await _noted_in(desk, "account-0", "data")
    here = await _noted_in(desk, "account-1", "data")
    await desk.clock.sleep(60.0)
    actions = {item.noted: item.action for item in (await desk.sweeper().plan()).items}
    assert actions == {(away,): Action.REPORT, (here,): Action.SETTLE}
    await desk.sweeper().sweep()
    assert await desk.store.residuals.left() == [away]
    shown = _marked(desk, away)
    assert (await desk.sweeper().sweep()).count(Result.DELETED) == 1
    assert desk.cloud.cleared == [shown.id]
    assert await desk.store.residuals.left() == []


def _marked(desk: Desk, residual: Residual) -> Leftover:
    """The thing itself, which carries the marks of its lease."""
    marks = {"stability-probe": desk.store.agent_id, MARK_LEASE: residual.lease}
    volume = replace(desk.cloud.leave("volumes", marks=marks), id=residual.id)
    desk.cloud.leftovers = {volume.id: volume}
    return volume


async def test_a_plan_that_is_out_of_date_crosses_nothing_out(desk: Desk) -> None:
    """A person thought about it meanwhile: the credentials were exchanged, or the thing shows itself."""
    desk.cloud.brings = ("volumes",)
    noted = await _noted_in(desk, "account-1", "data")
    await desk.clock.sleep(60.0)
    plan = await desk.sweeper().plan()
    desk.cloud.opens = "account-2"
    assert (await desk.sweeper().carry_out(plan)).count(Result.REPORTED) == 1
    desk.cloud.opens = "account-1"
    volume = replace(desk.cloud.leave("volumes"), id="data")
    desk.cloud.leftovers = {"data": volume}
    assert (await desk.sweeper().carry_out(plan)).count(Result.WAITING) == 1
    assert await desk.store.residuals.left() == [noted]
