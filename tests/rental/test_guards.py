"""Guards are asked before every intent, hold across vendors and processes, and are never the vendor's fault."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.rental import Guards, Renter, TotalGuards
from probe.store import Store
from tests.fakes.cloud import FakeCloud, failure
from tests.rental.conftest import GUARDS, Desk


async def _skipped(desk: Desk, renter: Renter, reason: Skip = Skip.QUOTA) -> str:
    with pytest.raises(RunSkipped) as skipped:
        await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
    assert skipped.value.reason is reason
    return skipped.value.detail


async def test_instances_at_once(desk: Desk) -> None:
    """An instance that is held takes a place; one that is gone gives it back."""
    renter = desk.renter(replace(GUARDS, instances_at_once=1))
    watch = desk.watch()
    rental = await renter.rent("lifecycle", "run", "small", "debian", watch)
    assert await _skipped(desk, renter) == "1 instances are held at acme, guards.instances_at_once allows 1"
    await rental.give_back(watch)
    assert await _skipped(desk, renter)
    await rental.confirm_gone(watch)
    await renter.rent("lifecycle", "run", "small", "debian", watch)


@pytest.mark.parametrize("lost", [Outcome.TIMEOUT, Outcome.BROKEN])
async def test_what_was_handed_over_takes_a_place(desk: Desk, lost: Outcome) -> None:
    """An intent whose answer was lost may cost money, so it counts until the sweeper has settled it."""
    renter = desk.renter(replace(GUARDS, instances_at_once=1))
    desk.cloud.faults.lose_answer = failure(lost)
    with pytest.raises(ProbeFailed):
        await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
    desk.cloud.faults.lose_answer = None
    await _skipped(desk, renter)
    await desk.sweeper().sweep()
    await renter.rent("lifecycle", "run", "small", "debian", desk.watch())


@pytest.mark.parametrize(
    ("guards", "window", "sentence"),
    [
        (
            replace(GUARDS, per_hour=2),
            3600.0,
            "2 instances were ordered within the hour at acme, guards.per_hour allows 2",
        ),
        (
            replace(GUARDS, per_day=2),
            86400.0,
            "2 instances were ordered within the day at acme, guards.per_day allows 2",
        ),
    ],
)
async def test_orders_in_a_window(desk: Desk, guards: Guards, window: float, sentence: str) -> None:
    """Orders count for a rolling hour or day, whatever became of them."""
    renter = desk.renter(guards)
    for _ in range(2):
        watch = desk.watch()
        rental = await renter.rent("lifecycle", "run", "small", "debian", watch)
        await rental.give_back(watch)
        await rental.confirm_gone(watch)
    assert await _skipped(desk, renter) == sentence
    desk.clock.pass_time(window)
    await renter.rent("lifecycle", "run", "small", "debian", desk.watch())


async def test_the_total_holds_across_vendors(desk: Desk) -> None:
    """What is held at one vendor counts at the other where the total is concerned, and only there."""
    total = TotalGuards(instances_at_once=1)
    other = FakeCloud(desk.clock, name="other")
    await desk.renter().rent("lifecycle", "run", "small", "debian", desk.watch())
    there = desk.renter(total=total, cloud=other)
    assert await _skipped(desk, there) == "1 instances are held in all, guards.total.instances_at_once allows 1"
    await desk.renter(cloud=other).rent("lifecycle", "run", "small", "debian", desk.watch())


async def test_runs_at_the_same_time_do_not_pass_together(desk: Desk) -> None:
    """Ten runs that ask in the same turn of the loop find room for two."""
    renter = desk.renter(replace(GUARDS, instances_at_once=2))
    runs = (renter.rent("lifecycle", str(number), "small", "debian", desk.watch()) for number in range(10))
    results = await asyncio.gather(*runs, return_exceptions=True)
    assert sum(isinstance(result, RunSkipped) for result in results) == 8
    assert len(desk.cloud.instances) == 2


async def test_guards_survive_a_restart(desk: Desk, tmp_path: Path) -> None:
    """What was ordered before is counted by the next process, too."""
    await desk.rent()
    async with await Store.open(tmp_path / "state") as store:
        renter = Renter(desk.cloud, store, replace(GUARDS, instances_at_once=1), None, desk.clock, desk.meter)
        await _skipped(desk, renter)


async def test_a_refusal_is_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """When it begins and when it is over, not at each slot that is skipped."""
    caplog.set_level("INFO", "probe.rental")
    renter = desk.renter(replace(GUARDS, per_hour=1))
    await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
    for _ in range(3):
        await _skipped(desk, renter)
    desk.clock.pass_time(3600.0)
    await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
    told = [record.getMessage() for record in caplog.records if record.name == "probe.rental.renter"]
    assert told == [
        "acme is not rented from (quota): 1 instances were ordered within the hour at acme, guards.per_hour allows 1",
        "acme is rented from again",
    ]


async def test_a_refusal_asks_nothing_of_the_vendor(desk: Desk) -> None:
    """A guard that says no costs no call and leaves no phase."""
    watch = desk.watch()
    with pytest.raises(RunSkipped):
        await desk.renter(replace(GUARDS, per_day=0)).rent("lifecycle", "run", "small", "debian", watch)
    assert watch.phases == {}
    assert desk.cloud.orders == []
    assert await desk.store.ledger.all(1) == []
