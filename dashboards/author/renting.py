"""The renting page: what we own and what it costs, what stops us, and how much of the vendors' APIs is left to us."""

from typing import Any, Final

from dashboards.author import requests
from dashboards.author.page import Page, Row, choice, graph_step
from dashboards.author.panel import (
    COUNT,
    MONEY,
    NONE_IS_GOOD,
    Panel,
    Query,
    override,
    steps,
    words,
)
from dashboards.author.promql import AGENT, OWNED, PLATFORM, RATE, quantile, summed
from dashboards.author.requests import FLEET_LINK, PLACE
from dashboards.author.shapes import COLOURED, bar_chart, columns, graph, ordered, stat, table, timeline

RUNS: Final = f"{PLATFORM},{OWNED}"
REFUSED: Final = f'{RUNS},reason=~"quota|budget|breaker"'
"""Slots that a guard, a breaker or the request budget kept from becoming runs."""
NONE: Final = words(none=(0, "none", "green"))
SWEEP_LATE: Final = 900.0
"""Seconds without a good sweep after which the shipped alert fires."""
DAY: Final = 86_400


def _breakers(by: str) -> str:
    """Why nothing is rented, as one number: 4 leaks, 3 deletes, 2 denied, 1 quota, 0 nothing."""
    ranks = (("leaks", 4), ("deletes", 3), ("denied", 2), ("quota", 1))
    told = (f'{rank} * stability_breaker_open{{{OWNED},cause="{cause}"}}' for cause, rank in ranks)
    return f"max by ({by}) ({' or '.join(told)})"


RENTS: Final = words(
    rents=(0, "rents", "green"),
    quota=(1, "stopped: quota", "orange"),
    denied=(2, "stopped: denied", "orange"),
    deletes=(3, "stopped: deletes", "red"),
    leaks=(4, "stopped: leaks", "red"),
)


