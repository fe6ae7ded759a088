"""What goes on at the vendor after it acknowledged an order or a deletion, as a rental sees it."""

import pytest

from probe.cloud import Handle, Progress, Verdict, is_ready, poll
from probe.cloud.file.steps import HandleCall
from probe.model.instance import InstanceState, LeaseState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from tests.fakes.cloud import complaint, failure
from tests.rental.conftest import Desk

CALL = HandleCall.model_validate({"get": "api:/w", "extract": {"w": "w"}, "done": ["done"]})
WORK = Handle(call=CALL, name="create_handle", values={})
GOING_ON = Progress(pending=(WORK,))
BAD = Progress(failure=complaint(Verdict.CAPACITY, 200, "it ended badly: no room"))


async def test_an_instance_is_pending_until_the_order_is_done(desk: Desk) -> None:
    """Whatever it shows: the vendor still works on it."""
    desk.cloud.faults.works = (WORK,)
    desk.cloud.faults.progress = [GOING_ON, GOING_ON, Progress()]
    rental = await desk.rent()
    states = [(await rental.inspect(desk.watch())) for _ in range(4)]
    assert [view.state for view in states if view is not None] == [InstanceState.PENDING] * 2 + [
        InstanceState.READY
    ] * 2


async def test_an_instance_that_is_not_shown_yet_is_pending_while_the_order_goes_on(desk: Desk) -> None:
    """Its absence means nothing before."""
    desk.cloud.faults.works = (WORK,)
    desk.cloud.faults.progress = [GOING_ON]
    rental = await desk.rent()
    desk.cloud.instances.clear()
    view = await rental.inspect(desk.watch())
    assert view is not None
    assert view.state is InstanceState.PENDING
    assert await rental.inspect(desk.watch()) is None


async def test_an_order_that_failed_at_the_vendor_decides_at_once(desk: Desk) -> None:
    """With the outcome that the error rules give it."""
    desk.cloud.faults.works = (WORK,)
    desk.cloud.faults.progress = [GOING_ON, BAD, BAD]
    rental = await desk.rent()
    watch = desk.watch()
    with pytest.raises(ProbeFailed, match="no room") as failed:
        await poll(lambda: rental.inspect(watch), is_ready, watch, desk.clock, desk.cloud.pace, 30.0)
    assert failed.value.outcome is Outcome.CAPACITY


async def test_a_deletion_that_failed_at_the_vendor_is_asked_for_again(desk: Desk) -> None:
    """It was acknowledged and not done: the second one is."""
    desk.cloud.faults.delete_works = (WORK,)
    desk.cloud.faults.progress = [GOING_ON, BAD]
    desk.cloud.faults.delete_lies = True
    rental = await desk.rent()
    await rental.give_back(desk.watch())
    desk.cloud.faults.delete_lies = False
    watch = desk.watch()
    await rental.confirm_gone(watch)
    assert desk.cloud.deletes == [rental.instance_id] * 2
    assert rental.lease.state is LeaseState.GONE
    assert watch.phases[Phase.GONE] > 0.0


async def test_what_follows_a_create_and_fails_leaves_nothing_behind(desk: Desk) -> None:
    """The run has failed in phase accept; the ledger knows the instance, and the sweeper may take it."""
    desk.cloud.faults.complete = failure(Outcome.VENDOR_ERROR, "no power")
    watch = desk.watch()
    with pytest.raises(ProbeFailed, match="no power"):
        await desk.renter().rent("lifecycle", "run-1", "small", "debian", watch)
    (lease,) = await desk.store.ledger.open_leases()
    assert lease.instance_id in desk.cloud.instances
    assert lease.handed_over
    assert watch.where is Phase.ACCEPT


async def test_the_sweeper_asks_again_for_a_deletion_that_failed(desk: Desk) -> None:
    """As a run does."""
    async with await desk.rent() as rental:
        desk.cloud.faults.delete_works = (WORK,)
        desk.cloud.faults.progress = [BAD]
        desk.cloud.going = 20.0
    report = await desk.sweeper().sweep()
    assert desk.cloud.deletes == [rental.instance_id] * 2
    assert report.ok
    assert not desk.cloud.instances
