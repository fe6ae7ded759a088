"""Nothing is ordered that was not written down, nothing is ordered twice, and nothing that was ordered is forgotten."""

import asyncio
import logging
import re
import sqlite3

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, MARK_RUN, Created, Verdict, View
from probe.model.instance import LeaseState
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import Milestone, Phase
from probe.model.stopwatch import Fact
from probe.rental.rental import ended_by
from probe.rental.steps import never_created
from probe.store import StoreFailed
from tests.fakes.cloud import complaint, failure
from tests.fakes.leases import a_lease
from tests.rental.conftest import Desk


async def test_a_rental_from_intent_to_gone(desk: Desk) -> None:
    """The lease goes through its states as the vendor answers, and is settled only when the vendor says gone."""
    watch = desk.watch()
    desk.cloud.going = 5.0
    async with await desk.rent(watch) as rental:
        assert (await desk.only_lease()).state is LeaseState.ACTIVE
        await rental.give_back(watch)
        assert (await desk.only_lease()).state is LeaseState.DELETING
        await rental.confirm_gone(watch)
    lease = await desk.only_lease()
    assert lease.state is LeaseState.GONE
    assert lease.settled_at is not None
    assert not lease.handed_over
    assert desk.cloud.instances == {}
    assert desk.meter.created == desk.meter.deleted == {"acme": 1}


async def test_the_phases_of_a_rental(desk: Desk) -> None:
    """Accept is the create call alone, delete is the delete call, gone is polled and says how sharply."""
    watch = desk.watch()
    desk.cloud.going = 5.0
    rental = await desk.rent(watch)
    await rental.give_back(watch)
    await rental.confirm_gone(watch)
    assert watch.phases[Phase.ACCEPT] == pytest.approx(0.25)
    assert watch.milestones[Milestone.ACCEPTED] == pytest.approx(0.25)
    assert rental.accepted - rental.ordered == pytest.approx(0.25)
    assert watch.phases[Phase.DELETE] == pytest.approx(0.1)
    assert watch.phases[Phase.GONE] == pytest.approx(4.9, abs=watch.resolution[Phase.GONE] + 0.01)
    assert watch.milestones[Milestone.GONE] == pytest.approx(5.0, abs=watch.resolution[Phase.GONE] + 0.01)
    assert watch.facts[Fact.INSTANCE] == rental.instance_id
    assert watch.facts[Fact.REQUEST_ID] == f"req-{rental.instance_id}"


async def test_the_intent_is_durable_before_the_create_call(desk: Desk) -> None:
    """When the create call arrives at the vendor, the lease is in the ledger already."""
    held: list[LeaseState] = []
    create = desk.cloud.create

    class Spy(type(desk.cloud)):  # type: ignore[misc]  # a fake of a fake, for this one question
        async def create(self, order: object, watch: object) -> Created:
            held.extend(lease.state for lease in await desk.store.ledger.open_leases())
            return await create(order, watch)  # type: ignore[arg-type]  # handed on as it came

    spy = Spy(desk.clock)
    await desk.renter(cloud=spy).rent("lifecycle", "run-1", "small", "debian", desk.watch())
    assert held == [LeaseState.INTENDED]


