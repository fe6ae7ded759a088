"""What can be told from the dashboards' JSON alone."""

import itertools
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from promql_parser import AggModifierType, AggregateExpr, Call, MatrixSelector, VectorSelector

from dashboards.author.__main__ import rendered
from probe.exposition.families import FAMILIES, IDENTITY, Family, Feature, Type
from tests.dashboards.pages import (
    FILES,
    ROOT,
    Asked,
    Json,
    asked,
    drawn,
    filled,
    load,
    nodes,
    variable_selector,
    variables,
)

ASKED = asked()
PAGES = {path.stem: load(path) for path in FILES}
UNITS = {"percentunit", "locale", "s", "none"}
"""The ids of Grafana's units that we use; test_grafana.py asks Grafana's library whether it knows them."""
BUILT_IN = {"__all", "__data", "__field", "__range", "__range_s", "__rate_interval", "__url_time_range"}
PROMETHEUS_OWN = {"ALERTS", "up"}
RECORDED = ("vendor_region_probe:",)
SCRAPE_LABELS = {"job", "instance", "vantage"}
ALERT_LABELS = {"alertname", "alertstate", "severity", "type"}

every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
every_query = pytest.mark.parametrize("query", ASKED, ids=str)


def family(name: str) -> Family | None:
    """The family that a sample's name belongs to."""
    for known in FAMILIES:
        parts = ("_bucket", "_count", "_sum") if known.type in {Type.HISTOGRAM, Type.SUMMARY} else ("",)
        if name in {known.name + part for part in parts}:
            return known
    return None


def parsed(query: Asked) -> list[Any]:
    """The nodes of a query's expression."""
    return nodes(promql_parser.parse(filled(query.expr, PAGES[query.page])))


def test_the_files_are_what_the_author_writes() -> None:
    """`python -m dashboards.author` was run after the last change."""
    written = rendered()
    assert set(FILES) <= set(written)
    assert {path: path.read_text(encoding="utf-8") for path in written} == dict(written)


def test_uids_are_the_files_names_and_every_page_links_the_others() -> None:
    """A uid is an address that links are written against."""
    for name, page in PAGES.items():
        assert page["uid"] == name
        assert [link["tags"] for link in page["links"]] == [["stability"]]
        assert page["tags"] == ["stability"]


@every_page
def test_panels_have_ids_of_their_own(page: Json) -> None:
    """Grafana draws one of two panels with the same id."""
    ids = [panel["id"] for panel in page["panels"]]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in drawn(page)]
    assert len(titles) == len(set(titles))


