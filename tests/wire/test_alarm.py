"""What wakes the loop: never early, and hardly late."""

import asyncio
import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.wire.alarm import Alarm, KernelAlarm, LoopAlarm, alarm

Make = Callable[[Callable[[], None]], Alarm]
EITHER = pytest.mark.parametrize("make", [pytest.param(KernelAlarm, id="kernel"), pytest.param(LoopAlarm, id="loop")])


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@EITHER
async def test_an_alarm_rings_once_for_each_time_that_it_is_set_and_never_early(make: Make) -> None:
    """Whoever is woken finds that what it waited for is due."""
    rings: list[float] = []
    clock = make(lambda: rings.append(time.perf_counter()))
    late = []
    for _ in range(10):
        due = time.perf_counter() + 0.0055
        clock.set(0.0055)
        await asyncio.sleep(0.02)
        late.append(rings[-1] - due)
    clock.close()
    assert len(rings) == 10
    assert min(late) >= 0.0
    assert sorted(late)[5] < 0.005


@EITHER
async def test_setting_it_anew_takes_the_former_time_back(make: Make) -> None:
    """Only the last one rings; what has passed rings at once."""
    rings: list[float] = []
    clock = make(lambda: rings.append(time.perf_counter()))
    clock.set(0.005)
    clock.set(0.05)
    await asyncio.sleep(0.02)
    assert rings == []
    clock.set(-1.0)
    await asyncio.sleep(0.01)
    assert len(rings) == 1
    await asyncio.sleep(0.06)
    assert len(rings) == 1
    clock.close()


@EITHER
async def test_one_that_is_set_anew_while_it_is_about_to_be_read_waits(make: Make) -> None:
    """The loop was held until after its time; then somebody changed their mind before the loop came round."""
    rings: list[float] = []
    clock = make(lambda: rings.append(time.perf_counter()))
    clock.set(0.001)
    time.sleep(0.01)  # noqa: ASYNC251 - that is the case
    clock.set(0.03)
    await asyncio.sleep(0.01)
    assert rings == []
    await asyncio.sleep(0.04)
    assert len(rings) == 1
    clock.close()


@EITHER
async def test_a_closed_alarm_is_silent_and_holds_nothing(make: Make) -> None:
    """Closing may be said twice, setting it afterwards changes nothing, no file stays open."""
    gc.collect()
    before, rings = _descriptors(), list[int]()
    clock = make(lambda: rings.append(1))
    clock.set(0.005)
    clock.close()
    clock.close()
    await asyncio.sleep(0.02)
    assert rings == []
    assert _descriptors() == before


async def test_where_no_timerfd_is_left_the_loop_rings() -> None:
    """An agent that has run out of files goes on with the loop's timers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        made = alarm(lambda: None)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert isinstance(made, LoopAlarm)
    made.close()
    here = alarm(lambda: None)
    assert isinstance(here, KernelAlarm)
    here.close()
