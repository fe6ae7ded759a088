"""What may be spent in a day is asked before every order, upwards: a whole lease, whole units of the vendor's."""

from dataclasses import replace
from pathlib import Path

import pytest

from probe.model.money import charge, told
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.rental import Prices, Renter, TotalGuards
from probe.store import Store
from tests.fakes.cloud import FakeCloud, failure
from tests.rental.conftest import GUARDS, Desk

CENT = 10_000
EUROS = Prices(currency="EUR", per_hour={"small": 10 * CENT}, rounds_up_to=3600.0)
RICH = replace(GUARDS, instances_at_once=99, per_day=99)


def _renter(desk: Desk, limit: int | None, total: int | None = None, cloud: FakeCloud | None = None) -> Renter:
    guards, whole = replace(RICH, spend_per_day=limit), TotalGuards(spend_per_day=total)
    return Renter(cloud or desk.cloud, desk.store, guards, whole, desk.clock, desk.meter, EUROS)


async def _once(desk: Desk, renter: Renter, seconds: float = 0.0) -> None:
    watch = desk.watch()
    rental = await renter.rent("lifecycle", "run", "small", "debian", watch)
    desk.clock.pass_time(seconds)
    await rental.give_back(watch)
    await rental.confirm_gone(watch)


@pytest.mark.parametrize(
    ("seconds", "rounds_up_to", "amount"),
    [(0, 3600, 100), (1, 3600, 100), (3600, 3600, 100), (3601, 3600, 200), (90, 1, 3), (36, 1, 1), (35, 60, 2)],
)
def test_vendors_charge_whole_units(seconds: float, rounds_up_to: float, amount: int) -> None:
    """At least one, and what is left of a millionth is a millionth."""
    assert charge(100, rounds_up_to, seconds) == amount


def test_money_is_told_with_the_digits_it_needs() -> None:
    """Two, and four where two would tell nothing."""
    assert [told(amount, "EUR") for amount in (0, 5_000_000, 6_000)] == ["0.00 EUR", "5.00 EUR", "0.0060 EUR"]


async def test_a_day_is_spent_and_begins_again(desk: Desk) -> None:
    """Three leases of 10 cents fit into 30; the fourth is skipped (budget), and the next day it is not."""
    renter = _renter(desk, 30 * CENT)
    for _ in range(3):
        await _once(desk, renter)
    with pytest.raises(RunSkipped) as skipped:
        await _once(desk, renter)
    assert skipped.value.reason is Skip.BUDGET
    assert skipped.value.detail == (
        "0.30 EUR were spent within the day at acme, and another lease costs up to 0.10 EUR;"
        " guards.spend_per_day allows 0.30 EUR"
    )
    desk.clock.pass_time(86_500.0)
    await _once(desk, renter)


async def test_what_is_open_counts_as_long_as_it_may_last(desk: Desk) -> None:
    """A lease of 30 minutes is charged as an hour at its order, and more when it is older than that."""
    renter = _renter(desk, 50 * CENT)
    await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
    lease = await desk.only_lease()
    assert (lease.price, lease.cost, lease.currency, lease.size) == (10 * CENT, 10 * CENT, "EUR", "small")
    desk.clock.pass_time(4.5 * 3600.0)
    with pytest.raises(RunSkipped, match=r"0\.50 EUR were spent"):
        await _once(desk, renter)
    desk.clock.pass_time(10 * 86_400.0)
    held = await desk.store.ledger.holdings("acme", desk.clock.wall())
    assert held.spent == 240 * CENT  # of ten days only the last one is spent within a day


async def test_what_it_took_is_what_it_cost(desk: Desk) -> None:
    """At its end a lease costs what it took, and one that was never made nothing; the counter knows it."""
    renter = _renter(desk, None)
    await _once(desk, renter, seconds=2 * 3600.0)
    assert (await desk.only_lease()).cost == 30 * CENT
    assert desk.meter.costs["acme", "EUR"] == pytest.approx(0.30)
    desk.cloud.faults.create = failure(Outcome.REFUSED)
    with pytest.raises(ProbeFailed):
        await _once(desk, renter)
    newest = (await desk.store.ledger.all(1))[0]
    assert newest.cost == 0
    assert desk.meter.costs["acme", "EUR"] == pytest.approx(0.30)


async def test_the_total_adds_the_vendors_up(desk: Desk) -> None:
    """What is spent at one vendor is spent for all, and only there."""
    other = FakeCloud(desk.clock, name="other")
    await _once(desk, _renter(desk, None))
    with pytest.raises(RunSkipped, match=r"in all, .* guards.total.spend_per_day allows 0.15 EUR"):
        await _once(desk, _renter(desk, None, 15 * CENT, cloud=other))
    await _once(desk, _renter(desk, 15 * CENT, cloud=other))


async def test_what_was_spent_survives_a_restart(desk: Desk, tmp_path: Path) -> None:
    """It is in the ledger."""
    await _once(desk, _renter(desk, 10 * CENT))
    async with await Store.open(tmp_path / "state") as store:
        renter = _renter(replace(desk, store=store), 10 * CENT)
        with pytest.raises(RunSkipped, match="were spent"):
            await _once(desk, renter)


async def test_what_has_no_price_costs_nothing_that_we_know(desk: Desk) -> None:
    """And is told as such: no price, no cost."""
    renter = Renter(desk.cloud, desk.store, replace(RICH, spend_per_day=1), None, desk.clock, desk.meter)
    await _once(desk, renter)
    assert (await desk.only_lease()).price == 0
    assert desk.meter.costs == {}
