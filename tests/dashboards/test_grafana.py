"""What Grafana's own code makes of the dashboards: its model of a dashboard, and its library that writes tables.

No Grafana server is started anywhere; this is as near as one comes without it.
"""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.conftest import Told
from tests.dashboards.pages import FILES, Json, drawn, filled, load
from tests.provision import ENVIRONMENTS, NODE_HOME
from tests.servers.environments import environment

HERE = Path(__file__).parent
CHOSEN: dict[str, dict[str, str]] = {
    "stability-fleet": {},
    "stability-renting": {},
    "stability-compare": {"probe": "api-read", "lifecycle": "boot"},
}
Table = list[dict[str, str]]


@pytest.mark.servers
@pytest.mark.timeout(300)
def test_grafanas_model_of_a_dashboard_loses_nothing_of_ours(tmp_path: Path) -> None:
    """Every key that we write is one that Grafana knows; a misspelt one is found."""
    python = environment("grafana", *ENVIRONMENTS["grafana"]) / "python"
    misspelt = tmp_path / "misspelt.json"
    page = load(FILES[0])
    page["panels"][1]["fieldConfig"]["defaults"]["unti"] = "s"
    misspelt.write_text(json.dumps(page), encoding="utf-8")
    command = [python, HERE / "round_trip.py", *FILES, misspelt]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["misspelt.json.panels[1].fieldConfig.defaults.unti is lost"]


def _frame(target: Json, answers: list[Json], *, alone: bool, moment: int) -> Json:
    """An instant answer as Grafana's Prometheus data source makes a table of it."""
    labels = sorted({label for series in answers for label in series["metric"]})
    fields: list[Json] = [{"name": "Time", "type": "time", "values": [moment] * len(answers)}]
    for label in labels:
        texts = [series["metric"].get(label, "") for series in answers]
        number = label == "le"
        values: list[Any] = [float(text) for text in texts] if number else texts
        fields.append({"name": label, "type": "number" if number else "string", "values": values})
    numbers = [float(series["value"][1]) for series in answers]
    name = "Value" if alone else f"Value #{target['refId']}"
    fields.append({"name": name, "type": "number", "values": [None if math.isnan(n) else n for n in numbers]})
    return {"refId": target["refId"], "fields": fields}


def _answered(told: Told) -> list[Json]:
    """Every panel that transforms its answers, with the answers."""
    panels = []
    for page in map(load, FILES):
        for panel in drawn(page):
            if "transformations" in panel:
                frames = [
                    _frame(
                        target,
                        told.answers.instant(filled(target["expr"], page, chosen=CHOSEN[page["uid"]])),
                        alone=len(panel["targets"]) == 1,
                        moment=int(told.fleet.end * 1000),
                    )
                    for target in panel["targets"]
                ]
                panels.append({**panel, "frames": frames})
    return panels


