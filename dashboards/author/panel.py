"""A panel as Grafana's JSON: what every panel must have stands here once, so that none can lack it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

DATASOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}
PLUGIN_VERSION: Final = "10.4.0"
"""Written into every panel: some plug-ins draw nothing when it is absent."""
NO_DATA: Final = "no data"
COUNT: Final = "locale"
"""Grafana's unit that writes 3,974: `short` would make it "4 K", and n is what a figure rests on."""

MONEY: Final = "none"
"""No unit of Grafana's: the currency is a label, and stands in the legend."""
AVAILABILITY: Final = (("red", None), ("orange", 0.99), ("green", 0.999))
NONE_IS_GOOD: Final = (("green", None), ("red", 1.0))
FEW_IS_GOOD: Final = (("green", None), ("yellow", 0.0001), ("orange", 0.01), ("red", 0.1))
"""Of shares of failures: what is not zero shows, what matters is orange or red."""
TIMES: Final = (("green", None), ("orange", 1.5), ("red", 3.0))
"""Of a figure over the median vendor's."""
NEUTRAL: Final = (("text", None),)
Thresholds = Sequence[tuple[str, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL with Grafana's variables.
        legend: name of its series.
        instant: one value at the end of the range, instead of a graph.
        table: answer as rows and columns.
    """

    expr: str
    legend: str = ""
    instant: bool = False
    table: bool = False

    def as_json(self, ref: str) -> Json:
        """The query as Grafana's JSON; a graph's step is at least `$step`, because runs are rarer than scrapes."""
        query: Json = {
            "refId": ref,
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": "table" if self.table else "time_series",
            "instant": self.instant,
            "range": not self.instant,
        }
        if self.legend:
            query["legendFormat"] = self.legend
        if not self.instant:
            query["interval"] = "$step"
        return query


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel before it has a place on the page.

    Attributes:
        title: what it shows, in a few words.
        says: its description: what is shown, of which runs, and how to read it.
        kind: Grafana's panel type.
        width: of 24 columns.
        height: in rows of 30 pixels.
        unit: Grafana's unit of the values that no override gives another.
        no_value: what to show where there is nothing.
    """

    title: str
    says: str
    kind: str
    width: int
    height: int
    queries: Sequence[Query] = ()
    unit: str = COUNT
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    thresholds: Thresholds = NEUTRAL
    colour: str = "thresholds"
    mappings: Sequence[Json] = ()
    links: Sequence[Json] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    no_value: str = NO_DATA

    def as_json(self, number: int, x: int, y: int) -> Json:
        """The panel as Grafana's JSON at a place on the page."""
        panel: Json = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.says,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "pluginVersion": PLUGIN_VERSION,
            "datasource": DATASOURCE,
            "fieldConfig": {"defaults": self._defaults(), "overrides": list(self.overrides)},
            "options": dict(self.options),
            "targets": [query.as_json(chr(ord("A") + place)) for place, query in enumerate(self.queries)],
        }
        if self.transformations:
            panel["transformations"] = list(self.transformations)
        return panel

    def _defaults(self) -> Json:
        defaults: Json = {
            "unit": self.unit,
            "noValue": self.no_value,
            "color": {"mode": self.colour},
            "mappings": list(self.mappings),
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": colour, "value": value} for colour, value in self.thresholds],
            },
            "custom": dict(self.custom),
        }
        optional = {"decimals": self.decimals, "min": self.low, "max": self.high, "links": list(self.links) or None}
        return defaults | {key: value for key, value in optional.items() if value is not None}


def words(**meanings: tuple[float, str, str]) -> list[Json]:
    """Value mappings that put a word beside the colour: `name=(value, word, colour)`."""
    return [
        {"type": "value", "options": {f"{value:g}": {"text": word, "color": colour, "index": index}}}
        for index, (value, word, colour) in enumerate(meanings.values())
    ]


def bands(*steps: tuple[float | None, float | None, str, str]) -> list[Json]:
    """Range mappings (from, to, word, colour): a state has a name, not only a colour."""
    return [
        {
            "type": "range",
            "options": {"from": low, "to": high, "result": {"text": word, "color": colour, "index": index}},
        }
        for index, (low, high, word, colour) in enumerate(steps)
    ]


def override(name: str, **properties: Any) -> Json:
    """What one column or series has of its own; `width`, `align` and `cell` are the table's own properties."""
    renamed = {"width": "custom.width", "cell": "custom.cellOptions", "minimum": "min", "maximum": "max"}
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": renamed.get(key, key), "value": value} for key, value in properties.items()],
    }


def steps(thresholds: Thresholds) -> Json:
    """Thresholds as an override's value."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in thresholds]}


def link(title: str, url: str) -> Json:
    """A data link within Grafana, in the same tab."""
    return {"title": title, "url": url, "targetBlank": False}