def _safe() -> Row:
    written = " + ".join(
        f"({summed(name, AGENT)})" for name in ("stability_store_write_errors_total", "stability_wrong_moves_total")
    )
    return Row(
        "Does anything stay that we pay for?",
        [
            stat(
                "Leaked now",
                "What we asked to be deleted and still own. Red: `probe instances` names it, `probe sweep` tries again"
                " at once; what stays is deleted in the vendor's console.",
                f'sum(stability_resources{{{OWNED},state="leaked"}}) or vector(0)',
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
            stat(
                "Oldest thing we own",
                "Age of the oldest lease. It should stay below the lease of the guards (30 min by default). Red: the"
                " sweeper cannot get rid of it; `probe sweep --dry-run` says why.",
                f"max(stability_oldest_resource_age_seconds{{{OWNED}}}) or vector(0)",
                thresholds=(("green", None), ("orange", 1800.0), ("red", 3600.0)),
                unit="s",
                decimals=0,
            ),
            stat(
                "Vendors not rented from",
                "Vendor regions at which a breaker is open, for whatever cause. Red: see the cause in the table below;"
                " leaks and deletes close it by being cleared, denied and quota when an order goes through again.",
                f"sum(max by ({PLACE}) (stability_breaker_open{{{OWNED}}})) or vector(0)",
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
            stat(
                "Last good sweep",
                "How long ago the agent that waits longest last compared its ledger with every vendor's inventory."
                " Red: the log says which vendor could not be asked, and why.",
                f"time() - min(stability_sweep_last_success_timestamp_seconds{{{AGENT}}})",
                thresholds=(("green", None), ("orange", SWEEP_LATE / 2), ("red", SWEEP_LATE)),
                unit="s",
                decimals=0,
                no_value="no good sweep yet",
            ),
            stat(
                "Alive",
                "Everything rented at this moment: in use, being deleted, and leaked.",
                f"sum(stability_resources{{{OWNED}}}) or vector(0)",
                decimals=0,
            ),
            stat(
                "Cost in the range",
                "What everything rented cost, by the prices of the configuration, estimated upwards and by currency."
                " Prices are written under `prices` of a vendor entry.",
                summed("stability_estimated_cost_total", OWNED, "currency"),
                legend="{{currency}}",
                unit=MONEY,
                decimals=2,
                no_value="no prices",
            ),
            stat(
                "Cost per day",
                "The same as a rate: what a day costs if it goes on as in the range. More than planned? Lower"
                " `spend_per_day` of the guards, or let the probes run less often.",
                f"{summed('stability_estimated_cost_total', OWNED, 'currency')} / $__range_s * {DAY}",
                legend="{{currency}}",
                unit=MONEY,
                decimals=2,
                no_value="no prices",
            ),
            stat(
                "Ledger trouble",
                "Writes to the ledger that failed, and moves of leases that must not be, in the range. Red: look at the"
                " disk or the database and at the log; nothing is rented while nothing can be written down.",
                written,
                thresholds=NONE_IS_GOOD,
                mappings=NONE,
                decimals=0,
            ),
        ],
    )


def _owned() -> Panel:
    counts = (
        f'sum by ({PLACE}) (stability_resources{{{OWNED},state="{s}"}})' for s in ("leaked", "deleting", "active")
    )
    moved = (summed(f"stability_resources_{what}_total", OWNED, PLACE) for what in ("created", "deleted", "leaked"))
    age = f"max by ({PLACE}) (stability_oldest_resource_age_seconds{{{OWNED}}})"
    refused = summed("stability_skipped_runs_total", REFUSED, PLACE)
    left = f"sum by ({PLACE}) (stability_residuals{{{OWNED}}})"
    headings = (
        "Renting",
        "Leaked",
        "Being deleted",
        "In use",
        "Oldest",
        "Came along",
        "Rented",
        "Given back",
        "Once leaked",
        "Refused",
    )
    return table(
        "Every vendor's account",
        "One row per vendor and region, leaks first: whether anything is rented there, what is owned now (also what"
        " came along and is not known to be gone), and in the range what was rented, given back, not gone in time"
        " (instances, and volumes or addresses that came with them), and refused by a guard. Red: clear what leaked"
        " with `probe sweep`; a refusal counts against nobody.",
        *(
            Query(expr=expr, instant=True, table=True)
            for expr in (_breakers(PLACE), *counts, age, left, *moved, refused)
        ),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("region", "Region"),
                *((f"Value #{ref}", heading) for ref, heading in zip("ABCDEFGHIJ", headings, strict=True)),
            ),
            ordered("Leaked", descending=True),
        ],
        height=10,
        decimals=0,
        overrides=[
            override("Vendor", links=[FLEET_LINK]),
            override("Renting", mappings=RENTS, cell=COLOURED),
            override("Leaked", thresholds=steps(NONE_IS_GOOD), cell=COLOURED),
            override("Oldest", unit="s"),
            override("Once leaked", thresholds=steps((("green", None), ("orange", 1.0))), cell=COLOURED),
        ],
    )


def _account() -> Row:
    return Row(
        "What do we own where, and what stops us?",
        [
            _owned(),
            timeline(
                "Renting, and what stopped it",
                "Whether orders go out to each vendor, and if not the worst cause: something leaked, a deletion that"
                " does not come about, or orders answered denied or quota. Red: `probe instances` names what leaked;"
                " orange: look at the account, its rights and its quota. A gap means that no agent answered.",
                Query(expr=_breakers(PLACE), legend="{{vendor}} {{region}}"),
                thresholds=(("green", None), ("orange", 1), ("red", 3)),
                mappings=RENTS,
                decimals=0,
            ),
            graph(
                "What we own, by type and state",
                "Active things come and go with every lifecycle; leaked ones must not be.",
                Query(
                    expr=f"sum by (type, state) (stability_resources{{{OWNED}}})",
                    legend="{{type}} {{state}}",
                ),
                decimals=0,
                width=12,
            ),
            graph(
                "What came along and is still there",
                "Volumes, disks, addresses that came with instances and are not known to be gone. A lifecycle takes its"
                " own away within minutes; what stays costs money though no instance is alive: `probe instances` names"
                " it, `probe sweep --dry-run` says why it stays.",
                Query(
                    expr=f"sum by (kind) (stability_residuals{{{OWNED}}})",
                    legend="{{kind}}",
                ),
                decimals=0,
                width=12,
            ),
            bar_chart(
                "Orders that were refused, by reason",
                "Slots in the range that never became runs: quota is a guard on instances, budget one on money or on"
                " requests, breaker a vendor that is not rented from. They protect the account: raise the guards only"
                " if the plan says so.",
                Query(expr=summed("stability_skipped_runs_total", REFUSED, "vendor, reason"), instant=True, table=True),
                x="vendor\\reason",
                stacked=True,
                transformations=[
                    {
                        "id": "groupingToMatrix",
                        "options": {"columnField": "reason", "rowField": "vendor", "valueField": "Value"},
                    }
                ],
                decimals=0,
                width=12,
            ),
            graph(
                "Sweeps, by result",
                "Each compares the ledger with the vendors' inventories, in both directions. Failed ones are tried"
                " again soon; while they fail, what a run left behind stays.",
                Query(expr=summed("stability_sweeps_total", AGENT, "result", over=RATE), legend="{{result}}"),
                bars=True,
                decimals=0,
                width=12,
            ),
            _consistency(),
            _visibility(),
        ],
    )


