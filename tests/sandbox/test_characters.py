"""What pretend vendors are like, and that their luck is as it says."""

import itertools
import random
import statistics
from pathlib import Path

import pytest

from probe.sandbox.characters import Bouts, Spread, load_characters
from probe.sandbox.faults import FaultKind, Weather
from probe.sandbox.reading import SandboxDataRefused
from probe.sandbox.requests import Asked
from probe.sandbox.vendor import Cut
from tests.fakes.clock import FakeClock
from tests.sandbox.conftest import DATA, Play

MINUTE = 60.0


def test_durations_scatter_as_they_say() -> None:
    """Half lie below the median, two thirds within the spread, and the tail has its share."""
    spread, dice = Spread(median=0.1, spread=1.5, tail_share=0.05, tail_median=5.0), random.Random(1)
    drawn = [spread.draw(dice) for _ in range(20_000)]
    assert statistics.median(drawn) == pytest.approx(0.1, rel=0.08)
    within = sum(0.1 / 1.5 < value < 0.1 * 1.5 for value in drawn) / len(drawn)
    assert within == pytest.approx(0.683 * 0.95, abs=0.02)
    assert sum(value > 1.0 for value in drawn) / len(drawn) == pytest.approx(0.05, abs=0.01)


def test_durations_stay_within_their_bounds() -> None:
    """A demo that takes a build of at most 8 s for granted gets one."""
    spread, dice = Spread(median=7.0, spread=3.0, least=6.0, most=8.0), random.Random(1)
    assert all(6.0 <= spread.draw(dice) <= 8.0 for _ in range(1000))


def test_good_and_bad_times_take_turns(clock: FakeClock) -> None:
    """A vendor is well at first, and badly for about as long as its character says."""
    bouts, seen = Bouts(clock, "s", 50.0, 25.0), []
    for _ in range(6000):
        seen.append(bouts())
        clock.pass_time(1.0)
    assert seen[0] is Weather.GOOD
    assert seen.count(Weather.BAD) / len(seen) == pytest.approx(1 / 3, abs=0.05)
    turns = sum(now is not before for before, now in itertools.pairwise(seen))
    assert turns == pytest.approx(6000 / 37.5, rel=0.15)


def test_without_bouts_the_weather_is_always_good(clock: FakeClock) -> None:
    """Most vendors are even."""
    bouts = Bouts(clock, "s", 0.0, 0.0)
    clock.pass_time(1e6)
    assert bouts() is Weather.GOOD


@pytest.mark.parametrize("seed", ["sandbox", "1"])
async def test_a_flaky_vendor_is_seen_to_be_flaky_within_two_minutes(play: Play, clock: FakeClock, seed: str) -> None:
    """One call a second: the good minute is nearly clean, the bad one is not, and it comes within two minutes."""
    vendor = play("rackspace", "flaky", seed)
    token = vendor.tokens.issue(1e6)
    path = "/compute/v2/123456/servers/detail"
    failures: dict[Weather, list[bool]] = {Weather.GOOD: [], Weather.BAD: []}
    started, first_bad = clock.now(), 0.0
    while clock.now() - started < 40 * MINUTE:
        weather = vendor.weather()
        reply = await vendor.answer(Asked(method="GET", path=path, headers={"x-auth-token": token}))
        failed = reply.cut is not Cut.NONE or reply.status >= 500
        failures[weather].append(failed)
        if failed and weather is Weather.BAD and not first_bad:
            first_bad = clock.now() - started
        token = vendor.tokens.issue(1e6)
        clock.pass_time(1.0)
    assert first_bad < 2 * MINUTE
    assert statistics.mean(failures[Weather.GOOD]) < 0.04
    assert 0.35 < statistics.mean(failures[Weather.BAD]) < 0.65
    cuts = {logged.cut for logged in vendor.log}
    assert cuts == {Cut.NONE, Cut.RESET, Cut.HANG, Cut.TRUNCATE}


async def test_a_steady_vendor_is_steady_and_quick(play: Play, clock: FakeClock) -> None:
    """Many calls: hardly a failure, and half of the answers within 40 ms."""
    vendor = play("openstack", "steady")
    token = vendor.tokens.issue(1e6)
    asked = Asked(method="GET", path="/compute/v2.1/servers/detail", headers={"x-auth-token": token})
    replies, took = [], []
    for _ in range(1500):
        before = clock.now()
        replies.append(await vendor.answer(asked))
        took.append(clock.now() - before)
    assert sum(reply.status != 200 for reply in replies) < 10
    assert 0.03 < statistics.median(took) < 0.04
    assert max(took) <= 1.0


def test_the_demo_knows_its_characters() -> None:
    """Builds take what the demo's deadlines are made for."""
    characters = load_characters(DATA / "characters.yaml")
    assert (characters["steady"].build.least, characters["steady"].build.most) == (2.0, 4.0)
    assert (characters["slow"].build.least, characters["slow"].build.most) == (6.0, 8.0)
    kinds = {fault.kind for fault in characters["flaky"].faults}
    assert {FaultKind.CAPACITY, FaultKind.STUCK, FaultKind.LYING_DELETE, FaultKind.STALE_POINTS} <= kinds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x: {says: x, bild: {median: 1s}}", "x.bild is not known here"),
        ("x: {}", "x.says is missing"),
        ("x: {says: x, build: {median: quick}}", "x.build.median is no duration"),
        ("x: {says: x, build: {spread: 0.5}}", "x.build.spread is a factor of at least 1"),
        ("x: {says: x, faults: [{kind: earthquake}]}", "x.faults.0.kind must be one of"),
        ("x: {says: x, faults: [{}]}", "x.faults.0.kind is missing"),
        ("x: {says: x, faults: [{kind: error, rate: 200%}]}", "x.faults.0.rate is no share"),
        ("x: {says: x, faults: [{kind: error, count: 0}]}", "x.faults.0.count must be a whole number"),
        ("x: [", "is not YAML"),
        ("x: 1", "x must be a mapping"),
    ],
)
def test_a_character_that_cannot_be_played_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """The sentence names the file, the line and the value."""
    file = tmp_path / "characters.yaml"
    file.write_text(text)
    with pytest.raises(SandboxDataRefused, match=says):
        load_characters(file)
