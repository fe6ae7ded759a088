"""Draws curves as SVG: a few lines of markup, the same bytes for the same figures, readable on light and dark pages."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Point = tuple[float, float]
"""What was asked for, and the median of what came."""

WIDTH: Final = 860
HEIGHT: Final = 330
_LEFT: Final = 62
_TOP: Final = 46
_WIDE: Final = 335
_HIGH: Final = 210
_GAP: Final = 95
_COLOURS: Final = ("#2f7ed8", "#e07b39", "#2a9d6f", "#b0559e")
_STYLE: Final = """\
text { font: 12px system-ui, sans-serif; fill: #3b3f45 }
.title { font-weight: 600; font-size: 13px } .axis { stroke: #8a9099 } .grid { stroke: #8a909933 }
.curve { fill: none; stroke-width: 2 } .dash { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) { text { fill: #cfd4db } .axis { stroke: #868d97 } .grid { stroke: #868d9744 } }"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram.

    Attributes:
        title: what is shown, with its unit.
        across: what the horizontal axis is.
        curves: points by what they are of.
        goal: a level that is not to be exceeded; None for no such line.
    """

    title: str
    across: str
    curves: Mapping[str, Sequence[Point]]
    goal: float | None = None


def drawn(panels: Sequence[Panel]) -> str:
    """The diagrams side by side, both axes logarithmic."""
    body = [line for place, panel in enumerate(panels) for line in _panel(panel, _LEFT + place * (_WIDE + _GAP))]
    titles = "; ".join(panel.title for panel in panels)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(titles)}</title>",
            f"<style>{_STYLE}</style>",
            *body,
            "</svg>",
            "",
        )
    )


class _Scale:
    """Turns figures into places along an axis, logarithmically."""

    def __init__(self, values: Sequence[float], start: float, length: float) -> None:
        self.ticks = _ticks(min(values), max(values))
        self._low, self._high = math.log(self.ticks[0]), math.log(self.ticks[-1])
        self._start, self._length = start, length

    def __call__(self, value: float) -> float:
        share = (math.log(value) - self._low) / (self._high - self._low)
        return round(self._start + share * self._length, 1)


def _ticks(least: float, most: float) -> list[float]:
    """1, 2 and 5 times the powers of ten, from not above *least* to not below *most*."""
    powers = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 2)
    every = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    first = max(place for place, tick in enumerate(every) if tick <= least)
    last = min(place for place, tick in enumerate(every) if tick >= most)
    return every[first : max(last, first + 1) + 1]


def _panel(panel: Panel, left: float) -> Iterator[str]:
    points = [point for curve in panel.curves.values() for point in curve]
    heights = [height for _, height in points] + ([panel.goal] if panel.goal else [])
    across = _Scale([rate for rate, _ in points], left, _WIDE)
    upward = _Scale(heights, _TOP + _HIGH, -_HIGH)
    yield f'<text class="title" x="{left}" y="{_TOP - 28}">{escape(panel.title)}</text>'
    yield from _frame(panel, left, across, upward)
    for number, (name, curve) in enumerate(sorted(panel.curves.items())):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{across(rate)},{upward(height)}" for rate, height in sorted(curve))
        yield f'<polyline class="curve" stroke="{colour}" points="{path}"/>'
        for rate, height in sorted(curve):
            yield f'<circle cx="{across(rate)}" cy="{upward(height)}" r="3.2" fill="{colour}"/>'
        place = left + number * 150
        yield f'<rect x="{place}" y="{_TOP - 17}" width="14" height="3" fill="{colour}"/>'
        yield f'<text x="{place + 19}" y="{_TOP - 11}">{escape(name)}</text>'


def _frame(panel: Panel, left: float, across: _Scale, upward: _Scale) -> Iterator[str]:
    bottom, right = _TOP + _HIGH, left + _WIDE
    for tick in upward.ticks:
        y = upward(tick)
        yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{left - 7}" y="{y + 4}" text-anchor="end">{_short(tick)}</text>'
    for tick in across.ticks:
        x = across(tick)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 4}"/>'
        yield f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{_short(tick)}</text>'
    yield f'<line class="axis" x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    yield f'<text x="{left + _WIDE / 2}" y="{bottom + 38}" text-anchor="middle">{escape(panel.across)}</text>'
    if panel.goal:
        y = upward(panel.goal)
        yield f'<line class="axis dash" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{right}" y="{y - 5}" text-anchor="end">goal</text>'


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
