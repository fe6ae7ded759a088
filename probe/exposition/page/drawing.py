"""Two small pictures: the last runs as a strip, and one run as a bar of its phases. No script, no style attributes."""

from collections.abc import Mapping, Sequence
from typing import Final

from probe.exposition.page.markup import Markup, el, text
from probe.exposition.page.verdict import STRIP
from probe.exposition.page.words import clock_time, duration, plural
from probe.model.measurement import Measurement
from probe.model.outcome import Blame
from probe.model.phase import Phase

_TICK: Final = 4
_TALL: Final = 22
_OK_TOP: Final = 8
_ORDER: Final = (Phase.AUTH, *(phase for phase in Phase if phase is not Phase.AUTH))


def strip(runs: Sequence[Measurement], now: float) -> Markup:
    """The newest *runs* as ticks, oldest left: low and green is ok, high is a failure in the colour of its blame.

    Where there is more room than sixty ticks take, it is left before the oldest: the newest run ends the line.
    """
    shown = list(runs)[-STRIP:]
    if not shown:
        return el("span", "no runs", class_="quiet")
    offset = (STRIP - len(shown)) * _TICK
    ticks = "".join(_tick(run, offset + place * _TICK, now) for place, run in enumerate(shown))
    failed = sum(run.blame is Blame.VENDOR for run in shown)
    label = f"last {plural(len(shown), 'run')}, {failed} failed by the vendor"
    size = f'viewBox="0 0 {STRIP * _TICK} {_TALL}" width="{STRIP * _TICK}" height="{_TALL}"'
    return Markup(
        f'<svg class="strip" role="img" aria-label="{label}" preserveAspectRatio="xMaxYMid" {size}>{ticks}</svg>'
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
    """Where the time of *run* went: a stacked bar, and the greatest part in words.

    The phase that a failed run did not finish has no duration, but the time went there: it is drawn in a colour of its
    own. So is what the agent itself took of a run that was ok, where that is the greatest part.
    """
    if run is None:
        return el("span", "no run", class_="quiet")
    pieces = [(f"p-{phase}", f"{phase} {duration(spent)}", spent) for phase, spent in parts(run).items()]
    lost = _unfinished(run)
    if lost > 0:
        pieces.append(("p-unfinished", f"{run.phase} not finished, {duration(lost)}", lost))
    if (own := _own_share(run)) > 0:
        pieces.append(("p-own", f"the agent itself, {duration(own)}", own))
    if not pieces:
        return el("span", "no phase finished", class_="quiet")
    label = text(", ".join(told for _, told, _ in pieces))
    bar = Markup(
        f'<svg class="bar" role="img" aria-label="{label}" viewBox="0 0 100 10" preserveAspectRatio="none">'
        f"{_stacked(pieces)}</svg>"
    )
    return Markup(bar + el("small", _mostly(run, lost), class_="quiet"))


def _stacked(pieces: Sequence[tuple[str, str, float]]) -> str:
    total = sum(spent for _, _, spent in pieces)
    rects, left = [], 0.0
    for style, told, spent in pieces:
        width = 100 * spent / total
        rects.append(
            f'<rect class="{style}" x="{left:.3f}" y="0" width="{width:.3f}" height="10"><title>{told}</title></rect>'
        )
        left += width
    return "".join(rects)


def _unfinished(run: Measurement) -> float:
    """Seconds that *run* spent in the phase that it failed in, if it did not finish it."""
    if run.phase is None or run.phase in run.phases:
        return 0.0
    return max(0.0, run.seconds - sum(parts(run).values()))


def _own_share(run: Measurement) -> float:
    """Seconds that *run* spent in no phase, if those are more than any phase took: the agent was busy with others."""
    seconds = parts(run).values()
    own = run.seconds - sum(seconds)
    return own if run.ok and own > max(seconds, default=own) else 0.0


def _mostly(run: Measurement, lost: float) -> str:
    seconds = parts(run)
    phase = max(seconds, key=seconds.__getitem__, default=None)
    if phase is None or lost > seconds[phase]:
        return f"mostly {run.phase}, not finished after {duration(lost)}"
    if (own := _own_share(run)) > 0:
        return f"mostly the agent itself, {duration(own)}; {phase} {duration(seconds[phase])}"
    blur = run.resolution.get(phase)
    sharpness = f" ± {duration(blur)}" if blur is not None else ""
    return f"mostly {phase}, {duration(seconds[phase])}{sharpness}"