@pytest.fixture(scope="module")
def tables(eventful: Told) -> dict[str, Table]:
    """By panel: rows of heading and text."""
    units = {panel["fieldConfig"]["defaults"]["unit"] for page in map(load, FILES) for panel in drawn(page)}
    asked = json.dumps({"panels": _answered(eventful), "wanted": sorted(units)})
    modules = {**os.environ, "NODE_PATH": str(NODE_HOME / "node_modules")}
    command = ["node", str(HERE / "grafana.cjs")]
    done = subprocess.run(command, input=asked, env=modules, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"python -m tests.provision --proof installs what this needs: {done.stderr}"
    said = json.loads(done.stdout)
    assert said["unknown"] == []
    return {
        title: [dict(zip(table["headings"], row, strict=True)) for table in made for row in table["rows"]]
        for title, made in said["tables"].items()
    }


@pytest.mark.proof
@pytest.mark.timeout(300)
class TestTables:
    """Transformations, headings and written values, as somebody would read them."""

    def test_the_leaderboard_reads_from_best_to_worst(self, tables: dict[str, Table]) -> None:
        """One row a vendor, n as a number, the verdict as words."""
        board = tables["Who is more available?"]
        assert [row["Vendor"] for row in board] == ["steady", "slow", "flaky"]
        assert [row["Verdict"] for row in board] == ["among the best", "among the best", "behind the best"]
        assert board[0]["Availability"] == "100.000%"
        assert board[0]["Valid runs"].startswith("3,9")
        assert board[2]["Outage time"].endswith("hours")

    def test_the_regions_say_where_the_outage_is(self, tables: dict[str, Table]) -> None:
        """One row a vendor and region, the worst first, ok or outage as a word."""
        regions = tables["Regions"]
        assert {(row["Vendor"], row["Region"]): row["Now"] for row in regions} == {
            ("flaky", "eu"): "outage",
            ("slow", "eu"): "ok",
            ("steady", "eu"): "ok",
            ("steady", "us"): "ok",
        }
        assert regions[0]["Vendor"] == "flaky"
        assert regions[0]["Availability"].endswith("%")

    def test_the_account_with_a_leak_stands_first_and_says_what_stops_it(self, tables: dict[str, Table]) -> None:
        """One row a vendor and region; why nothing is rented is words."""
        accounts = tables["Every vendor's account"]
        assert len(accounts) == 4
        assert (accounts[0]["Vendor"], accounts[0]["Renting"]) == ("flaky", "stopped: leaks")
        renting = {(row["Vendor"], row["Region"]): row["Renting"] for row in accounts[1:]}
        assert renting == {
            ("slow", "eu"): "stopped: quota",
            ("steady", "eu"): "rents",
            ("steady", "us"): "rents",
        }

    def test_the_account_that_is_used_up_stands_first(self, tables: dict[str, Table]) -> None:
        """What is left is a share, the figures behind it stand beside it."""
        asked = tables["Every account's requests"]
        assert (asked[0]["Vendor"], asked[0]["Left"], asked[0]["Limit"]) == ("slow", "0.6%", "3,600")
        assert asked[0]["Waited for budget"].endswith(("min", "mins"))

    def test_what_is_slow_for_its_kind_stands_first(self, tables: dict[str, Table]) -> None:
        """Probes are compared with the same probe of others, never with each other."""
        slow = tables["Who is slow?"]
        assert slow[0]["Vendor"] == "slow"
        assert float(slow[0]["Against the median"]) > float(slow[-1]["Against the median"])

    def test_what_never_got_ready_is_said_in_words(self, tables: dict[str, Table]) -> None:
        """More than 5 % of the flaky vendor's instances never came: there is no such time."""
        ready = {row["Vendor"]: row for row in tables["Time until ready, failures included"]}
        assert ready["flaky"]["95 %"] == "not within 30 min"
        assert ready["steady"]["95 %"].endswith(" s")

    def test_the_curve_has_a_column_for_each_vendor(self, tables: dict[str, Table]) -> None:
        """Over seconds, ascending."""
        curve = tables["Ready within t"]
        assert list(curve[0]) == ["le\\vendor", "flaky", "slow", "steady"]
        assert [row["le\\vendor"] for row in curve][:3] == ["1 s", "2.50 s", "5 s"]
        assert curve[-1]["steady"] == "100%"

    def test_bars_stand_for_vendors(self, tables: dict[str, Table]) -> None:
        """A bar chart's x is its first column."""
        assert list(tables["Failed share with its 95 % interval"][0]) == ["Vendor", "at least", "seen", "at most"]
        assert {row["vendor\\outcome"] for row in tables["Failures by outcome"]} == {"steady", "slow", "flaky"}
        assert {"accept", "provision", "gone"} <= set(tables["Mean time per phase"][0])

    def test_no_column_has_a_name_that_nobody_chose(self, tables: dict[str, Table]) -> None:
        """`Value #C` as a heading says that a rename was forgotten."""
        headings = {heading for rows in tables.values() for row in rows[:1] for heading in row}
        assert not {heading for heading in headings if heading.startswith(("Value", "Time"))}
