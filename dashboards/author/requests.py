"""The row about requests: how much of the vendors' APIs is left to us, and what asking costs in waiting."""

from typing import Final

from dashboards.author.page import Row
from dashboards.author.panel import FEW_IS_GOOD, Panel, Query, link, override, steps
from dashboards.author.promql import OWNED, RATE, summed
from dashboards.author.shapes import COLOURED, columns, graph, grid, ordered, table

PLACE: Final = "vendor, region"
REQUESTS: Final = "stability_api_requests_total"
FLEET_LINK: Final = link(
    "Fleet overview of this vendor",
    "/d/stability-fleet?${__url_time_range}&${datasource:queryparam}&var-vendor=${__data.fields.Vendor:percentencode}",
)


def row() -> Row:
    """Limits, what is left of them, and what we ask."""
    left = f"min by ({PLACE}) (stability_api_budget_remaining{{{OWNED}}} / (stability_api_budget_limit{{{OWNED}}} > 0))"
    throttled = f'{REQUESTS}{{{OWNED},code="429"}}'
    return Row(
        "How much of the vendors' APIs is left to us?",
        [
            _requests(left),
            grid(
                "Share of the request budget left",
                "Requests left over requests allowed in the vendor's current window, as the vendor states them; it"
                " jumps back when a window ends. Red: whoever shares the account is using it up; lower `limits` of the"
                " vendor entry or run probes less often.",
                Query(expr=left, legend="{{vendor}} {{region}}"),
                thresholds=(("red", None), ("orange", 0.1), ("green", 0.25)),
                unit="percentunit",
                low=0,
                high=1,
                no_value="no vendor states a limit",
            ),
            grid(
                "Share of requests that were throttled",
                "Answers 429 (or what the vendor says instead) per request. Red: the budget of the vendor entry"
                " (`limits`) is higher than what the account really has.",
                Query(
                    expr=f"sum by ({PLACE}) (increase({throttled}{RATE}))"
                    f" / ({summed(REQUESTS, OWNED, PLACE, over=RATE)} > 0)",
                    legend="{{vendor}} {{region}}",
                ),
                thresholds=FEW_IS_GOOD,
                unit="percentunit",
                low=0,
                high=1,
            ),
            grid(
                "Time spent waiting for our own budget",
                "Seconds per second that calls stood in line so that the account keeps within its rate; above 1 several"
                " calls wait at once. No latency has it in it, but a deadline can be reached in it (throttled).",
                Query(
                    expr=summed("stability_api_budget_wait_seconds_total", OWNED, PLACE, over=RATE, rate="rate"),
                    legend="{{vendor}} {{region}}",
                ),
                colour="continuous-blues",
                unit="none",
                decimals=2,
                low=0,
                no_value="no call waited",
            ),
            graph(
                "Answers to our calls, by class",
                "Every attempt counts, also those that were tried again. error is no answer at all.",
                Query(expr=summed(REQUESTS, OWNED, "code", over=RATE), legend="{{code}}"),
                bars=True,
                decimals=0,
            ),
        ],
    )


def _requests(left: str) -> Panel:
    asked = summed(REQUESTS, OWNED, PLACE)
    spent = "stability_api_request_duration_seconds"
    queries = (
        left,
        f"min by ({PLACE}) (stability_api_budget_remaining{{{OWNED}}})",
        f"max by ({PLACE}) (stability_api_budget_limit{{{OWNED}}})",
        f"clamp_min(max by ({PLACE}) (stability_api_budget_reset_timestamp_seconds{{{OWNED}}}) - time(), 0)",
        asked,
        *(
            f"{summed(REQUESTS, f'{OWNED},{answered}', PLACE)} / ({asked} > 0)"
            for answered in ('code="429"', 'code=~"5xx|error"')
        ),
        f"{summed(f'{spent}_sum', OWNED, PLACE)} / ({summed(f'{spent}_count', OWNED, PLACE)} > 0)",
        summed("stability_api_budget_wait_seconds_total", OWNED, PLACE),
        summed("stability_unmatched_errors_total", OWNED, PLACE),
    )
    headings = (
        "Left",
        "Remaining",
        "Limit",
        "Window ends in",
        "Requests",
        "Throttled",
        "Failed",
        "Mean answer",
        "Waited for budget",
        "Unknown errors",
    )
    share = {"unit": "percentunit", "decimals": 1, "cell": COLOURED}
    return table(
        "Every account's requests",
        "One row per vendor and region, least left first: the vendor's own statement of our limit (blank where it makes"
        " none), and in the range how often we asked, how often we were throttled or got nothing, how long answers took"
        " and calls waited. Red: ask less often or ask the vendor for more. Unknown errors: add a rule to the vendor"
        " file.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("region", "Region"),
                *((f"Value #{ref}", heading) for ref, heading in zip("ABCDEFGHIJ", headings, strict=True)),
            ),
            ordered("Left"),
        ],
        height=10,
        decimals=0,
        overrides=[
            override("Vendor", links=[FLEET_LINK]),
            override("Left", **share, thresholds=steps((("red", None), ("orange", 0.1), ("green", 0.25)))),
            override("Window ends in", unit="s"),
            override("Throttled", **share, thresholds=steps(FEW_IS_GOOD)),
            override("Failed", **share, thresholds=steps(FEW_IS_GOOD)),
            override("Mean answer", unit="s", decimals=2),
            override("Waited for budget", unit="s", decimals=1),
            override("Unknown errors", thresholds=steps((("green", None), ("orange", 1.0))), cell=COLOURED),
        ],
    )
