"""What the meter is told of what we own, and of what came with it."""

import pytest

from probe.cloud import Verdict
from probe.model.refusal import Cause
from probe.rental.census import take_census
from probe.store import Residual
from tests.fakes.cloud import complaint
from tests.fakes.leases import WALL
from tests.rental.conftest import Desk

PLACE = ("acme", "north")


async def test_what_may_come_along_is_told_from_the_first_sweep_on(desk: Desk) -> None:
    """A series that begins when something is left was not there to be compared with; without residuals none is told."""
    await desk.sweeper().sweep()
    assert desk.meter.kinds[PLACE] == ()
    desk.cloud.brings = ("addresses", "volumes")
    await desk.sweeper().sweep()
    assert desk.meter.kinds[PLACE] == ("addresses", "volumes")


@pytest.mark.parametrize("told", [True, False], ids=["attached", "found by its marks"])
async def test_what_came_along_counts_until_it_is_known_to_be_gone(desk: Desk, *, told: bool) -> None:
    """Whether the vendor says what is attached, or it is found when the instance is gone."""
    desk.cloud.brings = ("volumes",)
    watch = desk.watch()
    rental = await desk.rent(watch)
    if told:
        await rental.inspect(watch)
    await rental.give_back(watch)
    await rental.hand_over("its run was cut when the instance was gone")
    key = rental.lease.key
    assert desk.meter.noted[PLACE] == {key: {"volumes": 1} if told else {}}
    desk.cloud.faults.delete_residual = complaint(Verdict.VENDOR_ERROR, 500, "out of order")
    await desk.sweeper().sweep()
    assert desk.meter.noted[PLACE] == {key: {"volumes": 1} if told else {}}
    assert desk.meter.seen[key] == {"volumes": 1}
    desk.cloud.faults.delete_residual = None
    await desk.sweeper().sweep()
    assert desk.meter.noted[PLACE] == {}
    assert desk.meter.seen[key] == {}


async def test_what_came_along_elsewhere_is_not_counted_here(desk: Desk) -> None:
    """Each vendor and region has its own; what no lease is known for counts, too."""
    noted = [
        Residual("", "volumes", "v-1", vendor="acme", region="north"),
        Residual("", "volumes", "v-2", vendor="acme", region="south"),
        Residual("", "volumes", "v-3", vendor="other", region="north"),
        Residual("", "nics", "n-1", vendor="acme", region="north"),
    ]
    await desk.store.residuals.note(noted, WALL)
    await take_census(desk.store, desk.meter, desk.clock, *PLACE, kinds=["disks"])
    assert desk.meter.noted[PLACE] == {"": {"volumes": 1, "nics": 1}}
    assert desk.meter.kinds[PLACE] == ("disks",)


async def test_why_nothing_is_rented_is_told_as_of_the_moment_at_which_it_is_asked(desk: Desk) -> None:
    """A page shows it later than the ledger was asked: a deletion gets stuck meanwhile, in the breaker's own words."""
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.give_back(watch)
    standing = desk.meter.standings[PLACE]
    asked = desk.clock.wall()
    assert [lease.key for lease in standing.leases] == [rental.lease.key]
    assert standing.stops(asked + 500) == []
    (stop,) = standing.stops(asked + 660)
    assert (stop.cause, stop.forbids) == (Cause.DELETES, True)
    assert "a deletion at acme was asked for 11m ago" in stop.detail
    assert "nothing more is rented there" in stop.detail
