"""Nothing is rented while something leaks, does not go, or the vendor says that we may not; then one order tries."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, Created, Order, Verdict
from probe.model.clock import Clock
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.refusal import Cause
from probe.model.stopwatch import Stopwatch
from probe.rental import Renter, Result
from probe.rental.breaker import FIRST_PAUSE, LONGEST_PAUSE, STUCK, leaking
from probe.rental.marks import new_key
from probe.store import Store
from tests.fakes.cloud import FakeCloud, Faults, complaint, failure
from tests.rental.conftest import BOTH, GUARDS, Desk

RICH = replace(GUARDS, instances_at_once=99, per_day=99)


async def _refused(desk: Desk, renter: Renter | None = None) -> str:
    asked = len(desk.cloud.orders)
    with pytest.raises(RunSkipped) as skipped:
        await _rent(desk, renter)
    assert skipped.value.reason is Skip.BREAKER
    assert len(desk.cloud.orders) == asked
    return skipped.value.detail


async def _rent(desk: Desk, renter: Renter | None = None) -> None:
    watch = desk.watch()
    rental = await (renter or desk.renter(RICH)).rent("lifecycle", "run", "small", "debian", watch)
    await rental.give_back(watch)
    await rental.confirm_gone(watch)


async def _fails(desk: Desk, outcome: Outcome) -> None:
    with pytest.raises(ProbeFailed) as failed:
        await _rent(desk)
    assert failed.value.outcome is outcome


async def test_a_leak_stops_orders_until_it_is_gone(desk: Desk) -> None:
    """At its vendor; others go on."""
    rental = await desk.rent()
    await rental.give_back(desk.watch())
    await rental.mark_leaked("still there")
    assert await _refused(desk) == "an instance leaked at acme: nothing more is rented there until it is gone"
    assert desk.meter.breakers["acme", "north"] == {Cause.LEAKS}
    other = FakeCloud(desk.clock, name="other")
    await _rent(desk, desk.renter(RICH, cloud=other))
    await desk.sweeper().sweep()
    assert desk.meter.breakers["acme", "north"] == set()
    await _rent(desk)


@pytest.mark.parametrize("kind", ["instance", "volumes"])
async def test_a_leak_that_no_lease_is_open_for_stops_orders(desk: Desk, kind: str) -> None:
    """The ledger was lost, or crossed it out: it costs money all the same. It is counted once, and told each time."""
    key = new_key(desk.store.agent_id)
    over = str(int(desk.clock.wall() - 1))
    marks = {MARK_AGENT: desk.store.agent_id, MARK_LEASE: key, MARK_EXPIRES: over}
    if kind == "volumes":
        desk.cloud.brings = ("volumes",)
        desk.cloud.leave("volumes", marks=marks)
        desk.cloud.faults.delete_residual = complaint(Verdict.CONFLICT, 409, "locked")
    else:
        desk.cloud.put(name=key, marks=marks)
        desk.cloud.faults.delete_lies = True
    sweeper = desk.sweeper()
    for _ in range(3):
        assert (await sweeper.sweep()).count(Result.LEAKED) == 1
        assert "something leaked at acme that is no open lease's" in await _refused(desk)
    assert desk.meter.leaked["acme"] == 1
    assert desk.meter.breakers["acme", "north"] == {Cause.LEAKS}
    desk.cloud.faults = Faults()
    assert (await sweeper.sweep()).count(Result.DELETED) == 1
    desk.clock.pass_time(STUCK)
    await _rent(desk)
    assert await desk.store.breakers.all() == {}


async def test_a_leak_does_not_open_what_an_answer_has_shut(desk: Desk) -> None:
    """Who was told to wait for half an hour does not try after ten minutes."""
    for _ in range(6):
        desk.cloud.faults.create = complaint(Verdict.DENIED, 403)
        await _fails(desk, Outcome.DENIED)
        before = (await desk.store.breakers.all())["acme"]
        await desk.store.breakers.turn("acme", leaking("acme", desk.clock.wall(), "i-1: no"))
        assert (await desk.store.breakers.all())["acme"] == before
        desk.clock.pass_time(before.until - desk.clock.wall())


async def test_a_deletion_that_does_not_come_about_stops_orders(desk: Desk) -> None:
    """What was asked to go ten minutes ago and is there may be there for ever."""
    desk.cloud.going = 10_000.0
    rental = await desk.renter(RICH).rent("lifecycle", "run", "small", "debian", desk.watch())
    await rental.give_back(desk.watch())
    desk.cloud.going = 0.0
    await _rent(desk)
    desk.clock.pass_time(STUCK + 1)
    assert "was asked for 10m" in await _refused(desk)


@pytest.mark.parametrize(
    ("verdict", "outcome", "cause"),
    [(Verdict.DENIED, Outcome.DENIED, Cause.DENIED), (Verdict.QUOTA, Outcome.QUOTA, Cause.QUOTA)],
)
async def test_an_answer_that_says_no_opens_it(desk: Desk, verdict: Verdict, outcome: Outcome, cause: Cause) -> None:
    """The first one is a run that failed; those after it are skipped, longer and longer, and one tries each time."""
    desk.cloud.faults.create = complaint(verdict, 403, "you may not")
    pauses = []
    for _ in range(7):
        await _fails(desk, outcome)
        assert desk.meter.breakers["acme", "north"] == {cause}
        breaker = (await desk.store.breakers.all())["acme"]
        pauses.append(breaker.until - desk.clock.wall())
        assert f"acme answered {cause} (you may not): the next order may try in" in await _refused(desk)
        desk.clock.pass_time(pauses[-1])
    assert pauses == [60.0, 120.0, 240.0, 480.0, 960.0, LONGEST_PAUSE, LONGEST_PAUSE]
    desk.cloud.faults.create = None
    await _rent(desk)
    assert await desk.store.breakers.all() == {}
    assert desk.meter.breakers["acme", "north"] == set()
    await _rent(desk)


async def test_only_one_order_tries(desk: Desk) -> None:
    """Whoever comes while it is on its way is refused, and if it tells nothing, another may try a minute later."""
    desk.cloud.faults.create = complaint(Verdict.QUOTA, 403)
    await _fails(desk, Outcome.QUOTA)
    desk.clock.pass_time(FIRST_PAUSE)
    desk.cloud.faults.create = failure(Outcome.TIMEOUT)
    await _fails(desk, Outcome.TIMEOUT)
    await _refused(desk)
    desk.clock.pass_time(60.0)
    desk.cloud.faults.create = None
    await _rent(desk)


async def test_orders_that_are_refused_together_are_one_refusal(desk: Desk) -> None:
    """Four probes at one vendor whose key was withdrawn wait for a minute like one, and not for eight."""
    desk.cloud.faults.create = complaint(Verdict.DENIED, 403)
    crowd = (desk.renter(RICH).rent("lifecycle", "run", "small", "debian", desk.watch()) for _ in range(4))
    refused = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(one).__name__ for one in refused] == ["VendorComplaint"] * 4
    breaker = (await desk.store.breakers.all())["acme"]
    assert breaker.failures == 1
    assert breaker.until - desk.clock.wall() <= FIRST_PAUSE


class Slow(FakeCloud):
    """A vendor that answers a create when it is told to."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    @override
    async def create(self, order: Order, watch: Stopwatch) -> Created:
        self.asked.set()
        await self.answer.wait()
        return await super().create(order, watch)


