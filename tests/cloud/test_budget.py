"""One request budget for all that goes to an account: how many may go, who is next, and what the vendor says."""

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.cloud import Allowance, Budget, VendorComplaint
from probe.cloud.line import is_urgent
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.notation.rates import Rate, parse_rate
from probe.wire import RealClock
from tests.cloud.entries import Scene
from tests.cloud.limited import OK, acme
from tests.fakes.clock import FakeClock
from tests.fakes.vendor import answer

DATE = {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}
"""What the fake clock says at its start."""
START = 1_800_000_000


async def go(budget: Budget, clock: FakeClock | RealClock, *, urgent: bool = False, seconds: float = 0.0) -> float:
    """Take a turn for *seconds*; when it came."""
    await budget.enter(Stopwatch(clock), urgent=urgent)
    try:
        came = clock.now()
        if seconds:
            await asyncio.sleep(seconds)
        return came
    finally:
        budget.leave(urgent=urgent)


# --- how many --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), period=st.sampled_from([1.0, 10.0, 60.0]), burst=st.integers(1, 50), data=st.data())
def test_no_period_has_more_requests_than_the_rate(count: int, period: float, burst: int, data: st.DataObject) -> None:
    """Wherever it begins, however they come: a burst is part of the rate, not on top."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(Rate(count, period), burst))
    pauses = data.draw(st.lists(st.sampled_from([0.0, 0.0, 0.01, 1.0, 30.0]), min_size=60, max_size=60))

    async def all_of_them() -> list[float]:
        left = []
        for pause in pauses:
            clock.pass_time(pause)
            left.append(await go(budget, clock))
        return left

    left = asyncio.run(all_of_them())
    assert all(sum(start <= other < start + period - 1e-3 for other in left) <= count for start in left)


async def test_a_rate_is_used_to_the_full() -> None:
    """A limit that wastes half of what is allowed would starve the probes."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(parse_rate("20/s")))
    began = clock.now()
    for _ in range(100):
        await go(budget, clock)
    assert 100 / 20 * 0.9 <= clock.now() - began <= 100 / 20 * 1.1


async def test_only_so_many_are_on_their_way_at_the_same_time() -> None:
    """Whoever asks; a place becomes free when its request was answered, or cut."""
    clock = RealClock()
    budget = Budget(clock, Allowance(at_once=2))
    on, most = 0, 0

    async def one(number: int) -> None:
        nonlocal on, most
        await budget.enter(Stopwatch(clock))
        on += 1
        most = max(most, on)
        try:
            await asyncio.sleep(0.01)
            if number % 3 == 0:
                raise TimeoutError
        finally:
            on -= 1
            budget.leave()

    await asyncio.gather(*(one(number) for number in range(12)), return_exceptions=True)
    assert most == 2
    assert await asyncio.wait_for(go(budget, clock), 1.0)


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    """A deadline takes a waiter out of the line; who is behind it goes on."""
    clock = RealClock()
    budget = Budget(clock, Allowance(at_once=1))
    holder = asyncio.create_task(go(budget, clock, seconds=0.15))
    await asyncio.sleep(0)
    impatient = asyncio.create_task(go(budget, clock))
    patient = asyncio.create_task(go(budget, clock))
    await asyncio.sleep(0.02)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert await asyncio.wait_for(patient, 1.0) > await holder


@pytest.mark.parametrize("number", range(12))
async def test_whatever_is_cancelled_or_fails_no_place_is_lost(number: int) -> None:
    """Waiting, on its way, or both at once; also while the limits change and the vendor pauses us."""
    clock, seed = RealClock(), Random(number)
    budget = Budget(clock, Allowance(Rate(2000, 1.0), 20, 2))

    async def one() -> None:
        await budget.opened(Stopwatch(clock))
        await go(budget, clock, urgent=seed.random() < 0.3, seconds=seed.random() * 0.002)
        if seed.random() < 0.2:
            raise ProbeFailed(Outcome.BROKEN, "cut")

    tasks = [asyncio.create_task(one()) for _ in range(60)]
    for task in seed.sample(tasks, 40):
        await asyncio.sleep(seed.choice((0.0, 0.0, 0.0005)))
        task.cancel()
        if seed.random() < 0.2:
            budget.pause(0.001)
            budget.allow(Allowance(Rate(2000, 1.0), 20, seed.choice((1, 2, 3))))
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5.0)
    budget.allow(Allowance(at_once=1))
    await asyncio.wait_for(go(budget, clock), 1.0)  # one left on its way, or in the line, would keep it out for ever


