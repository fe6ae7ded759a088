"""The comparison page: which vendor is better at one thing, and can the runs so far tell at all."""

from typing import Final

from dashboards.author.page import Page, Row, choice, constant_choice, graph_step, single
from dashboards.author.panel import (
    AVAILABILITY,
    COUNT,
    FEW_IS_GOOD,
    TIMES,
    Panel,
    Query,
    bands,
    link,
    override,
    steps,
    words,
)
from dashboards.author.promql import (
    EXCLUDED,
    FAILED,
    LIFECYCLE,
    ONE_PROBE,
    RANGE,
    RATE,
    VALID,
    availability,
    failed,
    failure_share,
    quantile,
    ready_quantile,
    summed,
    valid,
    where_enough,
    wilson,
)
from dashboards.author.shapes import COLOURED, bar_chart, bar_gauge, columns, curve, grid, ordered, table

V: Final = "vendor"
RUN: Final = "stability_run_duration_seconds"
ENOUGH_FOR_P99: Final = 1000
FLEET_LINK: Final = link(
    "Fleet overview of this vendor",
    "/d/stability-fleet?${__url_time_range}&${datasource:queryparam}&var-vendor=${__data.fields.Vendor:percentencode}",
)
OUTAGES: Final = f"max without (vantage, instance) (increase(stability_outages_total{{{ONE_PROBE}}}{RANGE}))"
OUTAGE_SECONDS: Final = (
    f"max without (vantage, instance) (increase(stability_outage_seconds_total{{{ONE_PROBE}}}{RANGE}))"
)
FINE: Final = {"unit": "percentunit", "decimals": 3, "thresholds": steps(AVAILABILITY), "cell": COLOURED}

HOW_TO_READ: Final = """\
- **One probe at a time.** Choose it above: only like is compared with like. *What was compared* says what each vendor
  was asked for.
- **A figure is worth its n.** The interval (95 %, Wilson) says where the true share can lie. Faultless runs prove
  little: 144 of them only 97.4 %, 3,843 only 99.9 %. Failures come in blocks, so read the interval together with the
  number of outages.
- **Not told apart.** Vendors whose upper end reaches the best lower end are *among the best*: the runs so far cannot
  rank them.
- **Only valid runs count.** Our own faults, throttling, bad credentials and maintenance are left out; how many that
  were is shown.
- **Durations are of successful runs.** A run that timed out has none, so a vendor that fails looks faster: read them
  beside the failed share. *Ready within t* keeps failures in the denominator. p99 is shown from 1,000 runs on.
- **What is not measured:** outages shorter than the probe's interval, and everything that one account and one vantage
  point cannot see.
"""


def _leaderboard() -> Panel:
    best = f"({wilson(ONE_PROBE, V, end='+')}) >= bool scalar(max({wilson(ONE_PROBE, V, end='-')}))"
    queries = (
        best,
        availability(ONE_PROBE, V),
        wilson(ONE_PROBE, V, end="-"),
        wilson(ONE_PROBE, V, end="+"),
        valid(ONE_PROBE, V),
        failed(ONE_PROBE, V),
        f"sum by ({V}) ({OUTAGES})",
        f"sum by ({V}) ({OUTAGE_SECONDS})",
    )
    return table(
        "Who is more available?",
        "Sorted by the lower end of the 95 % Wilson interval, so that nobody leads by luck. 'Among the best' means that"
        " the runs so far cannot tell this vendor from the best one. Red or orange with few runs: measure longer before"
        " you move.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("Value #A", "Verdict"),
                ("Value #B", "Availability"),
                ("Value #C", "At least"),
                ("Value #D", "At most"),
                ("Value #E", "Valid runs"),
                ("Value #F", "Failed"),
                ("Value #G", "Outages"),
                ("Value #H", "Outage time"),
            ),
            ordered("At least", descending=True),
        ],
        decimals=0,
        overrides=[
            override("Vendor", links=[FLEET_LINK]),
            override(
                "Verdict",
                mappings=words(best=(1, "among the best", "green"), behind=(0, "behind the best", "orange")),
                cell=COLOURED,
            ),
            override("Availability", **FINE),
            override("At least", **FINE),
            override("At most", **FINE),
            override("Outage time", unit="s", decimals=1),
        ],
    )


