"""Garbage is collected at a pace, in slack, and the collector is left as it was found."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from probe.agent.housekeeping import ANEW, LOOK, PATIENCE, PERIODS, SLACK, WORTH, Rota, keep_house
from probe.wire.clocks import RealClock

BUSY = SLACK * 2


class Knot:
    """Refers to itself, so that only a collection finds it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_found() -> Iterator[None]:
    """No test here may change the collector for the others."""
    frozen = gc.get_freeze_count()
    yield
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


async def test_garbage_is_collected_though_the_collector_is_off() -> None:
    """Cycles go within fractions of a second, and what was there at the start is not looked through."""
    keeping = asyncio.create_task(keep_house(RealClock()))
    await asyncio.sleep(0)
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    knots = [weakref.ref(Knot()) for _ in range(2 * WORTH)]
    await asyncio.sleep(1.0)
    assert [knot for knot in knots if knot() is not None] == []
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


async def test_one_that_never_began_changes_nothing() -> None:
    """An agent may be told to stop before its loop has turned once."""
    keeping = asyncio.create_task(keep_house(RealClock()))
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


async def test_a_collector_that_was_off_stays_off() -> None:
    """Whoever runs the agent without one keeps that."""
    gc.disable()
    try:
        keeping = asyncio.create_task(keep_house(RealClock()))
        await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.wait([keeping])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_young_are_collected_when_there_are_enough_of_them() -> None:
    """An idle agent looks and does nothing; a busy one does not let them become more."""
    rota = Rota.starting(0.0)
    assert rota.choose(LOOK, 0.0, WORTH - 1) is None
    assert rota.choose(LOOK, 0.0, WORTH) == 0
    assert rota.choose(LOOK, BUSY, WORTH) == 0
    rota.done(0, LOOK)
    assert rota.choose(LOOK * 1.5, 0.0, WORTH) is None


def test_older_ones_are_collected_rarely_and_take_the_younger_along() -> None:
    """One collection at a time, the oldest that is due."""
    rota = Rota.starting(0.0)
    assert rota.choose(PERIODS[1], 0.0, WORTH) == 1
    rota.done(1, PERIODS[1])
    assert rota.choose(PERIODS[1], 0.0, WORTH) is None
    assert rota.choose(PERIODS[2], 0.0, 0) == 2
    assert rota.choose(ANEW, 0.0, 0) == 3
    rota.done(3, ANEW)
    assert rota.choose(ANEW, 0.0, WORTH) is None
    assert rota.choose(ANEW + PERIODS[2], 0.0, 0) == 2


def test_a_busy_loop_is_left_alone_for_a_while() -> None:
    """Slack is waited for, but not for ever: memory is finite."""
    rota = Rota.starting(0.0)
    assert rota.choose(PERIODS[1], BUSY, 0) is None
    assert rota.choose(PERIODS[1] + PATIENCE * 1.1, BUSY, 0) == 1
