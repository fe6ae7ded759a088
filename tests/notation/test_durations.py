from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.notation.durations import format_duration, parse_duration, parse_ratio


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("250ms", 0.25),
        ("5m", 300),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("1.5s", 1.5),
        (" 2m ", 120),
        ("0s", 0),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, seconds: float) -> None:
    """Units add up, and decimal parts are exact."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is written as"),
        ("soon", "is written as"),
        ("5 m", "is written as"),
        ("-5m", "is written as"),
        ("5m!", "is written as"),
        ("٣s", "is written as"),
        ("1" * 70 + "s", "is written as"),
        ("30", "needs a unit: 30s, 30m or 30ms"),
        ("30m1h", "the largest first"),
        ("1m1m", "each unit once"),
    ],
)
def test_what_is_no_duration_is_told_how_one_is_written(text: str, says: str) -> None:
    """The message alone is enough to correct the mistake."""
    with pytest.raises(ValueError, match=says):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**15))
def test_what_is_formatted_is_read_back(microseconds: int) -> None:
    """To the microsecond, whatever the size."""
    seconds = microseconds / 1e6
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-6, rel=1e-15)


@given(st.text(max_size=40))
def test_no_text_makes_a_duration_or_a_ratio_fail_otherwise(text: str) -> None:
    """Text from a file gives a number or a sentence, nothing else."""
    for parse in (parse_duration, parse_ratio):
        with suppress(ValueError):
            assert parse(text) >= 0


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_what_cannot_be_waited_for_has_no_format(seconds: float) -> None:
    """Neither the past nor forever is a duration."""
    with pytest.raises(ValueError, match="is not a duration"):
        format_duration(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.8, "800ms"), (0.00025, "0.25ms"), (90, "1m30s"), (1.5, "1.5s"), (90_061, "1d1h1m1s")],
)
def test_durations_are_shown_in_the_units_people_use(seconds: float, text: str) -> None:
    """Large units first, no noise of floats."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "ratio"), [("99.9%", 0.999), (0.999, 0.999), ("0.5", 0.5), (1, 1.0), ("100%", 1.0), (0, 0)]
)
def test_a_ratio_is_a_percentage_or_a_fraction(value: str | float, ratio: float) -> None:
    """Both ways of writing give the same float."""
    assert parse_ratio(value) == ratio


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (99.9, "write 99.9% for a percentage"),
        ("101%", "at most 100%"),
        (True, "is written as"),
        ("most", "is written as"),
        (-0.1, "is"),
    ],
)
def test_what_is_no_ratio_is_told_how_one_is_written(value: str | float, says: str) -> None:
    """A percentage without its sign is the likely mistake, and named."""
    with pytest.raises(ValueError, match=says):
        parse_ratio(value)
