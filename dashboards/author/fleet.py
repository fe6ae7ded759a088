"""The fleet page: is anything wrong now, where, and on how many runs does that answer rest."""

from typing import Final

from dashboards.author.page import Page, Row, choice, graph_step
from dashboards.author.panel import (
    AVAILABILITY,
    COUNT,
    FEW_IS_GOOD,
    NONE_IS_GOOD,
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
    AGENT,
    EXCLUDED,
    FAILED,
    FLEET,
    OWNED,
    RANGE,
    RATE,
    RECORDED,
    availability,
    failed,
    failure_share,
    quantile,
    summed,
    valid,
    wilson,
)
from dashboards.author.shapes import COLOURED, columns, graph, grid, ordered, stat, table, timeline

PLACE: Final = "vendor, region"
OPEN: Final = f"max by (vendor, region, probe) (stability_outage_active{{{FLEET}}})"
NEVER_RAN: Final = (
    f"0 * stability_probe_interval_seconds{{{FLEET}}} + on (job, instance)"
    " group_left () stability_config_last_reload_success_timestamp_seconds"
)
AGE: Final = f"time() - (stability_probe_last_run_timestamp_seconds{{{FLEET}}} or {NEVER_RAN})"
ALLOWED_AGE: Final = f"3 * stability_probe_interval_seconds{{{FLEET}}} + stability_probe_deadline_seconds{{{FLEET}}}"
NONE: Final = words(none=(0, "none", "green"))
COMPARE: Final = "/d/stability-compare?${__url_time_range}&${datasource:queryparam}&var-vendor="
SERIES_TO_COMPARE: Final = link("Compare ${__field.labels.vendor}", COMPARE + "${__field.labels.vendor:percentencode}")
ROW_TO_COMPARE: Final = link("Compare this vendor", COMPARE + "${__data.fields.Vendor:percentencode}")


