"""The PromQL that several panels share, so that two of them cannot mean different things by one word.

The unit of account is the run. A *valid* run is one whose fault, if there was one, is the vendor's; availability is
ok / valid. `RANGE` and `RATE` are the only two ranges that a panel may use: Grafana fills them in.
"""

from typing import Final

RANGE: Final = "[$__range]"
"""The selected range: for figures that stand for all of it."""
RATE: Final = "[$__rate_interval]"
"""The step of a graph, and never less than four scrapes."""

PLATFORM: Final = 'layer="platform"'
FLEET: Final = f'{PLATFORM},vendor=~"$vendor",region=~"$region",probe=~"$probe",vantage=~"$vantage"'
"""What the fleet page looks at: vendor probes only; `vantage` may be absent, its "All" is `.*`."""
ONE_PROBE: Final = f'{PLATFORM},vendor=~"$vendor",region=~"$region",probe="$probe",vantage=~"$vantage"'
"""What the comparison looks at: one probe, because only like is compared with like."""
LIFECYCLE: Final = f'{PLATFORM},vendor=~"$vendor",region=~"$region",probe="$lifecycle",vantage=~"$vantage"'
"""The lifecycle probe of the comparison; its variable lists probes of that kind, whatever their names."""
RECORDED: Final = 'vendor=~"$vendor",region=~"$region",probe=~"$probe"'
"""Recorded series: vantage points are already summed, the layer already chosen."""
OWNED: Final = 'vendor=~"$vendor",region=~"$region",vantage=~"$vantage"'
"""Series of a vendor and region as a whole: what we rent there."""

AGENT: Final = 'vantage=~"$vantage"'
"""Series of the agents themselves."""

VALID: Final = 'blame=~"none|vendor"'
FAILED: Final = 'blame="vendor"'
EXCLUDED: Final = 'blame=~"agent|customer|excused"'


def summed(metric: str, selector: str, by: str = "", *, over: str = RANGE, rate: str = "increase") -> str:
    """Sum of the *rate* of a counter, by the labels *by* (comma-separated; empty for one figure)."""
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} ({rate}({metric}{{{selector}}}{over}))"


def valid(selector: str, by: str = "", *, over: str = RANGE) -> str:
    """Number of valid runs: the n beside every share."""
    return summed("stability_runs_total", f"{selector},{VALID}", by, over=over)


def failed(selector: str, by: str = "", *, over: str = RANGE) -> str:
    """Number of runs that failed by the vendor's fault."""
    return summed("stability_runs_total", f"{selector},{FAILED}", by, over=over)


def failure_share(selector: str, by: str = "", *, over: str = RANGE) -> str:
    """Failed per valid run, 0 to 1; absent where there was no valid run."""
    return f"{failed(selector, by, over=over)} / ({valid(selector, by, over=over)} > 0)"


def availability(selector: str, by: str = "", *, over: str = RANGE) -> str:
    """Share of valid runs that succeeded, 0 to 1; absent where there was no valid run."""
    return f"1 - {failure_share(selector, by, over=over)}"


def wilson(selector: str, by: str = "", *, end: str, of: str = "ok") -> str:
    """The lower (`end="-"`) or upper (`end="+"`) end of the 95 % Wilson interval of a share of valid runs.

    *of* is `ok` for availability or `failed` for the failing share. z = 1.96: 3.8416 is its square, 1.9208 half of it,
    0.9604 a quarter.
    """
    runs = f"({valid(selector, by)} > 0)"
    fails = f"({failed(selector, by)} / {runs})"
    share = f"(1 - {fails})" if of == "ok" else fails
    spread = f"1.96 * sqrt((1 - {fails}) * {fails} / {runs} + 0.9604 / {runs} ^ 2)"
    return f"clamp(({share} + 1.9208 / {runs} {end} {spread}) / (1 + 3.8416 / {runs}), 0, 1)"


def quantile(q: float, histogram: str, selector: str, by: str = "", *, over: str = RANGE) -> str:
    """A quantile of a histogram, in the histogram's unit (seconds); never over probes, their durations differ."""
    labels = f"{by}, le" if by else "le"
    rate = "increase" if over == RANGE else "rate"
    return f"histogram_quantile({q:g}, {summed(f'{histogram}_bucket', selector, labels, over=over, rate=rate)})"


def where_enough(expression: str, histogram: str, selector: str, by: str, *, least: int) -> str:
    """*expression* only where at least *least* observations stand behind it."""
    return f"{expression} and on ({by}) ({summed(f'{histogram}_count', selector, by)} >= {least})"


def ready_quantile(q: float, by: str) -> str:
    """The time, in seconds, by which a share *q* of all valid lifecycles had reached the milestone.

    Runs that never got there stay in the denominator as the mass of `+Inf`; when the quantile lies there, the answer
    is the last finite bound, 1800 s.
    """
    reached = f'{LIFECYCLE},milestone="$milestone",le!="+Inf"'
    buckets = summed("stability_milestone_seconds_bucket", reached, f"{by}, le")
    everything = f'label_replace({valid(LIFECYCLE, by)}, "le", "+Inf", "", "")'
    return f"histogram_quantile({q:g}, {buckets} or {everything})"
