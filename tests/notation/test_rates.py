"""Rates as people write them."""

import pytest

from probe.notation.rates import Rate, parse_rate


@pytest.mark.parametrize(
    ("text", "count", "seconds"),
    [("20/s", 20, 1.0), ("100/m", 100, 60.0), ("3600/h", 3600, 3600.0), ("5/10s", 5, 10.0), ("1/1h30m", 1, 5400.0)],
)
def test_a_rate_is_a_count_and_a_time(text: str, count: int, seconds: float) -> None:
    """A unit alone stands for one of it; what is printed can be read back."""
    assert parse_rate(text) == Rate(count, seconds)
    assert parse_rate(str(parse_rate(text))) == Rate(count, seconds)
    assert parse_rate(text).per_second == pytest.approx(count / seconds)


@pytest.mark.parametrize("text", ["", "5", "5/", "/s", "-1/s", "0/s", "5/0s", "5/x", "5.5/s", "fast", "1/s/s", "9" * 9])
def test_what_is_none_says_what_one_looks_like(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"write 20/s, 100/m or 3600/h"):
        parse_rate(text)
