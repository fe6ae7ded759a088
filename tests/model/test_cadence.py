"""When a job is due."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.cadence import DAY, START_WINDOW, Cadence, Grid, cadence_at_start, fraction, patience, start_window
from probe.model.target import OWN, Layer, Target

NOON = 1_800_000_000.0
EVERY = st.floats(min_value=0.05, max_value=3 * DAY)
NAMES = st.tuples(st.text(max_size=8), st.text(max_size=8))
INSTANTS = st.floats(min_value=NOON, max_value=NOON + 400 * DAY)
GRIDS = st.builds(Grid, EVERY, NAMES, st.booleans())


def walk(due: Grid | Cadence, instant: float, slots: int) -> list[float]:
    """The next *slots* due instants after *instant*, one by one."""
    found = []
    for _ in range(slots):
        instant = due.after(instant)
        found.append(instant)
    return found


@given(NAMES)
def test_a_fraction_is_at_least_0_and_less_than_1(words: tuple[str, str]) -> None:
    """A shift never reaches the next slot."""
    assert 0.0 <= fraction(*words) < 1.0


def test_fractions_of_different_names_are_spread() -> None:
    """A tenth of the names falls into each tenth of the period, give or take."""
    counts = [0] * 10
    for number in range(5_000):
        counts[int(fraction("agent", str(number)) * 10)] += 1
    assert all(400 < count < 600 for count in counts)


@given(GRIDS, INSTANTS)
def test_slots_are_at_their_distance(grid: Grid, instant: float) -> None:
    """A grid keeps its period; where it is redrawn, slots come no nearer than half of it nor farther than twice."""
    for earlier, later in pairwise(walk(grid, instant, 12)):
        gap = later - earlier
        if grid.redrawn:
            assert grid.every / 2 - 1e-3 <= gap <= 2 * grid.every + 1e-3
        else:
            assert gap == pytest.approx(grid.every, abs=1e-5)


@given(GRIDS, INSTANTS, st.integers(min_value=1, max_value=40), st.floats(min_value=0, max_value=1))
def test_slots_are_counted_as_they_are_walked(grid: Grid, instant: float, slots: int, share: float) -> None:
    """Counting by arithmetic and walking from slot to slot agree, wherever the count is cut in two."""
    walked = walk(grid, instant, slots)
    middle = instant + share * (walked[-1] - instant)
    assert grid.count(instant, walked[-1]) == slots
    assert grid.count(instant, middle) + grid.count(middle, walked[-1]) == slots
    assert grid.newest(walked[-1]) == walked[-1]


@given(GRIDS, INSTANTS)
def test_the_next_slot_is_later_and_the_newest_is_not(grid: Grid, instant: float) -> None:
    """`after` is strict, `newest` is not, and nothing lies between them."""
    newest, following = grid.newest(instant), grid.after(instant)
    assert newest <= instant < following
    assert grid.count(newest, instant) == 0
    assert grid.after(newest) == following


@given(GRIDS, INSTANTS)
def test_nothing_is_due_backwards(grid: Grid, instant: float) -> None:
    """An empty or reversed span has no slots."""
    assert grid.count(instant, instant) == 0
    assert grid.count(instant, instant - 5) == 0


def test_a_renting_grid_is_redrawn_each_day() -> None:
    """The minute of the day at which a renting kind runs changes from day to day."""
    grid = Grid(6 * 3600.0, ("a",), redrawn=True)
    minutes = {round(slot % (6 * 3600.0)) for slot in walk(grid, NOON, 40)}
    assert len(minutes) >= 8


def test_jobs_of_a_period_share_their_instants() -> None:
    """Who wakes up for one run finds the others that are due within 2 ms, and nobody waited for them."""
    firsts = [Grid(1.0, (str(number),)).after(NOON) for number in range(1_000)]
    assert all(abs(first * 500 - round(first * 500)) < 1e-3 for first in firsts)
    assert 400 < len({round(first * 500) for first in firsts}) < 450


def test_a_grid_that_is_not_redrawn_survives_a_restart() -> None:
    """The grid is anchored in 1970, not at the start of the agent."""
    grid = Grid(60.0, ("a",))
    assert grid.after(NOON) % 60.0 == pytest.approx(grid.after(NOON + 3 * DAY) % 60.0, abs=1e-5)


def job(name: str) -> Target:
    """A target of the operator's own."""
    return Target(OWN, "", "shop", name, Layer.SERVICE)


