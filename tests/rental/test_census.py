"""What the meter is told of what we own, and of what came with it."""

from probe.cloud import Verdict
from probe.model.refusal import Cause
from probe.rental.census import take_census
from probe.store import Residual
from tests.fakes.cloud import complaint
from tests.fakes.leases import WALL
from tests.rental.conftest import Desk

PLACE = ("acme", "north")


async def test_what_may_come_along_is_told_at_zero_from_the_first_sweep_on(desk: Desk) -> None:
    """A series that begins when something is left was not there to be compared with; without residuals none is told."""
    await desk.sweeper().sweep()
    assert desk.meter.left[PLACE] == {}
    desk.cloud.brings = ("addresses", "volumes")
    await desk.sweeper().sweep()
    assert desk.meter.left[PLACE] == {"addresses": 0, "volumes": 0}


async def test_what_came_along_counts_until_it_is_known_to_be_gone(desk: Desk) -> None:
    """From the run's own end on, by kind; the sweep that finds it gone tells so."""
    desk.cloud.brings = ("volumes",)
    watch = desk.watch()
    rental = await desk.rent(watch)
    await rental.inspect(watch)
    await rental.give_back(watch)
    await rental.hand_over("its run was cut when the instance was gone")
    assert desk.meter.left[PLACE] == {"volumes": 1}
    desk.cloud.faults.delete_residual = complaint(Verdict.VENDOR_ERROR, 500, "out of order")
    await desk.sweeper().sweep()
    assert desk.meter.left[PLACE] == {"volumes": 1}
    (belonging,) = desk.meter.standings[PLACE].belongings
    assert (belonging.kind, belonging.id) == ("volumes", "volumes-2")
    desk.cloud.faults.delete_residual = None
    await desk.sweeper().sweep()
    assert desk.meter.left[PLACE] == {"volumes": 0}
    assert desk.meter.standings[PLACE].belongings == []


async def test_what_came_along_elsewhere_is_not_counted_here(desk: Desk) -> None:
    """Each vendor and region has its own; what no lease is known for counts, too."""
    noted = [
        Residual("", "volumes", "v-1", vendor="acme", region="north"),
        Residual("", "volumes", "v-2", vendor="acme", region="south"),
        Residual("", "volumes", "v-3", vendor="other", region="north"),
        Residual("", "nics", "n-1", vendor="acme", region="north"),
    ]
    await desk.store.residuals.note(noted, WALL)
    await take_census(desk.store, desk.meter, desk.clock, *PLACE, kinds=["volumes", "disks"])
    assert desk.meter.left[PLACE] == {"volumes": 1, "nics": 1, "disks": 0}


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