@every_page
def test_panels_lie_on_the_grid_without_overlap(page: Json) -> None:
    """24 columns, and no panel on another."""
    places = [panel["gridPos"] for panel in page["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)


@every_page
def test_every_variable_is_declared_before_it_is_used(page: Json) -> None:
    """An undeclared variable is sent to Prometheus as it stands, and matches nothing."""
    declared = set(variables(page))
    used = set(re.findall(r"\$\{?(\w+)", str(page))) - BUILT_IN
    assert used <= declared, used - declared
    assert declared <= used | {"datasource"}, declared - used
    before: set[str] = set()
    for variable in page["templating"]["list"]:
        assert set(re.findall(r"\$(\w+)", str(variable["query"]))) <= before, variable["name"]
        before.add(variable["name"])


@every_page
def test_nothing_names_a_data_source(page: Json) -> None:
    """The pages work with any Prometheus: everything takes the variable's."""
    sources = [found["datasource"] for found in _objects(page) if "datasource" in found]
    assert sources
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


@every_page
def test_every_panel_says_what_it_shows_in_which_unit_and_what_when_there_is_nothing(page: Json) -> None:
    """A panel must be readable by somebody who never saw it."""
    for panel in drawn(page):
        assert panel["title"], panel
        assert panel["description"].endswith("."), panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in UNITS, panel["title"]
        assert defaults["noValue"], panel["title"]
        assert panel["pluginVersion"], panel["title"]


@every_page
def test_what_can_be_red_says_what_to_do(page: Json) -> None:
    """Whoever sees red at night has no time to look for the method."""
    for panel in drawn(page):
        if panel["type"] != "text" and "'red'" in str(panel):
            assert re.search(r"\bRed\b", panel["description"]), panel["title"]


@every_page
def test_ten_vendors_can_be_told_apart(page: Json) -> None:
    """Curves with a colour each are for few and known names; vendors are rows, bars, or lines coloured by figure."""
    for panel in drawn(page):
        if panel["type"] == "timeseries":
            assert not [target for target in panel["targets"] if "vendor" in target.get("legendFormat", "")], panel[
                "title"
            ]


@every_page
def test_thresholds_ascend_from_no_value(page: Json) -> None:
    """Grafana takes the last step that is not above the value."""
    for found in _objects(page):
        steps = found.get("thresholds", {}).get("steps") if isinstance(found.get("thresholds"), dict) else None
        if steps:
            values = [step["value"] for step in steps]
            assert values[0] is None
            assert values[1:] == sorted(values[1:])


@every_page
def test_failure_is_a_word_beside_a_colour(page: Json) -> None:
    """What is red or green by a yes or no says so in a word, too; what is a figure has a unit and is written."""
    for panel in drawn(page):
        if panel["type"] == "state-timeline":
            defaults = panel["fieldConfig"]["defaults"]
            assert panel["options"]["showValue"] == "auto"
            assert defaults["mappings"] or "min" in defaults, panel["title"]


@every_page
def test_tables_rename_answers_that_exist_and_style_columns_that_exist(page: Json) -> None:
    """An override or a rename of a misspelt column does nothing, silently."""
    for panel in drawn(page):
        if panel["type"] not in {"table", "barchart"}:
            continue
        renames = {
            name: heading
            for step in panel.get("transformations", [])
            if step["id"] == "organize"
            for name, heading in step["options"]["renameByName"].items()
        }
        refs = {f"Value #{target['refId']}" for target in panel["targets"]} if len(panel["targets"]) > 1 else {"Value"}
        values = {name for name in renames if name.startswith("Value")}
        hidden = {
            name for step in panel.get("transformations", []) for name in step["options"].get("excludeByName", {})
        }
        if renames:
            assert values | (hidden & {"Value"}) == refs, panel["title"]
            styled = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
            assert styled <= set(renames.values()), panel["title"]


@every_query
def test_ranges_are_grafanas(query: Asked) -> None:
    """A literal range is empty for whoever scrapes more slowly, and wrong for whoever zooms."""
    ranges = re.findall(r"\[([^\]]*)\]", query.expr)
    assert set(ranges) <= {"$__range", "$__rate_interval"}
    assert ("$__rate_interval" in query.expr) <= (not query.target["instant"])
    assert ("$__range" in ranges) <= query.target["instant"]
    assert (query.target.get("interval") == "$step") is not query.target["instant"]


@every_query
def test_counters_are_only_seen_through_their_increase(query: Asked) -> None:
    """The value of a counter says when the agent started, nothing else."""
    found = parsed(query)
    bare = [node for node in found if isinstance(node, VectorSelector)]
    ranged = [node.vector_selector for node in found if isinstance(node, MatrixSelector)]
    names = {str(node.name) for node in bare} - {str(node.name) for node in ranged}
    if query.panel["title"] != "Mean time between outages":  # it counts the series, not their values
        assert not {name for name in names if name.endswith(("_total", "_bucket", "_count", "_sum"))}
    assert all(str(node.name).endswith(("_total", "_bucket", "_count", "_sum")) for node in ranged)


@every_query
def test_quantiles_keep_the_buckets(query: Asked) -> None:
    """`histogram_quantile` needs `le`, and buckets may only be summed over series of one layout."""
    for node in parsed(query):
        if isinstance(node, Call) and node.func.name == "histogram_quantile":
            sums = [found for found in nodes(node.args[1]) if isinstance(found, AggregateExpr)]
            grouping = sums[0].modifier
            assert grouping, str(node)
            assert grouping.type == AggModifierType.By
            assert "le" in grouping.labels


@every_query
def test_metrics_and_labels_exist(query: Asked) -> None:
    """The pages are written against the families that the agent declares."""
    for node in parsed(query):
        if isinstance(node, VectorSelector):
            _known(str(node.name), {matcher.name for matcher in node.matchers.matchers})


@every_query
def test_only_vendor_probes_are_looked_at(query: Asked) -> None:
    """The operator's own targets are no vendor's fault: every series of a probe is of the platform layer."""
    for node in parsed(query):
        known = family(str(node.name)) if isinstance(node, VectorSelector) else None
        if known and "layer" in known.labels:
            assert [m.value for m in node.matchers.matchers if m.name == "layer"] == ["platform"], str(node)


@every_page
def test_annotations_and_variables_ask_for_what_exists(page: Json) -> None:
    """They fail as silently as panels do."""
    selectors = [variable_selector(variable) for variable in variables(page).values() if variable["type"] == "query"]
    annotations = [annotation["expr"] for annotation in page["annotations"]["list"]]
    assert {annotation["name"] for annotation in page["annotations"]["list"]} == {"Outages", "Alerts"}
    for expr in selectors + annotations:
        for node in nodes(promql_parser.parse(filled(expr, page))):
            if isinstance(node, VectorSelector):
                _known(str(node.name), {matcher.name for matcher in node.matchers.matchers})
    for variable in variables(page).values():
        if variable["type"] in {"custom", "interval"}:
            values = [option["value"] for option in variable["options"]]
            assert ",".join(values) == variable["query"]
            assert variable["current"]["value"] in values


def test_the_rules_are_written_against_what_exists() -> None:
    """An alert on a metric that nobody exposes is silent for ever."""
    groups = yaml.safe_load(_rules())["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        for node in nodes(promql_parser.parse(rule["expr"])):
            if isinstance(node, VectorSelector):
                _known(str(node.name), {matcher.name for matcher in node.matchers.matchers})


def test_a_share_stands_beside_its_number_of_runs() -> None:
    """First figures of a page about runs come with n, and p99 needs a thousand runs."""
    for page in (PAGES["stability-fleet"], PAGES["stability-compare"]):
        assert any("valid runs" in panel["title"].lower() for panel in drawn(page))
        leading = str(list(drawn(page))[:9])
        assert "Valid runs" in leading
        assert "1.9208" in leading
    for query in ASKED:
        if "histogram_quantile(0.99" in query.expr and "layer=" in query.expr:
            assert ">= 1000" in query.expr


def test_links_within_grafana_lead_to_pages_and_panels_that_exist() -> None:
    """A data link is followed in an incident."""
    for page in PAGES.values():
        for url in re.findall(r"/d/([\w-]+)", str(page)):
            assert url in PAGES
        for target in re.findall(r"var-(\w+)=", str(page)):
            assert all(target in variables(other) for other in PAGES.values())


@pytest.mark.parametrize("name", ["datasources/prometheus.yml", "dashboards/stability.yml"])
def test_provisioning_is_where_compose_mounts_it(name: str) -> None:
    """Grafana says nothing when it finds no provisioning."""
    assert (ROOT / "dashboards" / "provisioning" / name).is_file()


def _known(name: str, labels: set[str]) -> None:
    if name in PROMETHEUS_OWN:
        assert labels <= ALERT_LABELS | SCRAPE_LABELS
    elif name.startswith(RECORDED):
        assert f"record: {name}\n" in _rules()
        assert labels <= {"vendor", "region", "probe"}
    else:
        known = family(name)
        assert known, name
        assert labels <= set(known.labels) | SCRAPE_LABELS | ({"le"} if known.buckets else set()), (name, labels)
        assert set(IDENTITY[:2]) <= set(known.labels) or known.feature is Feature.AGENT, name


def _rules() -> str:
    folder = Path(ROOT / "config" / "prometheus" / "rules")
    return "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.yml"))


def _objects(thing: object) -> list[Json]:
    found: list[Json] = []
    if isinstance(thing, dict):
        found.append(thing)
        thing = list(thing.values())
    if isinstance(thing, list):
        for item in thing:
            found += _objects(item)
    return found