async def test_everything_rented_carries_our_marks(desk: Desk) -> None:
    """Name, agent, run, lease and expiry are on the instance, and tell the same as the ledger."""
    await desk.rent()
    lease, (order,) = await desk.only_lease(), desk.cloud.orders
    assert order.name == lease.key == order.token
    assert re.fullmatch(f"probe-{desk.store.agent_id[:8]}-[0-9a-f]{{12}}", order.name)
    assert order.marks == {
        MARK_AGENT: desk.store.agent_id,
        MARK_RUN: "run-1",
        MARK_LEASE: lease.key,
        MARK_EXPIRES: str(int(lease.expires_at)),
    }
    assert (order.size, order.image) == ("size-small", "image-debian")
    assert lease.owner == desk.store.owner
    assert lease.expires_at == lease.intended_at + 1800.0


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (complaint(Verdict.DENIED, 403), LeaseState.VOID),
        (complaint(Verdict.QUOTA, 403), LeaseState.VOID),
        (complaint(Verdict.THROTTLED, 429), LeaseState.VOID),
        (complaint(Verdict.INVALID, 400), LeaseState.VOID),
        (failure(Outcome.UNRESOLVED), LeaseState.VOID),
        (failure(Outcome.REFUSED), LeaseState.VOID),
        (failure(Outcome.UNTRUSTED), LeaseState.VOID),
        (complaint(Verdict.CONFLICT, 409), LeaseState.INTENDED),
        (complaint(Verdict.CONFLICT, 422), LeaseState.INTENDED),
        (complaint(Verdict.INVALID, 408), LeaseState.INTENDED),
        (complaint(Verdict.VENDOR_ERROR, 500), LeaseState.INTENDED),
        (complaint(Verdict.CAPACITY, 503), LeaseState.INTENDED),
        (complaint(Verdict.VENDOR_ERROR, 200), LeaseState.INTENDED),
        (failure(Outcome.TIMEOUT), LeaseState.INTENDED),
        (failure(Outcome.BROKEN), LeaseState.INTENDED),
    ],
)
async def test_what_a_failed_create_leaves(desk: Desk, error: ProbeFailed, state: LeaseState) -> None:
    """A create that the vendor certainly refused, or that never left, is void; any other is handed over."""
    desk.cloud.faults.create = error
    with pytest.raises(ProbeFailed) as failed:
        await desk.rent()
    assert failed.value is error
    lease = await desk.only_lease()
    assert lease.state is state
    assert lease.handed_over is (state is LeaseState.INTENDED)
    assert len(desk.cloud.orders) == 1
    assert desk.meter.created == {}


async def test_a_bug_while_ordering_hands_the_intent_over(desk: Desk) -> None:
    """Whatever goes wrong between the intent and the answer, the intent is not forgotten."""
    desk.cloud.orders = None  # type: ignore[assignment]  # any bug will do
    with pytest.raises(AttributeError):
        await desk.rent()
    assert (await desk.only_lease()).handed_over


@pytest.mark.parametrize("turns", range(40))
async def test_a_run_that_is_cancelled_anywhere_leaves_nothing_unwritten(desk: Desk, turns: int) -> None:
    """Cancelled at any turn of the loop: whatever exists at the vendor is in the ledger, and in the sweeper's hands."""

    async def run() -> None:
        watch = desk.watch()
        async with await desk.rent(watch) as rental:
            await rental.give_back(watch)
            await rental.confirm_gone(watch)

    task = asyncio.create_task(run())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    leases = await desk.store.ledger.all(10)
    assert len(leases) >= len(desk.cloud.orders)
    assert all(lease.state.settled or lease.handed_over for lease in leases)
    desk.clock.pass_time(10)
    report = await desk.sweeper().sweep()
    assert report.ok
    assert desk.cloud.instances == {}
    assert await desk.store.ledger.open_leases() == []


async def test_handing_over_is_not_cut_short(desk: Desk) -> None:
    """A second cancellation while the lease is handed over waits for the disk."""
    rental = await desk.rent()
    task = asyncio.create_task(rental.hand_over("because"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    lease = await desk.only_lease()
    assert (lease.handed_over, lease.handed_over_at, lease.note) == (True, desk.clock.wall(), "because")


async def test_a_create_that_hangs_is_handed_over_at_the_deadline(desk: Desk) -> None:
    """The runner's deadline cuts the create; the instance that nobody heard of is found by its marks and deleted."""
    desk.cloud.faults.hang_create = True
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await desk.rent()
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over, lease.instance_id) == (LeaseState.INTENDED, True, "")
    assert len(desk.cloud.instances) == 1
    await desk.sweeper().sweep()
    assert desk.cloud.instances == {}
    assert (await desk.only_lease()).state is LeaseState.GONE
    assert len(desk.cloud.orders) == 1


async def test_a_block_that_fails_hands_over(desk: Desk) -> None:
    """A rental whose block ends otherwise than by gone is the sweeper's, with the reason."""
    with pytest.raises(ProbeFailed):
        async with await desk.rent():
            raise failure(Outcome.VENDOR_ERROR, "the instance failed")
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.ACTIVE, True)
    assert "the instance failed" in lease.note


async def test_a_delete_is_asked_for_again_until_it_is_acknowledged(desk: Desk) -> None:
    """Conflicts, server errors and a broken network pass; meanwhile a deadline means the last failure."""
    desk.cloud.faults.delete = [
        complaint(Verdict.CONFLICT, 409),
        complaint(Verdict.VENDOR_ERROR, 500),
        failure(Outcome.BROKEN),
    ]
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.give_back(watch)
    assert len(desk.cloud.deletes) == 4
    assert watch.phases[Phase.DELETE] == pytest.approx(4 * 0.1 + 1 + 2 + 4)
    assert watch.standing is None