def _consistency() -> Panel:
    reads = ("get_after_create", "list_after_create", "list_after_delete")
    queries: list[str] = []
    for read in reads:
        looks = f'{OWNED},read="{read}"'
        all_looks = summed("stability_reads_after_writes_total", looks, "vendor")
        wrong = summed("stability_reads_after_writes_total", f'{looks},consistent="no"', "vendor")
        queries += [f"{wrong} / ({all_looks} > 0)", all_looks]
    headings = ("Not found", "first looks", "Not listed", "lists", "Still listed", "lists after")
    share: dict[str, Any] = {
        "unit": "percentunit",
        "decimals": 1,
        "thresholds": steps((("green", None), ("orange", 0.01))),
        "cell": COLOURED,
        "noValue": "not looked",
    }
    return table(
        "Do reads know of writes?",
        "How often a vendor's API did not know what it had just done: the run's first look at a new instance, the list"
        " right after a create, and right after an instance was gone (a ghost). Each with how many looks that rests on."
        " Nothing to mend: runs wait for it, but your own automation should, too.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                *((f"Value #{ref}", heading) for ref, heading in zip("ABCDEF", headings, strict=True)),
            ),
            ordered("Not found", descending=True),
        ],
        width=12,
        decimals=0,
        overrides=[
            override("Vendor", links=[FLEET_LINK]),
            *(override(heading, **share) for heading in headings[::2]),
        ],
    )


def _visibility() -> Panel:
    seen = "stability_visibility_seconds"
    by = "vendor, read"
    queries = (
        summed(f"{seen}_count", OWNED, by),
        *(quantile(q, seen, OWNED, by) for q in (0.5, 0.95)),
        f"max by ({by}) (stability_visibility_resolution_seconds{{{OWNED}}})",
        summed("stability_visibility_missed_total", OWNED, by),
    )
    headings = ("Writes", "p50", "p95", "Give or take", "Never known")
    return table(
        "How late do reads know of writes?",
        "Time from the vendor's word that something was created (or is gone) until its own reads knew of it, slowest"
        " first; how sharp that is, and how often they did not know within the time that the vendor file allows. Red:"
        " that allowance is too short, or the list cannot be relied on: the sweeper may act on old news there.",
        *(Query(expr=expr, instant=True, table=True) for expr in queries),
        transformations=[
            *columns(
                ("vendor", "Vendor"),
                ("read", "Read"),
                *((f"Value #{ref}", heading) for ref, heading in zip("ABCDE", headings, strict=True)),
            ),
            ordered("p95", descending=True),
        ],
        width=12,
        unit="s",
        decimals=2,
        overrides=[
            override("Vendor", links=[FLEET_LINK]),
            override("Writes", unit=COUNT, decimals=0),
            override("Never known", unit=COUNT, decimals=0, thresholds=steps(NONE_IS_GOOD), cell=COLOURED),
        ],
    )


def page() -> Page:
    """What is rented, and by what right."""
    return Page(
        uid="stability-renting",
        title="Cloud stability / Renting and requests",
        says="What do we own, what does it cost, does anything stay, what stops us, and how much may we still ask?",
        since="now-24h",
        refresh="1m",
        selector=f"{PLATFORM},{OWNED}",
        variables=[
            choice("vendor", "Vendor"),
            choice("region", "Region", selector=',vendor=~"$vendor"'),
            choice("vantage", "Vantage point", selector=',vendor=~"$vendor",region=~"$region"', everything=".*"),
            graph_step("5m"),
        ],
        rows=[_safe(), _account(), requests.row()],
    )