async def test_an_order_of_before_does_not_close_what_a_later_one_opened(desk: Desk) -> None:
    """The last place of a quota: who got it is answered after who did not."""
    slow = Slow(desk.clock)
    renter = desk.renter(RICH, cloud=slow)
    early = asyncio.ensure_future(renter.rent("lifecycle", "run", "small", "debian", desk.watch()))
    await slow.asked.wait()
    desk.cloud.faults.create = complaint(Verdict.QUOTA, 403)
    await _fails(desk, Outcome.QUOTA)
    slow.answer.set()
    rental = await early
    assert (await desk.store.breakers.all())["acme"].failures == 1
    await rental.hand_over("done")


async def _try(renter: Renter, desk: Desk) -> str:
    """What became of an order, in a word."""
    try:
        return type(await renter.rent("lifecycle", "run", "small", "debian", desk.watch())).__name__
    except RunSkipped as skipped:
        return type(skipped).__name__


@pytest.mark.parametrize("place", BOTH, indirect=True)
async def test_of_two_that_try_at_the_same_moment_one_order_leaves(desk: Desk) -> None:
    """In one process, and in another that opened the same ledger: the turn is taken with the intent."""
    desk.cloud.faults.create = complaint(Verdict.DENIED, 403)
    await _fails(desk, Outcome.DENIED)
    desk.cloud.faults.create = None
    desk.cloud.faults.hold = asyncio.Event()  # who is let in has no answer before the others have asked
    desk.clock.pass_time(FIRST_PAUSE)
    asked = len(desk.cloud.orders)
    async with await desk.opened_again() as beside:
        renters = [desk.renter(RICH), desk.renter(RICH), Renter(desk.cloud, beside, RICH, None, desk.clock, desk.meter)]
        tries = [asyncio.create_task(_try(renter, desk)) for renter in renters]
        while sum(task.done() for task in tries) < 2:  # noqa: ASYNC110 - any two of them
            await asyncio.sleep(0.001)
        desk.cloud.faults.hold.set()
        assert sorted(await asyncio.gather(*tries)) == ["Rental", "RunSkipped", "RunSkipped"]
    assert len(desk.cloud.orders) == asked + 1
    assert await desk.store.breakers.all() == {}


async def test_it_survives_a_restart(desk: Desk, tmp_path: Path) -> None:
    """A restart is no reason to try a locked door again."""
    desk.cloud.faults.create = complaint(Verdict.DENIED, 403)
    await _fails(desk, Outcome.DENIED)
    async with await Store.open(tmp_path / "state") as store:
        await _refused(desk, Renter(desk.cloud, store, RICH, None, desk.clock, desk.meter))


async def test_a_clock_that_was_set_back_does_not_lock_it_for_ever(desk: Desk) -> None:
    """Who would have to wait for longer than the longest pause need not."""
    desk.cloud.faults.create = complaint(Verdict.DENIED, 403)
    await _fails(desk, Outcome.DENIED)
    desk.cloud.faults.create = None
    desk.clock.pass_time(-7 * 86_400.0)
    await _rent(desk)


@pytest.mark.parametrize("outcome", [Outcome.CAPACITY, Outcome.THROTTLED, Outcome.TIMEOUT, Outcome.MAINTENANCE])
async def test_what_the_vendor_is_to_blame_for_is_measured_on(desk: Desk, outcome: Outcome) -> None:
    """An outage must not stop its own measurement."""
    desk.cloud.faults.create = failure(outcome)
    await _fails(desk, outcome)
    desk.cloud.faults.create = None
    await _rent(desk)