def _now() -> Row:
    return Row(
        "Is anything wrong now?",
        [
            stat(
                "Open outages",
                "Vendor, region and probe with three or more failed valid runs in a row and no success since. Red:"
                " *Regions* says where; open that vendor's status page and your own plan B.",
                f"sum({OPEN})",
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
            stat(
                "Firing alerts",
                "Alerts of the shipped rules that fire now, of all vendors. Red: each has a runbook; they are listed"
                " below.",
                'count(ALERTS{alertstate="firing",alertname=~"Stability.+"}) or vector(0)',
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
            stat(
                "Stale probes",
                "Probes whose last finished run is older than three intervals and a deadline, or that never ran since"
                " the configuration was loaded so long ago. Red: their figures are old; *Runs that never started* says"
                " why.",
                f"count({AGE} > {ALLOWED_AGE}) or vector(0)",
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
            stat(
                "Leaked resources",
                "What we rented, asked to be deleted and still own. Red: it costs money; `probe instances` names it,"
                " `probe sweep` tries again at once.",
                f'sum(stability_resources{{{OWNED},state="leaked"}}) or vector(0)',
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
            stat(
                "Availability",
                "Share of the valid runs in the range that succeeded. Runs that failed by our own fault do not count."
                " Red: *Regions* says whose, *Where runs fail* in which phase.",
                availability(FLEET),
                thresholds=AVAILABILITY,
                unit="percentunit",
                decimals=3,
            ),
            stat(
                "Availability, at least",
                "Lower end of its 95 % Wilson interval: what this many runs really prove. Too high inside an outage."
                " Red beside a green figure: measure longer or more often.",
                wilson(FLEET, end="-"),
                thresholds=AVAILABILITY,
                unit="percentunit",
                decimals=3,
            ),
            stat("Valid runs", "The sample behind the two figures to the left.", valid(FLEET), decimals=0),
            stat(
                "Excluded runs",
                "Share of all finished runs that are not held against a vendor: our own faults, throttling of our"
                " account, bad credentials, announced maintenance. Red: *Runs that were not ok* says which, and it is"
                " ours to mend.",
                f"{summed('stability_runs_total', f'{FLEET},{EXCLUDED}')}"
                f" / ({summed('stability_runs_total', FLEET)} > 0)",
                thresholds=(("green", None), ("orange", 0.01), ("red", 0.05)),
                unit="percentunit",
                decimals=2,
            ),
        ],
    )


def _where() -> Row:
    health = timeline(
        "Health by vendor and region",
        "Share of valid runs that succeeded in the 30 minutes before each moment, of the worst probe there:"
        " ok from 99 %, degraded from 90 %, trouble below. A gap means that nothing was measured. Red in one line only:"
        " the vendor; red in all: our own network, see the last row.",
        Query(
            expr=f"1 - max by ({PLACE})"
            f" (vendor_region_probe:stability_probe_failures_per_run:ratio_rate30m{{{RECORDED}}})",
            legend="{{vendor}} {{region}}",
        ),
        unit="percentunit",
        thresholds=(("red", None), ("orange", 0.9), ("green", 0.99)),
        mappings=bands(
            (None, 0.899999, "trouble", "red"), (0.9, 0.989999, "degraded", "orange"), (0.99, None, "ok", "green")
        ),
        links=[SERIES_TO_COMPARE],
    )
    return Row("Where?", [health, _regions()])


def _regions() -> Panel:
    began = f"max without (vantage, instance) (increase(stability_outages_total{{{FLEET}}}{RANGE}))"
    queries = (
        f"sum by ({PLACE}) ({OPEN})",
        availability(FLEET, PLACE),
        wilson(FLEET, PLACE, end="-"),
        valid(FLEET, PLACE),
        failed(FLEET, PLACE),
        f"sum by ({PLACE}) ({began})",
        f"time() - min by ({PLACE}) (stability_probe_last_success_timestamp_seconds{{{FLEET}}})",
    )
    judged = {"unit": "percentunit", "decimals": 3, "thresholds": steps(AVAILABILITY), "cell": COLOURED}
    return table(
        "Regions",
        "One row per vendor and region, worst first: open outages now, availability with its 95 % lower end, the runs"
        " behind it, outages that began in the range, and how long ago the probe that waits longest last succeeded."
        " Red: follow the vendor's link to compare it with the others.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("region", "Region"),
                ("Value #A", "Now"),
                ("Value #B", "Availability"),
                ("Value #C", "At least"),
                ("Value #D", "Valid runs"),
                ("Value #E", "Failed"),
                ("Value #F", "Outages"),
                ("Value #G", "Oldest success"),
            ),
            ordered("At least"),
        ],
        decimals=0,
        overrides=[
            override("Vendor", links=[ROW_TO_COMPARE]),
            override(
                "Now",
                mappings=bands((None, 0.5, "ok", "green"), (0.5, None, "outage", "red")),
                thresholds=steps(NONE_IS_GOOD),
                cell=COLOURED,
            ),
            override("Availability", **judged),
            override("At least", **judged),
            override("Oldest success", unit="s"),
        ],
    )


def _slowest() -> Panel:
    run, by = "stability_run_duration_seconds", "vendor, probe"
    p95 = quantile(0.95, run, FLEET, by)
    against = f"({p95}) / on (probe) group_left () (quantile by (probe) (0.5, {p95}) > 0)"
    queries = (summed(f"{run}_count", FLEET, by), quantile(0.5, run, FLEET, by), p95, against)
    return table(
        "Who is slow?",
        "Successful runs of each vendor's probes, and their p95 over that of the median vendor with the same probe:"
        " what is slowest for its kind stands first. Red: compare it with the others over time.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("probe", "Probe"),
                ("Value #A", "ok runs"),
                ("Value #B", "p50"),
                ("Value #C", "p95"),
                ("Value #D", "Against the median"),
            ),
            ordered("Against the median", descending=True),
        ],
        width=12,
        unit="s",
        overrides=[
            override("Vendor", links=[ROW_TO_COMPARE]),
            override("ok runs", unit=COUNT, decimals=0),
            override("Against the median", unit="none", decimals=2, thresholds=steps(TIMES), cell=COLOURED),
        ],
    )


def _how() -> Row:
    return Row(
        "How did it go?",
        [
            grid(
                "Failed share by vendor",
                "Failed per valid run at each step. A gap is a step without a valid run. Red: see *Where runs fail* for"
                " the phase, and the agent's own page for the vendor's words.",
                Query(expr=failure_share(FLEET, "vendor", over=RATE), legend="{{vendor}}"),
                thresholds=FEW_IS_GOOD,
                unit="percentunit",
                low=0,
                high=1,
                links=[SERIES_TO_COMPARE],
            ),
            grid(
                "Valid runs by vendor",
                "How many runs stand behind each colour on the left; the darker, the more.",
                Query(expr=valid(FLEET, "vendor", over=RATE), legend="{{vendor}}"),
                colour="continuous-blues",
                low=0,
                decimals=0,
            ),
            _slowest(),
            grid(
                "Median time until an instance is active",
                "From the create call to the vendor's first word that the instance runs; runs that got that far.",
                Query(
                    expr=quantile(
                        0.5, "stability_milestone_seconds", f'{FLEET},milestone="active"', "vendor", over=RATE
                    ),
                    legend="{{vendor}}",
                ),
                colour="continuous-purples",
                unit="s",
                low=0,
                links=[SERIES_TO_COMPARE],
                no_value="no lifecycle ran",
            ),
            graph(
                "Runs that were not ok, by blame and outcome",
                "Finished runs other than ok, whose fault they were and what happened. Only 'vendor' counts against"
                " a vendor.",
                Query(
                    expr=summed("stability_runs_total", f'{FLEET},blame!="none"', "blame, outcome", over=RATE),
                    legend="{{blame}}: {{outcome}}",
                ),
                bars=True,
                decimals=0,
            ),
            graph(
                "Runs that never started, by reason",
                "Slots of the schedule that were skipped: overlap, busy and late are ours to mend, quota and breaker"
                " protect the account.",
                Query(
                    expr=summed("stability_skipped_runs_total", FLEET, "reason", over=RATE),
                    legend="{{reason}}",
                ),
                bars=True,
                decimals=0,
            ),
        ],
    )


