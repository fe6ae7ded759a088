"""What was measured apart from the rounds, as tables and as curves."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final

from tests.bench.contestant import STEADY
from tests.bench.figures import Round
from tests.bench.plan import OURS, PEER, Heat, Load
from tests.bench.plot import Panel, drawn

_CURVES: Final = (
    ("error p99 of the measured wait, µs", "error_p99_us", False),
    ("CPU per probe, µs", "cpu_us", True),
)


def rests(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Agents that have little to do."""
    yield "\n### Agents at rest: HTTP probes, each once a minute\n"
    heads = ("probes", "detail", "series", "a probe", "MB when ready", "each has run", "scraped twice", "of a core")
    yield f"| {' | '.join((*heads, 'ready after', 'skipped', 'lost'))} |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for one in found:
        yield (
            f"| {one['probes']} | {one['detail']} | {one['series']:.0f} | {one['series_each']:.0f} "
            f"| {one['ready_mb']:.0f} | {one['ran_mb']:.0f} | {one['scraped_mb']:.0f} | {one['core']:.1%} "
            f"| {one['ready_s']:.1f} s | {one['skipped']:.0f} | {one['lost']:.0f} |"
        )


def kinds(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Runs of each kind."""
    yield "\n### A run of each kind, one at a time, against the sandbox\n"
    yield "| kind | CPU of a run | least | most | took | series | detail | good runs |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in found:
        took = "-" if one["wall_us"] is None else f"{one['wall_us'] / 1e3:.3g} ms"
        cpu = " | ".join(f"{one[name] / 1e3:.3g} ms" for name in ("cpu_us", "least_us", "most_us"))
        yield f"| {one['kind']} | {cpu} | {took} | {one['series']} | {one['detail']} | {one['good']} of {one['runs']} |"


def growth(rounds: Mapping[Heat, Sequence[Round]]) -> str:
    """Curves over the rate, as SVG; empty where fewer than two rates were measured."""
    panels = []
    for title, name, linear in _CURVES:
        curves: dict[str, list[tuple[float, float]]] = {}
        for heat, figures in rounds.items():
            values = [one[name] for one in figures if one.get(name)]
            if values and heat.mode == STEADY and heat.load is not Load.REUSED and heat.contestant in {OURS, PEER}:
                what = "HTTP" if heat.load is Load.HTTP else "TLS"
                curves.setdefault(f"{heat.contestant}, {what}", []).append((heat.rate, median(values)))
        panels.append(Panel(title, "probes a second", curves, linear=linear))
    return drawn(panels) if all(len(curve) > 1 for panel in panels for curve in panel.curves.values()) else ""