def _durations() -> Panel:
    p99 = quantile(0.99, RUN, ONE_PROBE, V)
    queries = (
        summed(f"{RUN}_count", ONE_PROBE, V),
        *(quantile(q, RUN, ONE_PROBE, V) for q in (0.5, 0.9, 0.95)),
        where_enough(p99, RUN, ONE_PROBE, V, least=ENOUGH_FOR_P99),
    )
    headings = ("ok runs", "p50", "p90", "p95", "p99 (from 1,000 runs)")
    return table(
        "How fast are successful runs?",
        "Quantiles of the duration of ok runs and how many those are. Read them together with availability.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                *((f"Value #{ref}", heading) for ref, heading in zip("ABCDE", headings, strict=True)),
            ),
            ordered("p95"),
        ],
        width=12,
        unit="s",
        overrides=[
            override("Vendor", links=[FLEET_LINK]),
            override("ok runs", unit=COUNT, decimals=0),
            override("p99 (from 1,000 runs)", noValue="too few runs"),
        ],
    )


def _availability() -> Row:
    shares = (
        wilson(ONE_PROBE, V, end="-", of="failed"),
        failure_share(ONE_PROBE, V),
        wilson(ONE_PROBE, V, end="+", of="failed"),
    )
    return Row(
        "Who is more available?",
        [
            _leaderboard(),
            bar_chart(
                "Failed share with its 95 % interval",
                "Lower end, estimate and upper end of the failed share of valid runs. Where intervals of two vendors"
                " overlap, the runs cannot tell them apart.",
                *(Query(expr=expr, instant=True, table=True) for expr in shares),
                x="Vendor",
                transformations=columns(
                    ("vendor", "Vendor"), ("Value #A", "at least"), ("Value #B", "seen"), ("Value #C", "at most")
                ),
                unit="percentunit",
                decimals=2,
            ),
            bar_chart(
                "Failures by outcome",
                "Runs that failed by the vendor's fault per valid run, by what happened. 'capacity' is the vendor"
                " saying that it has no room.",
                Query(
                    expr=f"{summed('stability_runs_total', f'{ONE_PROBE},{FAILED}', 'vendor, outcome')}"
                    f" / on (vendor) group_left () ({valid(ONE_PROBE, V)} > 0)",
                    instant=True,
                    table=True,
                ),
                x="vendor\\outcome",
                stacked=True,
                transformations=[
                    {
                        "id": "groupingToMatrix",
                        "options": {"columnField": "outcome", "rowField": "vendor", "valueField": "Value"},
                    }
                ],
                unit="percentunit",
                decimals=2,
            ),
            grid(
                "Failed share over time",
                "Failed per valid run at each step. A gap is a step without a valid run. Red in one line: that vendor;"
                " red in all: our own network.",
                Query(expr=failure_share(ONE_PROBE, V, over=RATE), legend="{{vendor}}"),
                thresholds=FEW_IS_GOOD,
                unit="percentunit",
                low=0,
                high=1,
            ),
            grid(
                "Valid runs over time",
                "How many runs stand behind each colour on the left; the darker, the more.",
                Query(expr=valid(ONE_PROBE, V, over=RATE), legend="{{vendor}}"),
                colour="continuous-blues",
                low=0,
                decimals=0,
            ),
            *_outages(),
        ],
    )


def _outages() -> list[Panel]:
    each = f"(sum by ({V}) ({OUTAGES}) > 0)"
    good = f"count by ({V}) (max without (vantage, instance) (stability_outages_total{{{ONE_PROBE}}})) * $__range_s"
    spent = f"max by ({V}) (stability_probe_objective_availability_ratio{{{ONE_PROBE}}})"
    return [
        bar_gauge(
            "Error budget spent",
            "Failures in the range as a share of those that the availability objective allows in it; from 100 % on the"
            " objective is missed. Red: the contract's promise, if it is the same, is broken. Needs an objective for"
            " this probe.",
            Query(
                expr=f"{failure_share(ONE_PROBE, V)} / on (vendor) ((1 - {spent}) > 0)",
                legend="{{vendor}}",
                instant=True,
            ),
            thresholds=(("green", None), ("orange", 0.75), ("red", 1.0)),
            unit="percentunit",
            decimals=0,
            no_value="no objective",
        ),
        bar_gauge(
            "Mean time to recover",
            "Outage time per outage that began in the range. An outage is three failed valid runs in a row, until the"
            " next success.",
            Query(expr=f"sum by ({V}) ({OUTAGE_SECONDS}) / {each}", legend="{{vendor}}", instant=True),
            unit="s",
            decimals=1,
            no_value="no outage",
        ),
        bar_gauge(
            "Mean time between outages",
            "Good time per outage that began in the range, summed over regions.",
            Query(expr=f"({good} - sum by ({V}) ({OUTAGE_SECONDS})) / {each}", legend="{{vendor}}", instant=True),
            unit="s",
            decimals=1,
            no_value="no outage",
        ),
    ]