async def test_a_flood_of_deletes_does_not_starve_what_looks_once_it_is_over() -> None:
    """Nor does the order among those who wait get lost by it."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(Rate(1, 1.0), 1))
    came = [asyncio.create_task(go(budget, clock, urgent=number % 4 != 0)) for number in range(12)]
    times = await asyncio.gather(*came)
    looks, gives_back = times[::4], [time for number, time in enumerate(times) if number % 4]
    assert max(gives_back[1:]) < min(looks[1:])
    assert looks == sorted(looks)


async def test_a_clock_that_leaps_lets_no_more_through_than_a_burst() -> None:
    """A machine that slept a week has not saved up a week of requests."""
    clock = FakeClock()
    budget = Budget(clock, Allowance(Rate(60, 60.0), 5))
    await asyncio.gather(*(go(budget, clock) for _ in range(5)))
    clock.pass_time(7 * 86_400.0)
    began = clock.now()
    times = await asyncio.gather(*(go(budget, clock) for _ in range(8)))
    assert [time for time in times if time == began] == [began] * 5


# --- who is next -----------------------------------------------------------------------------------------------------


async def test_first_come_is_first_served() -> None:
    """Within what only looks, and within what gives back."""
    clock = RealClock()
    budget = Budget(clock, Allowance(Rate(100, 1.0), 1))
    order: list[tuple[bool, int]] = []

    async def one(number: int, *, urgent: bool) -> None:
        await budget.enter(Stopwatch(clock), urgent=urgent)
        order.append((urgent, number))
        budget.leave(urgent=urgent)

    budget.pause(0.3)  # until all of them stand in the line
    reads = [asyncio.create_task(one(number, urgent=False)) for number in range(5)]
    await asyncio.sleep(0)
    deletes = [asyncio.create_task(one(number, urgent=True)) for number in range(3)]
    await asyncio.gather(*reads, *deletes)
    assert order == [*((True, number) for number in range(3)), *((False, number) for number in range(5))]


async def test_a_delete_waits_for_no_hanging_read() -> None:
    """One at a time goes beside those that hold all places: giving back never starves."""
    clock = RealClock()
    budget = Budget(clock, Allowance(at_once=1))
    hanging = asyncio.create_task(go(budget, clock, seconds=60.0))
    await asyncio.sleep(0)
    await asyncio.wait_for(go(budget, clock, urgent=True), 1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(go(budget, clock), 0.02)
    hanging.cancel()
    await asyncio.wait([hanging])


def test_deletes_sweeps_and_authentication_go_first() -> None:
    """A sweep is what no run waits for."""
    run, sweep = Stopwatch(FakeClock(), run_id="r"), Stopwatch(FakeClock())
    told = [is_urgent(name, run.aside()) for name in ("delete", "delete_volumes", "auth", "get", "list", "create")]
    assert told == [True, True, True, False, False, False]
    assert is_urgent("list", sweep.aside())


# --- what the vendor says --------------------------------------------------------------------------------------------


async def test_a_retry_after_pauses_the_account() -> None:
    """For everything that goes there; what comes after it is no latency."""
    busy = answer(429, {}, {"Retry-After": "30"})
    scene = Scene(acme(), busy, OK)
    with pytest.raises(VendorComplaint) as refused:
        await scene.cloud.read("probe", scene.watch)
    assert refused.value.outcome is Outcome.THROTTLED
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(30.0)
    assert run.elapsed() == pytest.approx(0.1)
    assert run.phases == {Phase.WAIT: 0.1}
    assert scene.meter.waits == [pytest.approx(30.0)]
    assert scene.meter.requests[-1][2] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("headers", "limits", "waits"),
    [
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 40)}, {}, 40.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "40"}, {"reset_is": "seconds"}, 40.0),
        ({"RateLimit-Remaining": "1", "RateLimit-Reset": str(START + 40)}, {}, 0.0),
        ({"RateLimit-Remaining": "0"}, {}, 0.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START - 5)}, {}, 0.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 10**9)}, {}, 3600.0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "nan"}, {}, 0.0),
        (
            {"RateLimit-Remaining": "0", "RateLimit-Limit": "3600", "RateLimit-Reset": str(START + 3600)},
            {"refill": "steady"},
            1.0,
        ),
        ({"RateLimit-Limit": "10", "X-Used": "10", "RateLimit-Reset": str(START + 40)}, {"used": "X-Used"}, 40.0),
    ],
)
async def test_when_nothing_remains_runs_wait_for_the_reset(
    headers: dict[str, str], limits: dict[str, object], waits: float
) -> None:
    """As far as the vendor says when that is; a word beyond an hour is a mistake."""
    scene = Scene(acme(limits), answer(200, {}, headers | DATE), OK)
    await scene.cloud.read("probe", scene.watch)
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(waits, abs=0.15)


async def test_a_clock_that_is_wrong_makes_nobody_wait() -> None:
    """The reset is by the vendor's clock, and so is what is left until then."""
    scene = Scene(acme(), answer(200, {}, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 40)} | DATE), OK)
    scene.clock._wall -= 86_400.0
    await scene.cloud.read("probe", scene.watch)
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(40.0)


@pytest.mark.parametrize(("left", "waits"), [("0", 40.0), ("5", 0.0)])
@pytest.mark.parametrize("wrong_by", [-86_400.0, 0.0, 86_400.0])
async def test_a_span_of_time_needs_no_clock(left: str, waits: float, wrong_by: float) -> None:
    """Nobody waits while something is left, whatever the clocks say."""
    told = answer(200, {}, {"RateLimit-Remaining": left, "RateLimit-Reset": "40"} | DATE)
    scene = Scene(acme({"reset_is": "seconds"}), told, OK)
    scene.clock._wall += wrong_by
    await scene.cloud.read("probe", scene.watch)
    run = Stopwatch(scene.clock, run_id="2")
    await scene.cloud.read("probe", run)
    assert run.waited == pytest.approx(waits)


async def test_what_gives_back_does_not_wait_for_a_reset() -> None:
    """The vendor may count it elsewhere; if it does not, it refuses, and that is obeyed."""
    clock = FakeClock()
    budget = Budget(clock, Allowance())
    budget.used_up(60.0)
    began = clock.now()
    await go(budget, clock, urgent=True)
    assert clock.now() == began
    budget.pause(7.0)
    await go(budget, clock, urgent=True)
    assert clock.now() == began + 7.0
    await go(budget, clock)
    assert clock.now() == began + 60.0


async def test_a_new_word_of_the_vendor_is_the_one_that_counts() -> None:
    """Somebody else's requests ended, or a new window began."""
    clock = FakeClock()
    budget = Budget(clock, Allowance())
    budget.used_up(60.0)
    budget.used_up(0.0)
    assert budget.wait() == 0.0
