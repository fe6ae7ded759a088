"""The deadline of a run, on both event loops."""

import asyncio
import contextlib
import time
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from probe.engine.deadline import Deadline, Deadlines
from tests.engine.loops import EITHER_LOOP, run_on

Factory = Callable[[], asyncio.AbstractEventLoop]


async def within(deadline: Deadline, work: Coroutine[Any, Any, None]) -> None:
    """Do *work* until the deadline."""
    with deadline:
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
        deadline = Deadline(0.02, lambda: told.append("rang"), Deadlines())
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
        deadline = Deadline(0.02, lambda: None, Deadlines())
        with pytest.raises(TimeoutError):
            await within(deadline, work(stall))
        return deadline.late

    assert run_on(factory, scene(0.0)) < 0.2
    assert run_on(factory, scene(0.4)) > 0.3


@EITHER_LOOP
def test_it_can_be_restarted_and_is_over_with_its_block(factory: Factory) -> None:
    """A block that ends in time is not disturbed later."""

    async def scene() -> bool:
        deadline = Deadline(0.05, lambda: None, Deadlines())
        with deadline:
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
    deadline = Deadline(10.0, partial(print, run), Deadlines())
    with deadline:
        pass
    del run
    assert gone() is None


@EITHER_LOOP
def test_many_deadlines_share_a_timer_and_each_rings_for_its_own(factory: Factory) -> None:
    """The earliest first, whatever order they were set in; those that are over do not ring, and are let go of."""
    rang: list[float] = []

    async def run(among: Deadlines, seconds: float, takes: float) -> None:
        with contextlib.suppress(TimeoutError), Deadline(seconds, lambda: rang.append(seconds), among):
            await asyncio.sleep(takes)

    async def scene() -> int:
        among = Deadlines()
        async with asyncio.TaskGroup() as runs:
            for seconds in (0.15, 0.05, 0.1):
                runs.create_task(run(among, seconds, 5.0))
            for _ in range(1000):
                runs.create_task(run(among, 60.0, 0.01))
        return among.kept

    assert run_on(factory, scene()) < 100
    assert rang == [0.05, 0.1, 0.15]


@EITHER_LOOP
def test_a_cancellation_by_somebody_else_gets_through(factory: Factory) -> None:
    """Also when the deadline was reached in the same turn: who stops the agent is not told that it was a timeout."""

    async def scene() -> bool:
        async def run() -> None:
            with Deadline(0.02, stop, Deadlines()):
                await asyncio.sleep(5)

        def stop() -> None:
            task.cancel()

        task = asyncio.ensure_future(run())
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert run_on(factory, scene())
