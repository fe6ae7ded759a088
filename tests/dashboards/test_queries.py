"""Every expression of the dashboards, asked of a real Prometheus as Grafana would ask it."""

import math
import re
from collections.abc import Mapping
from typing import Any

import pytest

from probe.model.outcome import Blame
from tests.dashboards.backfill import RULES
from tests.dashboards.conftest import Told
from tests.dashboards.history import Fleet
from tests.dashboards.pages import FILES, Asked, Json, asked, filled, load, seconds, variable_selector, variables

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

PAGES = {page["uid"]: page for page in map(load, FILES)}
ASKED = asked()
CHOSEN = {
    "stability-fleet": {},
    "stability-renting": {},
    "stability-compare": {"probe": "api-read", "lifecycle": "boot"},
}
GRAPH_STEP = 3600.0
"""Longer than the time between two scrapes of the history."""
EMPTY_WHEN_QUIET = {"Alerts/A", "Mean time to recover/A", "Mean time between outages/A"}
"""No alert and no outage to average over; also p99 where a day has too few runs for it."""
TOO_FEW_WHEN_QUIET = {"How fast are successful runs?/E"}
ZERO_WHEN_QUIET = {
    "Open outages",
    "Firing alerts",
    "Stale probes",
    "Leaked resources",
    "Excluded runs",
    "Failed share by vendor",
    "Runs that were not ok, by blame and outcome",
    "Runs that never started, by reason",
    "Where runs fail",
    "Failed share over time",
    "Failures by outcome",
    "Error budget spent",
    "Leaked now",
    "Vendors not rented from",
    "Ledger trouble",
    "Renting, and what stopped it",
    "What came along and is still there",
    "Orders that were refused, by reason",
    "Share of requests that were throttled",
    "Time spent waiting for our own budget",
}
"""Panels that must show 0, not "no data", when nothing goes wrong, and more than 0 when much does."""
COLUMNS_OF_TROUBLE = {
    "Every vendor's account": "ABCFIJ",
    "Do reads know of writes?": "ACE",
    "How late do reads know of writes?": "E",
    "Every account's requests": "FGIJ",
}
"""The same of some columns of tables."""
MAY_EXCEED_ONE = {"Error budget spent"}


def _tells_trouble(query: Asked) -> bool:
    title, ref = query.panel["title"], query.target["refId"]
    return title in ZERO_WHEN_QUIET or ref in COLUMNS_OF_TROUBLE.get(title, "")


every_query = pytest.mark.parametrize("query", ASKED, ids=str)


def values(query: Asked, told: Told, chosen: Mapping[str, str]) -> list[float]:
    """Every value that the query brings."""
    page = PAGES[query.page]
    expr = filled(query.expr, page, step=GRAPH_STEP, chosen={**CHOSEN[query.page], **chosen})
    recorded = "vendor_region_probe:" in expr  # it exists only since the rules run
    if query.target["instant"] or recorded:
        return [float(series["value"][1]) for series in told.answers.instant(expr)]
    series = told.answers.graph(expr, seconds=seconds(page["time"]["from"]), step=GRAPH_STEP)
    return [float(value) for one in series for _, value in one["values"]]


def figures(told: Told, panel: str, ref: str) -> dict[str, float]:
    """The instant answer of one query of the comparison page, by vendor."""
    query = next(q for q in ASKED if q.panel["title"] == panel and q.target["refId"] == ref)
    expr = filled(query.expr, PAGES[query.page], chosen=CHOSEN[query.page])
    return {series["metric"]["vendor"]: float(series["value"][1]) for series in told.answers.instant(expr)}


def runs(fleet: Fleet, vendor: str, *blames: Blame) -> int:
    """How many api-read runs of *vendor* really ended with one of these blames."""
    return sum(
        count
        for (whose, probe, outcome), count in fleet.truth.items()
        if whose == vendor and probe == "api-read" and outcome.blame in blames
    )


