from probe.exposition.children import Exemplar, Histogram, Layout, Totals, Value
from probe.exposition.formats import Format

RUN = Exemplar("run-1", 0.2, 1_800_000_000.5)


def test_a_value_is_rendered_again_only_when_it_changed() -> None:
    """A scrape of what stood still costs a look into memory."""
    value = Value("runs_total", 'a="b"')
    first = value.render(Format.PLAIN)
    assert first == b'runs_total{a="b"} 0\n'
    value.set(0.0)
    assert value.render(Format.PLAIN) is first
    value.increase(2)
    assert value.render(Format.PLAIN) == b'runs_total{a="b"} 2\n'


def test_a_value_without_labels_has_no_braces() -> None:
    """As every other exporter writes it."""
    assert Value("errors_total", "").render(Format.OPEN) == b"errors_total 0\n"


def test_exemplars_are_told_in_openmetrics_only() -> None:
    """The plain format has no place for them."""
    value = Value("runs_total", "")
    value.increase(exemplar=RUN)
    assert value.render(Format.PLAIN) == b"runs_total 1\n"
    assert value.render(Format.OPEN) == b'runs_total 1 # {run_id="run-1"} 0.2 1800000000.5\n'


def test_an_exemplar_that_is_too_long_is_left_out() -> None:
    """OpenMetrics allows 128 characters; more would spoil the whole scrape."""
    value = Value("runs_total", "")
    value.increase(exemplar=Exemplar("x" * 123, 1.0, 1.0))
    assert value.render(Format.OPEN) == b"runs_total 1\n"


def test_buckets_are_cumulative_and_agree_with_the_count() -> None:
    """A value on a bound belongs to the bucket that ends there, as Prometheus's `le` says."""
    histogram = Histogram(Layout("took_seconds", (0.1, 1)), 'a="b"')
    for seconds in (0.05, 0.1, 0.5, 9.0):
        histogram.observe(seconds)
    assert histogram.render(Format.PLAIN).decode().splitlines() == [
        'took_seconds_bucket{a="b",le="0.1"} 2',
        'took_seconds_bucket{a="b",le="1.0"} 3',
        'took_seconds_bucket{a="b",le="+Inf"} 4',
        'took_seconds_count{a="b"} 4',
        'took_seconds_sum{a="b"} 9.65',
    ]


def test_a_bucket_keeps_the_newest_run_that_fell_into_it() -> None:
    """From a slow bucket one gets to the log line of a slow run."""
    histogram = Histogram(Layout("took_seconds", (0.1, 1)), "")
    histogram.observe(0.2, Exemplar("old", 0.2, 1.0))
    histogram.observe(0.2, RUN)
    lines = histogram.render(Format.OPEN).decode().splitlines()
    assert lines[0] == 'took_seconds_bucket{le="0.1"} 0'
    assert lines[1] == 'took_seconds_bucket{le="1.0"} 2 # {run_id="run-1"} 0.2 1800000000.5'
    assert "#" not in histogram.render(Format.PLAIN).decode()


def test_totals_tell_how_many_and_how_much() -> None:
    """A summary without quantiles gives a mean per operation for two series."""
    totals = Totals("call_seconds", 'op="list"')
    totals.observe(0.5)
    totals.observe(0.25)
    assert totals.render(Format.OPEN) == b'call_seconds_count{op="list"} 2\ncall_seconds_sum{op="list"} 0.75\n'
