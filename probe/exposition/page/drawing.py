"""Two small pictures: the last runs as a strip, and one run as a bar of its phases. No script, no style attributes."""

from collections.abc import Mapping, Sequence
from typing import Final

from probe.exposition.page.markup import Markup, el, text
from probe.exposition.page.words import clock_time, duration, plural
from probe.model.measurement import Measurement
from probe.model.outcome import Blame
from probe.model.phase import Phase

SHOWN: Final = 60
"""Runs in a strip."""

_TICK: Final = 4
_TALL: Final = 22
_OK_TOP: Final = 8
_ORDER: Final = (Phase.AUTH, *(phase for phase in Phase if phase is not Phase.AUTH))


def strip(runs: Sequence[Measurement], now: float) -> Markup:
    """The newest *runs* as ticks, oldest left: low and green is ok, high is a failure in the colour of its blame."""
    shown = list(runs)[-SHOWN:]
    if not shown:
        return el("span", "no runs", class_="quiet")
    offset = (SHOWN - len(shown)) * _TICK
    ticks = "".join(_tick(run, offset + place * _TICK, now) for place, run in enumerate(shown))
    failed = sum(run.blame is Blame.VENDOR for run in shown)
    label = f"last {plural(len(shown), 'run')}, {failed} failed by the vendor"
    size = f'viewBox="0 0 {SHOWN * _TICK} {_TALL}" width="{SHOWN * _TICK}" height="{_TALL}"'
    return Markup(
        f'<svg class="strip" role="img" aria-label="{label}" preserveAspectRatio="xMinYMid" {size}>{ticks}</svg>'
    )


def _tick(run: Measurement, left: int, now: float) -> str:
    top = _OK_TOP if run.ok else 0
    where = f" in {run.phase}" if run.phase else ""
    title = f"{clock_time(run.started, now)}: {run.outcome}{where}, {duration(run.seconds)}"
    return (
        f'<rect class="b-{run.blame}" x="{left}" y="{top}" width="3" height="{_TALL - top}">'
        f"<title>{title}</title></rect>"
    )


def parts(run: Measurement) -> Mapping[Phase, float]:
    """Seconds of *run* by phase, without overlap: of a query only what its exchange does not account for is left."""
    seconds = {phase: run.phases[phase] for phase in _ORDER if phase in run.phases}
    if Phase.QUERY in seconds and len(seconds) > 1:
        exchange = sum(spent for phase, spent in seconds.items() if phase not in {Phase.QUERY, Phase.AUTH})
        seconds[Phase.QUERY] = max(0.0, seconds[Phase.QUERY] - exchange)
    return {phase: spent for phase, spent in seconds.items() if spent > 0}


def phase_bar(run: Measurement | None) -> Markup:
    """Where the time of *run* went: a stacked bar, and the greatest part in words."""
    seconds = parts(run) if run is not None else {}
    total = sum(seconds.values())
    if run is None or total <= 0:
        return el("span", "no phase finished" if run is not None else "no run", class_="quiet")
    rects, left = [], 0.0
    for phase, spent in seconds.items():
        width = 100 * spent / total
        rects.append(
            f'<rect class="p-{phase}" x="{left:.3f}" y="0" width="{width:.3f}" height="10">'
            f"<title>{phase} {duration(spent)}</title></rect>"
        )
        left += width
    label = text(", ".join(f"{phase} {duration(spent)}" for phase, spent in seconds.items()))
    bar = Markup(
        f'<svg class="bar" role="img" aria-label="{label}" viewBox="0 0 100 10" preserveAspectRatio="none">'
        f"{''.join(rects)}</svg>"
    )
    return Markup(bar + el("small", _mostly(run, seconds), class_="quiet"))


def _mostly(run: Measurement, seconds: Mapping[Phase, float]) -> str:
    phase = max(seconds, key=seconds.__getitem__)
    blur = run.resolution.get(phase)
    sharpness = f" ± {duration(blur)}" if blur is not None else ""
    return f"mostly {phase}, {duration(seconds[phase])}{sharpness}"