def wilson(failed: int, valid: int) -> tuple[float, float]:
    """The 95 % interval of the share of ok runs, from the textbook."""
    share, z = 1 - failed / valid, 1.96
    middle = (share + z**2 / (2 * valid)) / (1 + z**2 / valid)
    half = z / (1 + z**2 / valid) * math.sqrt(share * (1 - share) / valid + z**2 / (4 * valid**2))
    return middle - half, middle + half


def _unit(query: Asked) -> str:
    config: dict[str, Any] = query.panel["fieldConfig"]
    unit: str = config["defaults"]["unit"]
    headings = [
        step["options"]["renameByName"].get(f"Value #{query.target['refId']}")
        for step in query.panel.get("transformations", [])
        if step["id"] == "organize"
    ]
    for override in config["overrides"]:
        if override["matcher"]["options"] in headings:
            unit = next((p["value"] for p in override["properties"] if p["id"] == "unit"), unit)
    return unit


@every_query
@pytest.mark.parametrize("vendor", ["", "flaky"], ids=["all", "one"])
def test_everything_is_answered_with_figures_that_make_sense(query: Asked, vendor: str, eventful: Told) -> None:
    """No error, no emptiness, no infinity, and shares between 0 and 1, for all vendors and for one."""
    found = values(query, eventful, {"vendor": vendor} if vendor else {})
    if vendor and query.panel["title"] == "Stale probes":
        assert found == [0.0]  # it is the slow vendor's
        return
    real = [value for value in found if not math.isnan(value)]
    assert real
    assert all(map(math.isfinite, real))
    assert min(real) >= 0
    if _unit(query) == "percentunit" and query.panel["title"] not in MAY_EXCEED_ONE:
        assert max(real) <= 1


@pytest.mark.parametrize("query", [q for q in ASKED if _tells_trouble(q)], ids=str)
def test_trouble_shows(query: Asked, eventful: Told) -> None:
    """A panel that stays at 0 in an outage is worse than none."""
    assert max(values(query, eventful, {})) > 0


@every_query
def test_a_quiet_day_shows_zeros_and_not_emptiness(query: Asked, quiet: Told) -> None:
    """A panel without data cannot be told from one that is broken."""
    title = query.panel["title"]
    found = [value for value in values(query, quiet, {}) if not math.isnan(value)]
    assert bool(found) is (f"{title}/{query.target['refId']}" not in EMPTY_WHEN_QUIET | TOO_FEW_WHEN_QUIET)
    if _tells_trouble(query):
        assert set(found) == {0.0}


@pytest.mark.parametrize("vendor", ["steady", "slow", "flaky"])
def test_the_leaderboard_is_right(vendor: str, eventful: Told) -> None:
    """Availability, its interval and n are those of the runs that really happened."""
    board = "Who is more available?"
    failed = runs(eventful.fleet, vendor, Blame.VENDOR)
    valid = runs(eventful.fleet, vendor, Blame.VENDOR, Blame.NONE)
    low, high = wilson(failed, valid)
    assert figures(eventful, board, "B")[vendor] == pytest.approx(1 - failed / valid, abs=2e-3)
    assert figures(eventful, board, "C")[vendor] == pytest.approx(low, abs=2e-3)
    assert figures(eventful, board, "D")[vendor] == pytest.approx(high, abs=2e-3)
    assert figures(eventful, board, "E")[vendor] == pytest.approx(valid, rel=0.01)


def test_the_verdict_tells_who_is_not_behind(eventful: Told) -> None:
    """One vendor never failed, one failed often: the runs suffice to tell. The third cannot be told from the best."""
    assert figures(eventful, "Who is more available?", "A") == {"steady": 1.0, "slow": 1.0, "flaky": 0.0}


def test_outages_and_their_time_are_counted(eventful: Told) -> None:
    """The flaky vendor was down for two hours two days ago, and is down now for half an hour."""
    outages = figures(eventful, "Who is more available?", "G")
    assert outages["flaky"] == pytest.approx(2, abs=0.3)
    assert outages["steady"] == 0
    assert figures(eventful, "Who is more available?", "H")["flaky"] == pytest.approx(2.4 * 3600, rel=0.1)