async def test_the_last_failure_of_a_delete_stands_at_the_deadline(desk: Desk) -> None:
    """While its delete is not acknowledged, a run that is cut ends as the last attempt did."""
    desk.cloud.faults.delete = [complaint(Verdict.CONFLICT, 409)] * 10_000
    watch = desk.watch()
    rental = await desk.rent(watch)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await rental.give_back(watch)
    assert watch.standing is not None
    assert watch.standing.outcome is Outcome.VENDOR_ERROR
    assert watch.where is Phase.DELETE


async def test_a_delete_that_is_denied_is_not_asked_for_again(desk: Desk) -> None:
    """What does not pass by itself ends the run at once; the lease is handed over."""
    desk.cloud.faults.delete = [complaint(Verdict.DENIED, 403)]
    watch = desk.watch()
    with pytest.raises(ProbeFailed) as failed:
        async with await desk.rent(watch) as rental:
            await rental.give_back(watch)
    assert failed.value.outcome is Outcome.DENIED
    assert desk.cloud.deletes == [rental.instance_id]
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over) == (LeaseState.DELETING, True)


async def test_what_is_not_gone_in_time_is_marked_leaked_once(desk: Desk) -> None:
    """A leak is written down, counted once, and in the sweeper's hands."""
    desk.cloud.faults.delete_lies = True
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.give_back(watch)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await rental.confirm_gone(watch)
    assert watch.standing is None
    await rental.mark_leaked("still there")
    await rental.mark_leaked("still there")
    lease = await desk.only_lease()
    assert (lease.state, lease.handed_over, lease.note) == (LeaseState.LEAKED, True, "still there")
    assert desk.meter.leaked == {"acme": 1}


async def test_a_ledger_that_cannot_be_written_refuses_to_rent(desk: Desk) -> None:
    """Without a ledger nothing is ordered: the run is skipped, by the breaker."""
    (desk.store.path / "ledger.sqlite3").unlink()
    with pytest.raises(RunSkipped) as skipped:
        await desk.rent()
    assert skipped.value.reason is Skip.BREAKER
    assert "removed or replaced" in skipped.value.detail
    assert desk.cloud.orders == []


async def test_a_disk_that_fails_while_renting_keeps_nobody_from_giving_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """With the ledger lost in mid-run, the instance is deleted all the same, and every failed write is told."""
    watch = desk.watch()
    async with await desk.rent(watch) as rental:
        (desk.store.path / "ledger.sqlite3").unlink()
        await rental.give_back(watch)
        await rental.confirm_gone(watch)
    assert desk.cloud.instances == {}
    assert rental.lease.state is LeaseState.GONE
    assert [record.levelno for record in caplog.records if record.name == "probe.rental.rental"] == [logging.ERROR] * 2


async def test_what_could_not_be_written_is_written_with_the_next_step(desk: Desk) -> None:
    """Steps that the disk did not take are made up for in their order."""
    watch = desk.watch()
    rental = await desk.rent(watch)
    path = desk.store.path / "ledger.sqlite3"
    path.rename(path.with_suffix(".away"))
    await rental.give_back(watch)
    path.with_suffix(".away").rename(path)
    assert (await desk.only_lease()).state is LeaseState.ACTIVE
    await rental.confirm_gone(watch)
    lease = await desk.only_lease()
    assert lease.state is LeaseState.GONE
    assert lease.delete_requested_at is not None


async def test_what_could_not_be_written_at_the_end_is_written_by_the_sweeper(desk: Desk) -> None:
    """There is no next step then: nobody must wait for the end of the lease, nor be told of a stuck deletion."""
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.give_back(watch)
    path = desk.store.path / "ledger.sqlite3"
    path.rename(path.with_suffix(".away"))
    await rental.confirm_gone(watch)
    with pytest.raises(StoreFailed):
        await desk.sweeper().sweep()
    path.with_suffix(".away").rename(path)
    assert (await desk.only_lease()).state is LeaseState.DELETING
    assert list((await desk.sweeper().sweep()).steps) == []
    assert (await desk.only_lease()).state is LeaseState.GONE


