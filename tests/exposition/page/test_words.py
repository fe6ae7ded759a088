import pytest
from hypothesis import given
from hypothesis import strategies as some

from probe.exposition.page import words

NOON = 1_795_608_000.0  # 25 Nov 2026, 12:00 UTC


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0004, "0.4 ms"),
        (0.312, "312 ms"),
        (3.041, "3.04 s"),
        (12.34, "12.3 s"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (93_600, "1 d 2 h"),
    ],
)
def test_durations_have_as_many_digits_as_one_reads(seconds: float, told: str) -> None:
    """Three digits are enough for a person."""
    assert words.duration(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(20, "20 s"), (0.5, "0.5 s"), (900, "15 min")])
def test_intervals_are_told_as_they_were_written(seconds: float, told: str) -> None:
    """What stands in the configuration should be recognised."""
    assert words.interval(seconds) == told


def test_ages_are_told_in_one_unit() -> None:
    """Nobody needs the seconds of an hour; a clock that was set back does not make the future."""
    assert words.ago(NOON - 12, NOON) == "12 s ago"
    assert words.ago(NOON - 3599, NOON) == "59 min ago"
    assert words.ago(NOON + 5, NOON) == "just now"


def test_times_are_utc_and_have_a_date_when_it_is_not_today() -> None:
    """Yesterday's 14:03 must not look like today's."""
    assert words.clock_time(NOON, NOON + 60) == "12:00 UTC"
    assert words.clock_time(NOON - 86_400, NOON) == "24 Nov 12:00 UTC"
    assert words.iso(NOON) == "2026-11-25T12:00:00Z"
    assert words.exact_time(NOON + 61) == "12:01:01 UTC"


@pytest.mark.parametrize(
    ("share", "told"), [(1.0, "100 %"), (0.99999, "99.9 %"), (0.5, "50 %"), (0.00001, "0.1 %"), (0.0, "0 %")]
)
def test_a_share_is_never_rounded_to_perfection(share: float, told: str) -> None:
    """100 % means no failure at all."""
    assert words.percent(share) == told


def test_lists_and_plurals_read_like_english() -> None:
    """Sentences, not output."""
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(["a"]) == "a"
    assert [words.plural(1, "run"), words.plural(2, "run")] == ["1 run", "2 runs"]


def test_the_wilson_interval_is_the_textbooks() -> None:
    """997 of 1000 is between 99.12 and 99.90 per cent."""
    low, high = words.wilson(997, 1000)
    assert (round(low, 4), round(high, 4)) == (0.9912, 0.9990)
    assert words.wilson(0, 0) == (0.0, 1.0)


@given(some.integers(1, 10_000).flatmap(lambda n: some.tuples(some.integers(0, n), some.just(n))))
def test_the_interval_holds_the_share(counts: tuple[int, int]) -> None:
    """Whatever was counted, and never beyond 0 and 1."""
    ok, valid = counts
    low, high = words.wilson(ok, valid)
    assert 0.0 <= low <= ok / valid <= high <= 1.0