def _details() -> Row:
    phases = table(
        "Where runs fail",
        "The ten probes and phases with most runs that failed by the vendor's fault in the range.",
        Query(
            expr=f"topk(10, {summed('stability_failed_runs_total', f'{FLEET},{FAILED}', f'{PLACE}, probe, phase')})",
            instant=True,
            table=True,
        ),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("region", "Region"),
                ("probe", "Probe"),
                ("phase", "Phase"),
                ("Value", "Failed runs"),
            ),
            ordered("Failed runs", descending=True),
        ],
        width=12,
        decimals=0,
        overrides=[override("Vendor", links=[ROW_TO_COMPARE])],
    )
    owned = graph(
        "What we own",
        "Rented resources by state. Active ones come and go with every lifecycle; leaked ones must not be. *Renting and"
        " requests* has them by vendor.",
        Query(expr=f"sum by (state) (stability_resources{{{OWNED}}})", legend="{{state}}"),
        decimals=0,
    )
    alerts = table(
        "Alerts",
        "Alerts of the shipped rules, pending and firing, of all vendors.",
        Query(
            expr="max by (alertname, alertstate, severity, vendor, region, probe, instance)"
            ' (ALERTS{alertname=~"Stability.+"})',
            instant=True,
            table=True,
        ),
        transformations=columns(
            ("alertname", "Alert"),
            ("alertstate", "State"),
            ("severity", "Severity"),
            ("vendor", "Vendor"),
            ("region", "Region"),
            ("probe", "Probe"),
            ("instance", "Agent"),
            hidden=("Time", "Value"),
        ),
        no_value="none",
        height=6,
    )
    return Row("What failed, and what do we own?", [phases, owned, alerts])


def _honesty() -> Row:
    checks = timeline(
        "Our own network",
        "References that have nothing to do with any vendor: the gateway, resolvers, hosts. While most of them are"
        " silent, a vendor's failure that looks like a network's is ours. A gap means that nobody was asked. Red: look"
        " at the agent's own line; one that can never be reached from there is left out with `controls`.",
        Query(
            expr=f"min by (vantage, check) (stability_control_check_success{{{AGENT}}})",
            legend="{{vantage}} {{check}}",
        ),
        thresholds=(("red", None), ("green", 1)),
        mappings=words(silent=(0, "silent", "red"), answers=(1, "answers", "green")),
        decimals=0,
    )
    lags = (
        ("starts late", "stability_schedule_lateness_seconds"),
        ("loop late", "stability_loop_lag_seconds"),
        ("reads late", "stability_receive_lag_seconds"),
    )
    late = graph(
        "How late the agent is, p99",
        "How late runs start, how late the event loop wakes, and how long answers lie in the kernel before they are"
        " read. Latencies are the kernel's and do not suffer; above 0.25 s a failure counts as ours: overloaded.",
        *(Query(expr=quantile(0.99, metric, AGENT, over=RATE), legend=name) for name, metric in lags),
        unit="s",
    )
    own = graph(
        "Runs that were our own fault",
        "Finished runs of which the agent, its network or its machine was to blame: network, overloaded, bug. They"
        " count against nobody.",
        Query(
            expr=summed("stability_runs_total", f'{FLEET},blame="agent"', "outcome", over=RATE),
            legend="{{outcome}}",
        ),
        bars=True,
        decimals=0,
    )
    return Row("Can the agent be believed?", [checks, late, own])


def page() -> Page:
    """The fleet overview."""
    return Page(
        uid="stability-fleet",
        title="Cloud stability / Fleet overview",
        says="Is anything wrong with any cloud now, where, since when, and on how many runs does that answer rest?",
        since="now-24h",
        refresh="1m",
        selector=FLEET,
        variables=[
            choice("vendor", "Vendor"),
            choice("region", "Region", selector=',vendor=~"$vendor"'),
            choice("probe", "Probe", selector=',vendor=~"$vendor",region=~"$region"'),
            choice("vantage", "Vantage point", selector=',vendor=~"$vendor",region=~"$region"', everything=".*"),
            graph_step("5m"),
        ],
        rows=[_now(), _where(), _how(), _details(), _honesty()],
    )