def _speed() -> Row:
    p95 = quantile(0.95, RUN, ONE_PROBE, V, over=RATE)
    p50 = quantile(0.5, RUN, ONE_PROBE, V, over=RATE)
    return Row(
        "Who is faster?",
        [
            _durations(),
            bar_gauge(
                "Fast enough",
                "Share of valid runs that succeeded within the latency objective. Red: the vendor or the objective is"
                " too slow. Needs a latency objective for this probe.",
                Query(
                    expr=f"{summed('stability_fast_runs_total', ONE_PROBE, V)} / ({valid(ONE_PROBE, V)} > 0)",
                    legend="{{vendor}}",
                    instant=True,
                ),
                thresholds=(("red", None), ("orange", 0.95), ("green", 0.99)),
                unit="percentunit",
                decimals=2,
                high=1,
                width=12,
                no_value="no latency objective",
            ),
            grid(
                "p95 over time",
                "95th percentile of successful runs at each step; the darker, the slower.",
                Query(expr=p95, legend="{{vendor}}"),
                colour="continuous-purples",
                unit="s",
                low=0,
                width=8,
            ),
            grid(
                "Predictability (p95 / p50)",
                "How far the tail lies from the typical successful run; 1 would be perfectly even, the darker, the less"
                " so.",
                Query(expr=f"{p95} / {p50}", legend="{{vendor}}"),
                colour="continuous-purples",
                unit="none",
                decimals=2,
                low=1,
                width=8,
            ),
            grid(
                "p95 against the median vendor",
                "Each vendor's p95 over the median vendor's: swings that all share (our network, the time of day)"
                " cancel out. Red: three times as long as the median vendor at the same time.",
                Query(expr=f"({p95}) / scalar(quantile(0.5, {p95}))", legend="{{vendor}}"),
                thresholds=TIMES,
                unit="none",
                decimals=2,
                low=0,
                width=8,
            ),
        ],
    )


def _lifecycle() -> Row:
    reached = f'{LIFECYCLE},milestone="$milestone",le!="+Inf"'
    within = summed("stability_milestone_seconds_bucket", reached, "vendor, le")
    x = "le\\vendor"
    never = bands((1800, None, "not within 30 min", "red"))
    return Row(
        "Who gives an instance sooner?",
        [
            curve(
                "Ready within t",
                "Share of all valid lifecycles that had reached the milestone t seconds after the create call. Failed"
                " and timed-out runs never get there and stay in the denominator.",
                Query(
                    expr=f"{within} / on (vendor) group_left () ({valid(LIFECYCLE, V)} > 0)",
                    legend="{{vendor}}",
                    instant=True,
                    table=True,
                ),
                x=x,
                transformations=[
                    {"id": "convertFieldType", "options": {"conversions": [_number("le")], "fields": {}}},
                    {
                        "id": "groupingToMatrix",
                        "options": {"columnField": "vendor", "rowField": "le", "valueField": "Value"},
                    },
                    {"id": "convertFieldType", "options": {"conversions": [_number(x)], "fields": {}}},
                    ordered(x),
                ],
                unit="percentunit",
                low=0,
                high=1,
                no_value="no lifecycle ran",
            ),
            table(
                "Time until ready, failures included",
                "Quantiles of the curve on the left and the lifecycles behind them: the time within which half, and 95"
                " of 100, of all valid lifecycles were ready. Red: so many failed that the time does not exist.",
                Query(expr=valid(LIFECYCLE, V), instant=True, table=True),
                Query(expr=ready_quantile(0.5, V), instant=True, table=True),
                Query(expr=ready_quantile(0.95, V), instant=True, table=True),
                transformations=[
                    *columns(
                        ("vendor", "Vendor"), ("Value #A", "Valid runs"), ("Value #B", "Half"), ("Value #C", "95 %")
                    ),
                    ordered("Half"),
                ],
                width=12,
                unit="s",
                overrides=[
                    override("Vendor", links=[FLEET_LINK]),
                    override("Valid runs", unit=COUNT, decimals=0),
                    override("Half", mappings=never),
                    override("95 %", mappings=never),
                ],
                no_value="no lifecycle ran",
            ),
            bar_chart(
                "Mean time per phase",
                "Where an instance's life goes, of phases that were finished. Means add up; percentiles would not.",
                Query(
                    expr=f"{_phase('sum')} / ({_phase('count')} > 0)",
                    instant=True,
                    table=True,
                ),
                x="vendor\\phase",
                stacked=True,
                transformations=[
                    {
                        "id": "groupingToMatrix",
                        "options": {"columnField": "phase", "rowField": "vendor", "valueField": "Value"},
                    }
                ],
                unit="s",
                width=24,
                no_value="no lifecycle ran",
            ),
        ],
    )