def test_p99_needs_a_thousand_runs(eventful: Told, quiet: Told) -> None:
    """A quantile that rests on a handful of runs is the slowest of them, not a quantile."""
    assert set(figures(eventful, "How fast are successful runs?", "E")) == {"steady", "slow", "flaky"}
    assert figures(quiet, "How fast are successful runs?", "A")["flaky"] < 1000
    assert "flaky" not in figures(quiet, "How fast are successful runs?", "E")


def test_lifecycles_that_fail_never_get_ready(eventful: Told) -> None:
    """The curve ends at the share of lifecycles that succeeded, not at 1."""
    query = next(q for q in ASKED if q.panel["title"] == "Ready within t")
    expr = filled(query.expr, PAGES[query.page], chosen=CHOSEN[query.page])
    reached = {
        series["metric"]["vendor"]: float(series["value"][1])
        for series in eventful.answers.instant(expr)
        if float(series["metric"]["le"]) == 1800
    }
    truth = eventful.fleet.truth
    ok = dict.fromkeys(reached, 0)
    valid = dict(ok)
    for (vendor, probe, outcome), count in truth.items():
        if probe == "boot" and outcome.blame in {Blame.NONE, Blame.VENDOR}:
            valid[vendor] += count
            ok[vendor] += count * (outcome.blame is Blame.NONE)
    assert reached == {vendor: pytest.approx(ok[vendor] / valid[vendor], abs=0.01) for vendor in reached}
    assert reached["steady"] == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_variables_have_choices(page: Json, eventful: Told) -> None:
    """An empty variable empties the page."""
    for variable in variables(page).values():
        if variable["type"] == "query":
            assert eventful.answers.instant(filled(variable_selector(variable), page, chosen=CHOSEN[page["uid"]])), (
                variable["name"]
            )


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_annotations_mark_the_trouble(page: Json, eventful: Told) -> None:
    """The vertical marks come from the same series as the figures."""
    for annotation in page["annotations"]["list"]:
        assert eventful.answers.instant(filled(annotation["expr"], page, chosen=CHOSEN[page["uid"]])), annotation[
            "name"
        ]


def test_every_alert_fires_in_trouble_and_none_on_a_quiet_day(eventful: Told, quiet: Told) -> None:
    """The rules, on what the agent really exposes."""
    shipped = set(re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8")))
    firing = 'ALERTS{alertstate="firing"}'
    assert {series["metric"]["alertname"] for series in eventful.answers.instant(firing)} == shipped
    assert quiet.answers.instant(firing) == []


def test_costs_are_told_in_their_own_currency(eventful: Told) -> None:
    """An hour of renting costs 0.02 in each of the four places; two are paid in euros, nothing is added across."""
    expr = next(q.expr for q in ASKED if q.panel["title"] == "Cost per day")
    found = eventful.answers.instant(filled(expr, PAGES["stability-renting"]))
    costs = {series["metric"]["currency"]: float(series["value"][1]) for series in found}
    assert costs == {"EUR": pytest.approx(2 * 24 / 50, rel=0.02), "USD": pytest.approx(2 * 24 / 50, rel=0.02)}


def test_who_is_slow_is_told_against_the_median_of_the_same_probe(eventful: Told) -> None:
    """The slow vendor takes six times as long as the steady one, the flaky one half as long again and is the median."""
    page = PAGES["stability-fleet"]
    expr = next(q.expr for q in ASKED if q.panel["title"] == "Who is slow?" and q.target["refId"] == "D")
    times = {
        series["metric"]["vendor"]: float(series["value"][1])
        for series in eventful.answers.instant(filled(expr, page))
        if series["metric"]["probe"] == "api-read"
    }
    assert times["flaky"] == 1
    assert times["slow"] > 2
    assert times["steady"] < 1
