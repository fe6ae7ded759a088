import math

import pytest
from hypothesis import given
from hypothesis import strategies as some
from prometheus_client.exposition import choose_encoder

from probe.exposition.formats import Format, bound, encoded, escaped, gzip_accepted, label_text, negotiated, number

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@given(some.floats())
def test_a_number_is_read_back_as_itself(value: float) -> None:
    """Neither format loses a bit of a value."""
    read = float(number(value))
    assert read == value or (math.isnan(read) and math.isnan(value))


@pytest.mark.parametrize(("value", "told"), [(3.0, "3"), (0.1, "0.1"), (math.inf, "+Inf"), (-math.inf, "-Inf")])
def test_whole_numbers_are_told_short(value: float, told: str) -> None:
    """Most samples are counts; they need no decimals."""
    assert number(value) == told


def test_the_bounds_of_buckets_look_like_floats() -> None:
    """OpenMetrics wants `1.0`; the same in both formats, or a scrape in the other would start new series."""
    assert [bound(1), bound(0.0005), bound(math.inf)] == ["1.0", "0.0005", "+Inf"]


def test_label_values_cannot_break_out() -> None:
    """Quotes, backslashes and line ends stay inside the value."""
    assert escaped('a"b\\c\nd') == r"a\"b\\c\nd"
    assert label_text(("x", "y"), ("1", 'q"')) == r'x="1",y="q\""'


def test_half_a_character_does_not_stop_a_scrape() -> None:
    """A name that is not valid Unicode becomes a question mark."""
    assert encoded("a\ud800b") == b"a?b"


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain",
        "text/plain;version=0.0.4",
        "text/html,application/xhtml+xml",
        "application/openmetrics-text",
        "application/openmetrics-text;version=1.0.0",
        PROMETHEUS_2,
        PROMETHEUS_3,
    ],
)
def test_the_format_is_the_one_prometheus_client_would_choose(accept: str) -> None:
    """Scrapers meet the same negotiation as with every other Python exporter."""
    _, content_type = choose_encoder(accept)
    assert negotiated(accept).value.split(";")[0] == content_type.split(";")[0]


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, Format.PLAIN),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", Format.PLAIN),
        ("application/openmetrics-text;version=2.0.0", Format.PLAIN),
        ("application/openmetrics-text;q=nonsense", Format.PLAIN),
        ("application/vnd.google.protobuf;proto=x;encoding=delimited,text/plain;q=0.1", Format.PLAIN),
    ],
)
def test_weights_are_honoured_and_what_we_do_not_speak_is_passed_over(accept: str | None, wanted: Format) -> None:
    """We promise only what we send."""
    assert negotiated(accept) is wanted


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [(None, False), ("gzip", True), ("deflate, GZIP;q=0.5", True), ("gzip;q=0", False), ("identity", False)],
)
def test_gzip_is_used_where_it_is_read(accepted: str | None, wanted: bool) -> None:  # noqa: FBT001 - a table of truth
    """Weight 0 is a refusal."""
    assert gzip_accepted(accepted) is wanted