def _phase(part: str) -> str:
    return summed(f"stability_lifecycle_phase_duration_seconds_{part}", LIFECYCLE, "vendor, phase")


def _number(name: str) -> dict[str, str]:
    return {"targetField": name, "destinationType": "number"}


def _basis() -> Row:
    finished = summed("stability_runs_total", ONE_PROBE, V)
    due = f"({summed('stability_due_runs_total', ONE_PROBE, V)} > 0)"
    excluded = summed("stability_runs_total", f"{ONE_PROBE},{EXCLUDED}", V)
    queries = (
        due,
        finished,
        summed("stability_runs_total", f"{ONE_PROBE},{VALID}", V),
        f"{excluded} / ({finished} > 0)",
        f"clamp_max({finished} / {due}, 1)",  # each increase is extrapolated for itself
    )
    share = {"unit": "percentunit", "decimals": 2, "cell": COLOURED}
    ours = steps((("green", None), ("orange", 0.01), ("red", 0.05)))
    kept = steps((("red", None), ("orange", 0.95), ("green", 0.99)))
    return Row(
        "What does this rest on?",
        [
            table(
                "Runs behind this page",
                "Slots that came due, runs that finished, those that were valid, the excluded share and how much of the"
                " schedule was kept. A vendor must not win because we could not measure it. Red: the failures or the"
                " load are ours; the fleet overview says which.",
                *(Query(expr=expr, instant=True, table=True) for expr in queries),
                transformations=columns(
                    ("vendor", "Vendor"),
                    ("Value #A", "Due"),
                    ("Value #B", "Finished"),
                    ("Value #C", "Valid"),
                    ("Value #D", "Excluded"),
                    ("Value #E", "Schedule kept"),
                ),
                width=12,
                decimals=0,
                overrides=[
                    override("Excluded", **share, thresholds=ours),
                    override("Schedule kept", **share, thresholds=kept),
                ],
            ),
            table(
                "What was compared",
                "What each vendor was asked for and on which clock it was timed: a difference here is a difference in"
                " the figures above.",
                Query(
                    expr=f"max by (vendor, region, kind, spec, clock) (stability_probe_info{{{ONE_PROBE}}})",
                    instant=True,
                    table=True,
                ),
                transformations=columns(
                    ("vendor", "Vendor"),
                    ("region", "Region"),
                    ("kind", "Kind"),
                    ("spec", "Asked for"),
                    ("clock", "Clock"),
                    hidden=("Time", "Value"),
                ),
                width=12,
            ),
            Panel(
                title="How to read this page",
                says="The method in six points.",
                kind="text",
                width=24,
                height=8,
                options={"mode": "markdown", "content": HOW_TO_READ},
            ),
        ],
    )


def page() -> Page:
    """The comparison of vendors."""
    return Page(
        uid="stability-compare",
        title="Cloud stability / Vendor comparison",
        says="Which vendor is more available, faster, sooner ready, and do the runs so far suffice to tell?",
        since="now-7d",
        refresh="5m",
        selector=ONE_PROBE,
        variables=[
            single("probe", "Probe"),
            single("lifecycle", "Lifecycle probe", selector=',kind="lifecycle"', among="probe"),
            constant_choice("custom", "milestone", "Ready means", ("active", "reachable", "accepted"), "active")
            | {"multi": False, "includeAll": False},
            choice("vendor", "Vendor", selector=',probe=~"$probe|$lifecycle"'),
            choice("region", "Region", selector=',vendor=~"$vendor"'),
            choice("vantage", "Vantage point", selector=',vendor=~"$vendor",region=~"$region"', everything=".*"),
            graph_step("30m"),
        ],
        rows=[_availability(), _speed(), _lifecycle(), _basis()],
    )
