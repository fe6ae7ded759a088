"""A bounded number of runs at once, with a fair share."""

import asyncio

import pytest

from probe.engine.places import Places


def places(size: int, *vendors: str) -> Places:
    """Places shared among *vendors*."""
    made = Places(size)
    made.share_among(vendors)
    return made


async def test_no_more_runs_at_once_than_places() -> None:
    """The bound holds, and a place that is given back is free again."""
    two = places(2, "a")
    assert await two.take("a", 0.0)
    assert await two.take("a", 0.0)
    assert not await two.take("a", 0.0)
    two.release("a")
    assert await two.take("a", 0.0)


async def test_a_vendor_whose_runs_hang_leaves_the_others_their_share() -> None:
    """It takes its own share and the common half, never what is kept for others."""
    twelve = places(12, "a", "b", "c")
    taken = 0
    while await twelve.take("a", 0.0):
        taken += 1
    assert taken == 8
    assert [await twelve.take(vendor, 0.0) for vendor in ("b", "b", "c", "c")] == [True] * 4
    assert not await twelve.take("b", 0.0)


async def test_with_fewer_places_than_vendors_nothing_is_kept() -> None:
    """Whoever comes first has them."""
    two = places(2, "a", "b", "c")
    assert await two.take("a", 0.0)
    assert await two.take("a", 0.0)
    assert not await two.take("b", 0.0)


async def test_who_waits_gets_the_place_that_becomes_free() -> None:
    """Waiting ends as soon as somebody leaves."""
    one = places(1, "a")
    await one.take("a", 0.0)
    waiting = asyncio.create_task(one.take("a", 5.0))
    await asyncio.sleep(0)
    one.release("a")
    assert await waiting


async def test_waiting_ends_when_patience_does() -> None:
    """A run that finds no place in time is told so."""
    one = places(1, "a")
    await one.take("a", 0.0)
    assert not await one.take("a", 0.02)
    one.release("a")
    assert await one.take("a", 0.0)


async def test_the_vendor_with_the_fewest_runs_comes_first() -> None:
    """Among those who wait, the order of arrival decides only between equals."""
    four = places(4)
    for vendor in ("a", "a", "a", "b"):
        await four.take(vendor, 0.0)
    for_a = asyncio.create_task(four.take("a", 5.0))
    await asyncio.sleep(0)
    for_b = asyncio.create_task(four.take("b", 5.0))
    await asyncio.sleep(0)
    four.release("a")
    assert await for_b
    assert not for_a.done()
    four.release("a")
    assert await for_a


async def test_giving_up_early_loses_no_place() -> None:
    """A run that is cut while it waits, even just after it got its place, leaves the place to others."""
    one = places(1, "a")
    await one.take("a", 0.0)
    waiting = asyncio.create_task(one.take("a", 5.0))
    granted = asyncio.create_task(one.take("a", 5.0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    one.release("a")
    granted.cancel()
    await asyncio.gather(waiting, granted, return_exceptions=True)
    assert await one.take("a", 0.0)


def test_no_places_are_refused() -> None:
    """An agent that could run nothing says so."""
    with pytest.raises(ValueError, match="not enough"):
        Places(0)
