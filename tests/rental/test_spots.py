"""What a vendor's reads know of its writes is counted beside the runs, at the price of one list a life."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from typing_extensions import override

from probe.cloud import View
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome
from probe.model.stopwatch import Stopwatch
from probe.rental import Rental, Renter
from probe.rental.spots import Read
from tests.fakes.cloud import FakeCloud, failure
from tests.rental.conftest import GUARDS, Desk

LIVES = 12


class CountingCloud(FakeCloud):
    """Counts lists, which may show what is gone."""

    lists = 0
    ghosts = False
    buried = float("inf")
    blind = False

    @override
    async def inventory(
        self, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[View]:
        self.lists += 1
        shown = await super().inventory(watch, marks, everything=everything)
        state = InstanceState.GONE if self._time.now() >= self.buried else InstanceState.READY
        ghosts = [View(id=known, name="", state=state) for known in self.deletes]
        return [] if self.blind else [*shown, *ghosts] if self.ghosts else shown


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


def _delays(desk: Desk, read: Read) -> list[tuple[float, float]]:
    return [(seconds, resolution) for one, seconds, resolution in desk.meter.delays if one == read]


async def _rent(desk: Desk, cloud: FakeCloud, *, odd: bool) -> Rental:
    """Rent until the coin falls as wanted."""
    guards = replace(GUARDS, instances_at_once=99, per_day=99)
    renter = Renter(cloud, desk.store, guards, None, desk.clock, desk.meter, spots=True)
    while True:
        rental = await renter.rent("lifecycle", "run", "small", "debian", desk.watch())
        if int(rental.lease.key[-1], 16) % 2 == odd:
            return rental
        await rental.give_back(desk.watch())  # its list, if there is one, learns nothing more


async def _spots_are_over() -> None:
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("spot")))


async def test_how_long_the_list_took_to_know_what_was_created(desk: Desk) -> None:
    """It is asked again until it does: the delay lies between the last no and the first yes."""
    cloud = CountingCloud(desk.clock, list_delay=20.0)
    rental = await _rent(desk, cloud, odd=False)
    await _spots_are_over()
    ((seconds, resolution),) = _delays(desk, Read.LIST_AFTER_CREATE)
    assert seconds - resolution - 0.5 <= 20.0 <= seconds + resolution + 0.5
    assert 0.0 < resolution < 2.5
    assert cloud.lists < 20
    assert desk.meter.unseen == {}
    await rental.hand_over("done")


async def test_a_list_that_never_knows_is_given_up(desk: Desk) -> None:
    """At the vendor file's bound: no delay is known, and that is counted."""
    cloud = CountingCloud(desk.clock, list_delay=30.0)
    cloud.blind = True
    began = desk.clock.now()
    await _rent(desk, cloud, odd=False)
    await _spots_are_over()
    assert _delays(desk, Read.LIST_AFTER_CREATE) == []
    assert desk.meter.unseen[Read.LIST_AFTER_CREATE] == 1
    assert desk.clock.now() - began < 45.0


async def test_nothing_is_looked_for_after_its_run(desk: Desk) -> None:
    """Whoever does not list what is to be deleted may be right: neither a delay nor a miss."""
    cloud = CountingCloud(desk.clock, list_delay=1e6)
    rental = await _rent(desk, cloud, odd=False)
    await asyncio.sleep(0)
    await rental.give_back(desk.watch())
    lists = cloud.lists
    await _spots_are_over()
    assert cloud.lists <= lists + 1
    assert _delays(desk, Read.LIST_AFTER_CREATE) == []
    assert desk.meter.unseen == {}


async def test_how_long_a_ghost_haunts_the_list(desk: Desk) -> None:
    """And an instance that is shown as one that is no more (EC2 does, for an hour) is no ghost."""
    cloud = CountingCloud(desk.clock, list_delay=30.0)
    rental = await _rent(desk, cloud, odd=True)
    await rental.give_back(desk.watch())
    cloud.ghosts, cloud.buried = True, desk.clock.now() + 12.0
    await rental.confirm_gone(desk.watch())
    await _spots_are_over()
    ((seconds, resolution),) = _delays(desk, Read.LIST_AFTER_DELETE)
    assert seconds - resolution - 0.5 <= 12.0 <= seconds + resolution + 0.5
    assert _told(desk, Read.LIST_AFTER_DELETE) == (0, 1)
    assert desk.meter.unseen == {}


async def test_how_long_the_identifier_took_to_be_known(desk: Desk) -> None:
    """By the run's own looks: none is made for it."""
    cloud = CountingCloud(desk.clock, list_delay=30.0)
    renter = Renter(cloud, desk.store, GUARDS, None, desk.clock, desk.meter)
    watch = desk.watch()
    rental = await renter.rent("lifecycle", "run", "small", "debian", watch)
    shown = cloud.instances.pop(rental.instance_id)
    for seconds in (0.0, 4.0):
        desk.clock.pass_time(seconds)
        await rental.inspect(watch)
    cloud.instances[rental.instance_id] = shown
    desk.clock.pass_time(2.0)
    for _ in range(2):
        await rental.inspect(watch)
    ((seconds, resolution),) = _delays(desk, Read.GET_AFTER_CREATE)
    assert seconds == pytest.approx(5.0, abs=0.1)
    assert resolution == pytest.approx(1.0, abs=0.1)


async def test_an_identifier_that_is_known_at_once_took_no_time(desk: Desk) -> None:
    """Half of what the look took: nobody can say it sharper."""
    rental = await desk.rent()
    await rental.inspect(desk.watch())
    ((seconds, resolution),) = _delays(desk, Read.GET_AFTER_CREATE)
    assert seconds == resolution < 0.1


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
