"""Draws curves as SVG: a few lines of markup, the same bytes for the same figures, readable on light and dark pages."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Point = tuple[float, float]
"""What was asked for, and the median of what came."""

WIDTH: Final = 860
HEIGHT: Final = 336
_LEFT: Final = 62
_TOP: Final = 34
_WIDE: Final = 335
_HIGH: Final = 210
_GAP: Final = 95
_LEGEND: Final = 205
_MOST_TICKS: Final = 8
_COLOURS: Final = ("#2f7ed8", "#e07b39", "#2a9d6f", "#b0559e")
_STYLE: Final = """\
text { font: 12px system-ui, sans-serif; fill: #3b3f45 }
.title { font-weight: 600; font-size: 13px } .axis { stroke: #8a9099 } .grid { stroke: #8a909933 }
.curve { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #cfd4db } .axis { stroke: #868d97 } .grid { stroke: #868d9744 } }"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram.

    Attributes:
        title: what is shown, with its unit.
        across: what the horizontal axis is.
        curves: points by what they are of.
        linear: whether heights are told from 0 on, in equal steps; else each tenfold takes the same height.
    """

    title: str
    across: str
    curves: Mapping[str, Sequence[Point]]
    linear: bool = False


def drawn(panels: Sequence[Panel]) -> str:
    """The diagrams side by side, over what all of them are about; a curve of one name has one colour in all."""
    names = sorted({name for panel in panels for name in panel.curves})
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}
    body = [
        line for place, panel in enumerate(panels) for line in _panel(panel, _LEFT + place * (_WIDE + _GAP), colours)
    ]
    for place, (name, colour) in enumerate(colours.items()):
        x = _LEFT + place * _LEGEND
        body.append(f'<rect x="{x}" y="{HEIGHT - 22}" width="16" height="4" rx="2" fill="{colour}"/>')
        body.append(f'<text x="{x + 22}" y="{HEIGHT - 15}">{escape(name)}</text>')
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
    """Turns figures into places along an axis."""

    def __init__(self, values: Sequence[float], start: float, length: float, *, linear: bool = False) -> None:
        self.ticks = _even(max(values)) if linear else _tenfold(min(values), max(values))
        self._bend: Callable[[float], float] = float if linear else math.log
        self._low, self._high = self._bend(self.ticks[0]), self._bend(self.ticks[-1])
        self._start, self._length = start, length

    def __call__(self, value: float) -> float:
        share = (self._bend(value) - self._low) / (self._high - self._low)
        return round(self._start + share * self._length, 1)


def _even(most: float) -> list[float]:
    """From 0 to not below *most*, in five steps or less of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(most))
    step = next(size * power for size in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if size * power * 5 >= most)
    return [step * number for number in range(math.ceil(most / step) + 1)]


def _tenfold(least: float, most: float) -> list[float]:
    """1, 2 and 5 times the powers of ten, from not above *least* to not below *most*; of many, only the powers."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    every = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    first = max(place for place, tick in enumerate(every) if tick <= least)
    last = min(place for place, tick in enumerate(every) if tick >= most)
    found = every[first : max(last, first + 1) + 1]
    return found if len(found) <= _MOST_TICKS else [10.0**power for power in powers]


def _panel(panel: Panel, left: float, colours: Mapping[str, str]) -> Iterator[str]:
    points = [point for curve in panel.curves.values() for point in curve]
    across = _Scale([rate for rate, _ in points], left, _WIDE)
    upward = _Scale([height for _, height in points], _TOP + _HIGH, -_HIGH, linear=panel.linear)
    yield f'<text class="title" x="{left}" y="{_TOP - 16}">{escape(panel.title)}</text>'
    yield from _frame(panel, left, across, upward)
    for name, curve in sorted(panel.curves.items()):
        path = " ".join(f"{across(rate)},{upward(height)}" for rate, height in sorted(curve))
        yield f'<polyline class="curve" stroke="{colours[name]}" points="{path}"/>'
        for rate, height in sorted(curve):
            yield f'<circle cx="{across(rate)}" cy="{upward(height)}" r="3.2" fill="{colours[name]}"/>'


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


def _short(value: float) -> str:
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"
