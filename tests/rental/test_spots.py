"""What a vendor's reads know of its writes is counted beside the runs, at the price of one list a life."""

import asyncio
from collections.abc import Mapping

import pytest
from typing_extensions import override

from probe.cloud import View
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome
from probe.model.stopwatch import Stopwatch
from probe.rental import Renter
from probe.rental.spots import Read
from tests.fakes.cloud import FakeCloud, failure
from tests.rental.conftest import GUARDS, Desk

LIVES = 12


class CountingCloud(FakeCloud):
    """Counts lists, which may show what is gone."""

    lists = 0
    ghosts = False

    @override
    async def inventory(
        self, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[View]:
        self.lists += 1
        shown = await super().inventory(watch, marks, everything=everything)
        ghosts = [View(id=known, name="", state=InstanceState.READY) for known in self.deletes]
        return [*shown, *ghosts] if self.ghosts else shown


async def _live(desk: Desk, cloud: FakeCloud, *, spots: bool = True) -> None:
    renter = Renter(cloud, desk.store, GUARDS, None, desk.clock, desk.meter, spots=spots)
    for _ in range(LIVES):
        watch = desk.watch()
        rental = await renter.rent("lifecycle", "run", "small", "debian", watch)
        await rental.inspect(watch)
        await rental.inspect(watch)
        await rental.give_back(watch)
        await rental.confirm_gone(watch)
        await asyncio.sleep(0)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("spot")))


def _told(desk: Desk, read: Read) -> tuple[int, int]:
    return desk.meter.reads[read, True], desk.meter.reads[read, False]


async def test_a_vendor_that_knows_what_it_did(desk: Desk) -> None:
    """Each life is one first look and one list, after its create or after its end."""
    cloud = CountingCloud(desk.clock)
    await _live(desk, cloud)
    assert _told(desk, Read.GET_AFTER_CREATE) == (LIVES, 0)
    assert cloud.lists == LIVES
    lists = [_told(desk, read) for read in (Read.LIST_AFTER_CREATE, Read.LIST_AFTER_DELETE)]
    assert sum(good for good, _ in lists) + sum(bad for _, bad in lists) == LIVES
    assert _told(desk, Read.LIST_AFTER_DELETE)[1] == 0


async def test_a_list_that_lags_behind(desk: Desk) -> None:
    """What was just created is not in it."""
    await _live(desk, CountingCloud(desk.clock, list_delay=1e6))
    good, bad = _told(desk, Read.LIST_AFTER_CREATE)
    assert good == 0
    assert bad == LIVES - sum(_told(desk, Read.LIST_AFTER_DELETE))


async def test_a_list_with_ghosts(desk: Desk) -> None:
    """What is gone is still in it."""
    cloud = CountingCloud(desk.clock)
    cloud.ghosts = True
    await _live(desk, cloud)
    good, bad = _told(desk, Read.LIST_AFTER_DELETE)
    assert (good, bad) == (0, LIVES - sum(_told(desk, Read.LIST_AFTER_CREATE)))


async def test_a_first_look_that_finds_nothing(desk: Desk) -> None:
    """An identifier that the vendor gave a moment ago, and does not know."""
    cloud = CountingCloud(desk.clock)
    renter = Renter(cloud, desk.store, GUARDS, None, desk.clock, desk.meter)
    rental = await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
    shown = cloud.instances.pop(rental.instance_id)
    await rental.inspect(desk.watch())
    cloud.instances[rental.instance_id] = shown
    await rental.inspect(desk.watch())
    assert _told(desk, Read.GET_AFTER_CREATE) == (0, 1)


@pytest.mark.parametrize("spots", [True, False])
async def test_a_list_that_fails_or_is_not_wanted_tells_nothing(
    desk: Desk,
    spots: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """And disturbs nobody; a command that shows no metrics asks for none."""
    cloud = CountingCloud(desk.clock)
    cloud.faults.inventory = failure(Outcome.TIMEOUT)
    await _live(desk, cloud, spots=spots)
    assert cloud.lists == (LIVES if spots else 0)
    assert sum(count for (read, _), count in desk.meter.reads.items() if read != Read.GET_AFTER_CREATE) == 0
