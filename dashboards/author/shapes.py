"""The few shapes of panel that the pages use, each with the options that make it readable."""

from collections.abc import Sequence
from typing import Any, Final

from dashboards.author.panel import NEUTRAL, Json, Panel, Query, Thresholds, override

_LAST: Final[Json] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_COLOURED_TEXT: Final[Json] = {"type": "color-text"}
COLOURED: Final = _COLOURED_TEXT


def stat(title: str, says: str, expr: str, *, thresholds: Thresholds = NEUTRAL, legend: str = "", **more: Any) -> Panel:
    """One figure, or one with its name for each series; its colour is judged, its text says the same."""
    judged = thresholds is not NEUTRAL
    return Panel(
        title=title,
        says=says,
        kind="stat",
        width=6,
        height=4,
        queries=[Query(expr=expr, legend=legend, instant=True)],
        thresholds=thresholds,
        options={
            "reduceOptions": _LAST,
            "orientation": "auto",
            "textMode": "value_and_name" if legend else "value",
            "colorMode": "value" if judged else "none",
            "graphMode": "none",
            "justifyMode": "auto",
        },
        **more,
    )


def graph(title: str, says: str, *queries: Query, bars: bool = False, **more: Any) -> Panel:
    """Series over time; stacked bars for counts, lines for everything else."""
    lines: Json = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1,
        "fillOpacity": 70 if bars else 0,
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": False,
        "stacking": {"mode": "normal" if bars else "none", "group": "A"},
    }
    return Panel(
        title=title,
        says=says,
        kind="timeseries",
        width=more.pop("width", 12),
        height=8,
        queries=queries,
        colour="palette-classic",
        custom=lines | more.pop("custom", {}),
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        low=more.pop("low", 0),
        **more,
    )


def grid(title: str, says: str, query: Query, *, colour: str = "thresholds", **more: Any) -> Panel:
    """A line per vendor whose colour is the figure: ten vendors stay apart where ten curves would lie on each other.

    *colour* is `thresholds` or one of Grafana's scales from light to dark, which need no sense of hue.
    """
    return timeline(title, says, query, colour=colour, merged=False, width=more.pop("width", 12), **more)


def timeline(title: str, says: str, query: Query, *, merged: bool = True, **more: Any) -> Panel:
    """States over time: a coloured band with its word or figure written in it where there is room."""
    return Panel(
        title=title,
        says=says,
        kind="state-timeline",
        width=more.pop("width", 24),
        height=8,
        queries=[query],
        custom={"lineWidth": 0, "fillOpacity": 75},
        options={
            "mergeValues": merged,
            "showValue": "auto",
            "alignValue": "left",
            "rowHeight": 0.85,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        **more,
    )


def columns(*names: tuple[str, str], hidden: Sequence[str] = ("Time",)) -> list[Json]:
    """Make one table of several answers: (field of the answer, heading) in the order of the columns."""
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": dict.fromkeys(hidden, True),
                "indexByName": {name: place for place, (name, _heading) in enumerate(names)},
                "renameByName": dict(names),
            },
        },
    ]


def ordered(heading: str, *, descending: bool = False) -> Json:
    """Sort a table by one of its columns."""
    return {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": heading, "desc": descending}]}}


def table(title: str, says: str, *queries: Query, transformations: Sequence[Json], **more: Any) -> Panel:
    """Rows and columns at the end of the range."""
    return Panel(
        title=title,
        says=says,
        kind="table",
        width=more.pop("width", 24),
        height=more.pop("height", 8),
        queries=queries,
        transformations=transformations,
        custom={"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": False},
        options={"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""}},
        **more,
    )


def bar_chart(
    title: str, says: str, *queries: Query, x: str, transformations: Sequence[Json], stacked: bool = False, **more: Any
) -> Panel:
    """Bars beside (or on) each other, one group per vendor."""
    return Panel(
        title=title,
        says=says,
        kind="barchart",
        width=more.pop("width", 12),
        height=8,
        queries=queries,
        colour="palette-classic",
        custom={"lineWidth": 1, "fillOpacity": 80, "axisPlacement": "auto"},
        options={
            "xField": x,
            "orientation": "auto",
            "stacking": "normal" if stacked else "none",
            "showValue": "auto",
            "groupWidth": 0.7,
            "barWidth": 0.9,
            "xTickLabelRotation": 0,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        transformations=transformations,
        low=0,
        **more,
    )


def bar_gauge(title: str, says: str, *queries: Query, thresholds: Thresholds = NEUTRAL, **more: Any) -> Panel:
    """One bar with its figure per vendor."""
    return Panel(
        title=title,
        says=says,
        kind="bargauge",
        width=more.pop("width", 8),
        height=8,
        queries=queries,
        thresholds=thresholds,
        options={
            "reduceOptions": _LAST,
            "orientation": "horizontal",
            "displayMode": "basic",
            "showUnfilled": True,
            "valueMode": "text",
            "namePlacement": "left",
        },
        low=0,
        **more,
    )


def curve(title: str, says: str, query: Query, *, x: str, transformations: Sequence[Json], **more: Any) -> Panel:
    """Lines over something that is not time; *x* is seconds."""
    return Panel(
        title=title,
        says=says,
        kind="trend",
        width=12,
        height=8,
        queries=[query],
        colour="palette-classic",
        custom={"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "always", "pointSize": 5},
        options={
            "xField": x,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        overrides=[override(x, unit="s")],
        transformations=transformations,
        **more,
    )
