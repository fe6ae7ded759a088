"""The deadline of a run, on both event loops."""

import asyncio
import time
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from probe.engine.deadline import Deadline
from tests.engine.loops import EITHER_LOOP, run_on

Factory = Callable[[], asyncio.AbstractEventLoop]


async def within(deadline: Deadline, work: Coroutine[Any, Any, None]) -> None:
    """Do *work* until the deadline."""
    async with deadline:
        await work


@EITHER_LOOP
def test_it_says_that_it_rang_before_it_cancels(factory: Factory) -> None:
    """Who is cancelled can tell why."""
    told: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    async def scene() -> None:
        deadline = Deadline(0.02, lambda: told.append("rang"))
        with pytest.raises(TimeoutError):
            await within(deadline, work())
        assert deadline.rung

    run_on(factory, scene())
    assert told == ["rang", "cancelled"]


@EITHER_LOOP
def test_it_knows_how_long_the_loop_was_held_up(factory: Factory) -> None:
    """An alarm that rings late was not the vendor's fault."""

    async def work(stall: float) -> None:
        await asyncio.sleep(0.001)
        time.sleep(stall)  # noqa: ASYNC251 - the stall that is tested
        await asyncio.sleep(5)

    async def scene(stall: float) -> float:
        deadline = Deadline(0.02, lambda: None)
        with pytest.raises(TimeoutError):
            await within(deadline, work(stall))
        return deadline.late

    assert run_on(factory, scene(0.0)) < 0.2
    assert run_on(factory, scene(0.4)) > 0.3


@EITHER_LOOP
def test_it_can_be_restarted_and_is_over_with_its_block(factory: Factory) -> None:
    """A block that ends in time is not disturbed later."""

    async def scene() -> bool:
        deadline = Deadline(0.05, lambda: None)
        async with deadline:
            await asyncio.sleep(0.02)
            deadline.restart(0.2)
            await asyncio.sleep(0.08)
        await asyncio.sleep(0.2)
        return deadline.rung

    assert run_on(factory, scene()) is False


async def test_a_deadline_that_is_over_holds_on_to_nobody() -> None:
    """A run that is over leaves no ring of references behind for the collector, which does not run at once."""

    class Run:
        pass

    run = Run()
    gone = weakref.ref(run)
    deadline = Deadline(10.0, partial(print, run))
    async with deadline:
        pass
    del run
    assert gone() is None
