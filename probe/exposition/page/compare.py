"""All vendors side by side: a line for each, worst first, with the probes that several of them have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from probe.exposition.page.drawing import strip
from probe.exposition.page.markup import Markup, el, join, text
from probe.exposition.page.pieces import chip, steadiness
from probe.exposition.page.verdict import SLOW, Group, Row, State
from probe.exposition.page.words import duration

MOST: Final = 4
"""Probes that are compared."""

_Fastest = Mapping[str, float]
_Slowest = Mapping[str, float]


def shared(found: Sequence[Group]) -> list[str]:
    """Probes that at least two of *found* have, in the order of the configuration."""
    counts: dict[str, int] = {}
    for group in found:
        for probe in dict.fromkeys(one.target.probe for one in group.rows):
            counts[probe] = counts.get(probe, 0) + 1
    return [probe for probe, count in counts.items() if count > 1][:MOST]


def side_by_side(found: Sequence[Group], now: float) -> Iterator[str]:
    """The table of *found* in pieces; nothing if they have no probe in common."""
    probes = shared(found)
    if not probes:
        return
    typical = {probe: [one.typical for one in _of(found, probe) if one.typical is not None] for probe in probes}
    fastest = {probe: min(times) for probe, times in typical.items() if times}
    slowest = {probe: max(times) for probe, times in typical.items() if times}
    yield '<section class="layer">'
    yield el("h2", "Side by side")
    yield el("p", "Worst vendor first; the median time of each probe that vendors have in common.", class_="quiet")
    heads = join(*(el("th", name, scope="col") for name in ("Vendor", "State", "Steadiness", "Last 60 runs", *probes)))
    yield f'<table class="compare" aria-label="Side by side"><thead><tr>{heads}</tr></thead><tbody>'
    for group in found:
        yield _line(group, probes, fastest, slowest, now)
    yield "</tbody></table></section>"


def _of(found: Sequence[Group], probe: str) -> Iterator[Row]:
    return (one for group in found for one in group.rows if one.target.probe == probe)


def _line(group: Group, probes: Sequence[str], fastest: _Fastest, slowest: _Slowest, now: float) -> Markup:
    cells = (
        ("State", chip(group.state)),
        ("Steadiness", el("span", *steadiness(group.ok, group.valid), class_="share")),
        ("Last 60 runs", strip(group.latest, now)),
        *((probe, _times(group, probe, fastest, slowest)) for probe in probes),
    )
    tds = [el("td", el("div", cell), data_label=name) for name, cell in cells]
    return el("tr", el("th", group.name, el("small", group.region, class_="quiet"), scope="row"), *tds)


def _times(group: Group, probe: str, fastest: _Fastest, slowest: _Slowest) -> Markup:
    rows = [one for one in group.rows if one.target.probe == probe]
    if not rows:
        return el("span", "not measured", class_="quiet")
    typical = [one.typical for one in rows if one.typical is not None]
    failed = _failures(rows)
    if not typical:
        return join(el("span", "too few ok runs", class_="quiet"), failed)
    time = max(typical)
    times = time / fastest[probe] if fastest[probe] > 0 else 1.0
    against = el("small", f" {times:.1f} times the fastest", class_="quiet") if times >= SLOW else text("")
    return join(el("b", duration(time)), against, _bar(time, slowest[probe], slow=times >= SLOW), failed)


def _failures(rows: Sequence[Row]) -> Markup:
    failed, lately = sum(one.failed for one in rows), sum(one.lately for one in rows)
    bad = failed or any(one.state is State.FAILING for one in rows)
    return el("small", f"failed {failed} of last {lately}", class_="t-vendor") if bad else text("")


def _bar(time: float, slowest: float, *, slow: bool) -> Markup:
    width = max(1.0, 100 * time / slowest) if slowest > 0 else 1.0
    kind = "m-slow" if slow else "m-usual"
    return Markup(
        '<svg class="measure" aria-hidden="true" viewBox="0 0 100 4" preserveAspectRatio="none">'
        f'<rect class="{kind}" x="0" y="0" width="{width:.2f}" height="4"/></svg>'
    )