CADENCES = st.builds(
    lambda name, every, renting, last: cadence_at_start(
        "agent", job(name), every=every, renting=renting, start=NOON, last_create=last
    ),
    st.text(max_size=8),
    EVERY,
    st.booleans(),
    st.none() | st.floats(min_value=NOON - 5 * DAY, max_value=NOON),
)


@given(CADENCES, st.integers(min_value=1, max_value=20))
def test_a_cadence_is_counted_as_it_is_walked(cadence: Cadence, slots: int) -> None:
    """The slot at the start is a slot like any other."""
    walked = walk(cadence, NOON - 1e-3, slots)
    assert cadence.count(NOON - 1e-3, walked[-1]) == slots
    assert [cadence.newest(slot) for slot in walked] == walked
    assert all(later - earlier >= cadence.grid.every / 2 - 1e-3 for earlier, later in pairwise(walked))


@given(st.text(max_size=8), EVERY)
def test_what_costs_nothing_starts_within_the_window(name: str, every: float) -> None:
    """A cheap kind fires once within 5 s of the start, and within its period where that is shorter."""
    cadence = cadence_at_start("agent", job(name), every=every, renting=False, start=NOON)
    assert cadence.count(NOON - 1e-3, NOON + START_WINDOW) >= 1
    assert cadence.after(NOON - 1e-3) <= NOON + min(START_WINDOW, every)


@pytest.mark.parametrize(
    ("jobs", "seconds"), [(0, 0.0), (1, 0.05), (20, 1.0), (100, 5.0), (2_000, 5.0), (4_000, 10.0), (10_000, 25.0)]
)
def test_who_has_few_jobs_does_not_wait_for_the_spread_of_many(jobs: int, seconds: float) -> None:
    """A job gets 50 ms of the window, and all of them 5 s; more only so that no more than 400 start in a second."""
    assert start_window(jobs) == seconds


def test_a_lone_job_starts_at_once() -> None:
    """The first figure of a small configuration is there when the agent is."""
    cadence = cadence_at_start("agent", job("a"), every=30, renting=False, start=NOON, window=start_window(1))
    assert NOON <= cadence.after(NOON - 1e-3) <= NOON + 0.05


def test_a_thousand_jobs_start_spread() -> None:
    """No tenth of a second of the start gets more than thrice its share."""
    firsts = [
        cadence_at_start("agent", job(str(number)), every=30, renting=False, start=NOON).after(NOON - 1)
        for number in range(1_000)
    ]
    assert max(firsts) < NOON + START_WINDOW
    assert (
        max(sum(begin <= first - NOON < begin + 0.1 for first in firsts) for begin in (n / 10 for n in range(50))) < 60
    )


@given(st.text(max_size=8), EVERY, st.floats(min_value=0, max_value=1))
def test_what_rents_waits_for_its_grid_after_its_last_create(name: str, every: float, share: float) -> None:
    """After a restart the first slot lies at least half a period after the last create, and is one of the grid."""
    last = NOON - share * every
    cadence = cadence_at_start("agent", job(name), every=every, renting=True, start=NOON, last_create=last)
    first = cadence.after(NOON - 1e-3)
    assert first >= last + every / 2 - 1e-3
    assert first == cadence.grid.newest(first)


@pytest.mark.parametrize(("every", "seconds"), [(10.0, 1.0), (50.0, 5.0), (900.0, 5.0)])
def test_patience_is_a_tenth_of_the_period_and_5_seconds_at_most(every: float, seconds: float) -> None:
    """The bound between on time and late."""
    assert patience(every) == seconds
