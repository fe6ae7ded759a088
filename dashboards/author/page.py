"""The frame of a page: variables, annotations, links, and panels laid out from left to right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboards.author.panel import DATASOURCE, Json, Panel
from dashboards.author.promql import PLATFORM

COLUMNS: Final = 24
INFO: Final = "stability_probe_info"
"""The cheapest source of names: one series a probe."""


@dataclass(frozen=True, slots=True)
class Row:
    """A heading with the panels under it."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A dashboard.

    Attributes:
        uid: its address in Grafana, `/d/UID`.
        title: its name.
        says: what question it answers.
        since: the default range, as Grafana writes it.
        refresh: how often it reloads.
        variables: in the order in which they depend on each other.
        selector: what its annotations look at.
        rows: from the top.
    """

    uid: str
    title: str
    says: str
    since: str
    refresh: str
    variables: Sequence[Json]
    selector: str
    rows: Sequence[Row]

    def as_json(self) -> Json:
        """The page as Grafana's classic JSON."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": ["stability"],
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "timezone": "utc",
            "refresh": self.refresh,
            "time": {"from": self.since, "to": "now"},
            "timepicker": {},
            "links": [_OTHER_PAGES],
            "templating": {"list": [data_source(), *self.variables]},
            "annotations": {"list": _annotations(self.selector)},
            "panels": _placed(self.rows),
        }


_OTHER_PAGES: Final[Json] = {
    "type": "dashboards",
    "title": "Cloud stability",
    "tags": ["stability"],
    "asDropdown": True,
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
    "icon": "external link",
    "tooltip": "The other pages, for the same range and vendors",
    "url": "",
}


def _placed(rows: Sequence[Row]) -> list[Json]:
    placed: list[Json] = []
    y = 0
    for row in rows:
        heading = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        placed.append(
            {
                "id": len(placed) + 1,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": heading,
                "panels": [],
            }
        )
        y += 1
        for panel, x, down in _flow(row.panels):
            placed.append(panel.as_json(len(placed) + 1, x, y + down))
        y = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in placed)
    return placed


def _flow(panels: Sequence[Panel]) -> Iterator[tuple[Panel, int, int]]:
    x = y = height = 0
    for panel in panels:
        if x + panel.width > COLUMNS:
            x, y, height = 0, y + height, 0
        yield panel, x, y
        x, height = x + panel.width, max(height, panel.height)


def data_source() -> Json:
    """The variable that keeps the pages free of any installation's own data source."""
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "regex": "",
        "refresh": 1,
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "skipUrlSync": False,
        "options": [],
        "current": {},
    }


def choice(name: str, label: str, *, selector: str = "", among: str = "", everything: str = ".+") -> Json:
    """A variable with several values, "All" by default; its choices are those of the variables before it.

    *everything* is what "All" matches: `.*` where the label may be absent.
    """
    return _query(name, label, f"{PLATFORM}{selector}", among) | {
        "multi": True,
        "includeAll": True,
        "allValue": everything,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def single(name: str, label: str, *, selector: str = "", among: str = "") -> Json:
    """A variable with exactly one value."""
    return _query(name, label, f"{PLATFORM}{selector}", among) | {"multi": False, "includeAll": False, "current": {}}


def _query(name: str, label: str, selector: str, among: str) -> Json:
    values = f"label_values({INFO}{{{selector}}}, {among or name})"
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "definition": values,
        "query": {"qryType": 1, "query": values, "refId": f"{name}-values"},
        "regex": "",
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "skipUrlSync": False,
        "options": [],
    }


def constant_choice(kind: str, name: str, label: str, values: Sequence[str], default: str, **more: Any) -> Json:
    """A variable whose choices are written down here: *kind* is `custom` or `interval`."""
    options = [{"selected": value == default, "text": value, "value": value} for value in values]
    frame: Mapping[str, Any] = {
        "type": kind,
        "name": name,
        "label": label,
        "query": ",".join(values),
        "current": {"selected": True, "text": default, "value": default},
        "options": options,
        "hide": 0,
        "skipUrlSync": False,
    }
    return dict(frame) | more


def graph_step(default: str) -> Json:
    """How much time one point of a graph stands for, at least: below a probe's interval a graph is mostly gaps."""
    steps = ("1m", "5m", "10m", "30m", "1h")
    return constant_choice(
        "interval", "step", "Graph step", steps, default, auto=False, auto_count=30, auto_min="10s", refresh=2
    )


def _annotation(name: str, colour: str, expr: str, *, title: str, text: str, tags: str) -> Json:
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": "60s",
        "titleFormat": title,
        "textFormat": text,
        "tagKeys": tags,
        "useValueForTime": False,
    }


def _annotations(selector: str) -> list[Json]:
    outages = f"max by (vendor, region, probe) (stability_outage_active{{{selector}}}) == 1"
    alerts = 'ALERTS{alertname=~"Stability.+",alertstate="firing"}'
    where = "{{vendor}} {{region}} {{probe}}"
    return [
        _annotation("Outages", "red", outages, title="Outage", text=where, tags="vendor,region,probe"),
        _annotation("Alerts", "orange", alerts, title="{{alertname}}", text=where, tags="severity,vendor"),
    ]