async def test_an_intent_that_was_written_by_a_server_that_died_over_it_is_crossed_out(desk: Desk) -> None:
    """It was never ordered: it must not be held against the guards until its lease is over."""

    def dies_over_it(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.connection.cursor().execute("COMMIT")
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("the server closed the connection"))

    event.listen(Engine, "commit", dies_over_it)
    try:
        with pytest.raises(RunSkipped, match="the server closed the connection"):
            await desk.rent()
    finally:
        event.remove(Engine, "commit", dies_over_it)
    assert (await desk.only_lease()).state is LeaseState.INTENDED
    assert list((await desk.sweeper().sweep()).steps) == []
    assert (await desk.only_lease()).state is LeaseState.VOID
    assert len(desk.cloud.orders) == 0


async def test_an_intent_that_was_not_written_is_nothing_to_cross_out(desk: Desk) -> None:
    """The sweep that would do so finds none, and goes on."""
    path = desk.store.path / "ledger.sqlite3"
    path.rename(path.with_suffix(".away"))
    lease = a_lease()
    desk.store.backlog.owe(lease.key, never_created(1.0, "never"))
    with pytest.raises(StoreFailed):
        await desk.sweeper().owed()
    path.with_suffix(".away").rename(path)
    assert list(await desk.sweeper().owed()) == []
    assert await desk.store.ledger.all(10) == []


async def test_each_create_and_delete_has_a_line_in_the_audit(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Vendor, region, lease, instance and the vendor's own request id, also for what failed."""
    desk.cloud.faults.delete = [complaint(Verdict.CONFLICT, 409, "busy")]
    watch = desk.watch()
    with caplog.at_level(logging.INFO, logger="probe.audit"):
        rental = await desk.rent(watch)
        await rental.give_back(watch)
    instance = rental.instance_id
    told = [(record.getMessage(), vars(record)) for record in caplog.records]
    subject = {"vendor": "acme", "region": "north", "lease": rental.lease.key, "instance": instance}
    assert all(subject.items() <= fields.items() for _, fields in told)
    assert [(action, fields["request_id"], fields["result"]) for action, fields in told] == [
        ("create", f"req-{instance}", "ok"),
        ("delete", "req-1", "busy"),
        ("delete", f"req-delete-{instance}", "ok"),
    ]


def test_an_error_is_told_in_its_own_words() -> None:
    """The name of a class says nothing to who reads the ledger, unless there is nothing else, or it is a bug."""
    assert ended_by(complaint(Verdict.DENIED, 401, "this key  opens nothing")).endswith("this key opens nothing")
    assert not ended_by(complaint(Verdict.DENIED, 401, "no")).startswith("VendorComplaint")
    assert ended_by(KeyError("x")) == "KeyError 'x'"
    assert ended_by(TimeoutError()) == "TimeoutError"
    assert ended_by(None) == "the run ended"


async def test_the_meter_knows_what_is_owned(desk: Desk) -> None:
    """After every step the census says what is active, deleting and leaked, and how old the oldest is."""
    watch = desk.watch()
    rental = await desk.rent(watch)
    census = desk.meter.owned["acme", "north"]
    assert (census.active, census.deleting, census.leaked) == (1, 0, 0)
    desk.clock.pass_time(100)
    await rental.give_back(watch)
    census = desk.meter.owned["acme", "north"]
    assert (census.active, census.deleting) == (0, 1)
    assert census.oldest == pytest.approx(100.25)
    await rental.confirm_gone(watch)
    census = desk.meter.owned["acme", "north"]
    assert (census.active, census.deleting, census.oldest) == (0, 0, 0.0)


async def test_inspect_is_asked_of_the_vendor(desk: Desk) -> None:
    """A rental looks at its own instance."""
    rental = await desk.rent()
    view = await rental.inspect(desk.watch())
    assert isinstance(view, View)
    assert view.id == rental.instance_id


async def test_retry_after_nothing_is_no_invitation_to_hammer(desk: Desk) -> None:
    """A vendor that wants to be asked again after 0 s is asked again after our own pause."""
    again = complaint(Verdict.THROTTLED, 429)
    again.retry_after = 0.0
    desk.cloud.faults.delete = [again] * 3
    async with await desk.rent() as rental:
        desk.clock.slept.clear()
        await rental.give_back(desk.watch())
        assert 0.0 not in desk.clock.slept
        await rental.settle()


async def test_a_run_that_is_cut_says_so_in_the_ledger(desk: Desk) -> None:
    """In words, not in the name of a Python class."""
    rented = asyncio.Event()

    async def run() -> None:
        async with await desk.rent():
            rented.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await rented.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await desk.only_lease()).note == "the run was cut short"
