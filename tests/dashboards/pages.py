"""Reads the dashboards as Grafana would: panels, their queries, and variables put in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import promql_parser

ROOT: Final = Path(__file__).resolve().parents[2]
FILES: Final = tuple(sorted((ROOT / "dashboards").glob("*.json")))
Json = dict[str, Any]

SCRAPE_SECONDS: Final = 60.0
"""What the tests call the scrape interval of their history."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of one panel.

    Attributes:
        page: the dashboard's uid.
        panel: the panel's JSON.
        target: the query's JSON.
    """

    page: str
    panel: Json
    target: Json

    @property
    def expr(self) -> str:
        """Its PromQL, with Grafana's variables."""
        expr: str = self.target["expr"]
        return expr

    def __str__(self) -> str:
        return f"{self.page}/{self.panel['title']}/{self.target['refId']}"


def load(path: Path) -> Json:
    """The dashboard in *path*."""
    page: Json = json.loads(path.read_text(encoding="utf-8"))
    return page


def drawn(page: Json) -> Iterator[Json]:
    """The panels that are not headings."""
    return (panel for panel in page["panels"] if panel["type"] != "row")


def asked() -> tuple[Asked, ...]:
    """Every query of every panel."""
    return tuple(
        Asked(page["uid"], panel, target)
        for page in map(load, FILES)
        for panel in drawn(page)
        for target in panel["targets"]
    )


def variables(page: Json) -> Mapping[str, Json]:
    """The page's variables by name."""
    return {variable["name"]: variable for variable in page["templating"]["list"]}


def variable_selector(variable: Json) -> str:
    """The selector within `label_values(SELECTOR, label)`."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    assert found, variable
    return found[1]


def seconds(duration: str) -> float:
    """`now-24h`, `30m` or `1h` in seconds."""
    number, unit = re.fullmatch(r"(?:now-)?(\d+)([smhd])", duration).groups()  # type: ignore[union-attr]  # ours
    return float(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


def filled(expr: str, page: Json, *, step: float = 300.0, chosen: Mapping[str, str] = {}) -> str:
    """*expr* with everything that Grafana would put in, "All" where nothing else is *chosen*.

    Args:
        expr: PromQL of the page.
        page: the dashboard.
        step: seconds between two points of the graph.
        chosen: values of variables; a regular expression for those with several values.
    """
    span = seconds(page["time"]["from"])
    rate = max(step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)
    values = {"__range_s": f"{span:.0f}", "__range": f"{span:.0f}s", "__rate_interval": f"{rate:.0f}s"}
    for name, variable in variables(page).items():
        values[name] = chosen.get(name) or variable.get("allValue") or variable["current"].get("value") or "any"
    return re.sub(r"\$(\w+)", lambda found: values[found[1]], expr)


def nodes(expression: promql_parser.Expr) -> list[Any]:
    """Every node of a parsed expression, parents before their children."""
    found: list[Any] = []
    promql_parser.walk(expression, pre_visit=found.append)
    return found
