"""What one account does not know is not taken for gone from another, though the vendor entry kept its name."""

import pytest

from probe.model.instance import LeaseState
from probe.rental import Action, Result
from tests.fakes.cloud import FakeCloud
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
