"""What we want to reach, and whether a run of the benchmark reached it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from tests.bench.contestant import SCRAPED, STALLED, STEADY
from tests.bench.plan import OURS, PEER, THROUGH, Heat, Load, Results


@dataclass(frozen=True, slots=True)
class Goal:
    """One of them.

    Attributes:
        wanted: as a sentence.
        most: what the figure may be.
        unit: what it is told in: `x` for a ratio, `us`, `ms`, `s`, `MB`, or nothing for a count.
        figure: finds it among the results; None if it was not measured.
    """

    wanted: str
    most: float
    unit: str
    figure: Callable[[Results], float | None]


def of_rounds(name: str, rate: int, mode: str = STEADY, load: Load = Load.HTTP) -> Callable[[Results], float | None]:
    """The median of a figure of ours."""

    def find(results: Results) -> float | None:
        rounds = results.rounds.get(Heat(OURS, rate, mode, load), [])
        found = [figures[name] for figures in rounds if name in figures]
        return median(found) if found else None

    return find


def against_peer(name: str, rate: int, load: Load = Load.HTTP) -> Callable[[Results], float | None]:
    """The median over the rounds of ours in proportion to the peer's next to it."""
    return _ratio(name, Heat(OURS, rate, STEADY, load), Heat(PEER, rate, STEADY, load))


def through_httpx(name: str, rate: int) -> Callable[[Results], float | None]:
    """The same of ours when it goes through httpx's objects."""
    return _ratio(name, Heat(THROUGH, rate, STEADY), Heat(PEER, rate, STEADY))


def against_steady(name: str, rate: int, mode: str) -> Callable[[Results], float | None]:
    """The median over the rounds of ours in *mode* in proportion to ours when nothing disturbs it."""
    return _ratio(name, Heat(OURS, rate, mode), Heat(OURS, rate, STEADY))


def _ratio(name: str, one: Heat, other: Heat) -> Callable[[Results], float | None]:
    def find(results: Results) -> float | None:
        pairs = zip(results.rounds.get(one, []), results.rounds.get(other, []), strict=False)
        found = [ours[name] / theirs[name] for ours, theirs in pairs if ours.get(name) is not None and theirs.get(name)]
        return median(found) if found else None

    return find


def of_scrape(name: str) -> Callable[[Results], float | None]:
    """The median of a figure of the largest scrape."""

    def find(results: Results) -> float | None:
        if not results.scrapes:
            return None
        values: list[float] = max(results.scrapes, key=lambda scrape: int(scrape["series"]))[name]
        return median(values)

    return find


def at_rest(name: str, probes: int) -> Callable[[Results], float | None]:
    """A figure of so many lean probes."""

    def find(results: Results) -> float | None:
        found: list[Any] = [one[name] for one in results.rests if (one["probes"], one["detail"]) == (probes, "lean")]
        return found[0] if found else None

    return find


def first_run(results: Results) -> float | None:
    """The median start."""
    return median(results.starts) if results.starts else None


def lost(results: Results) -> float | None:
    """Slots of ours that nobody accounts for, in all rounds."""
    found = [one.get("lost", 0) for heat, rounds in results.rounds.items() if heat.contestant == OURS for one in rounds]
    return sum(found) if found else None


_P99: Final = "error_p99_us"
_MANY: Final = 1_000
GOALS: Final = (
    Goal("error p99 at 1000 HTTP/s, of blackbox_exporter's", 1 / 15, "x", against_peer(_P99, 1000)),
    Goal("error p99 at 1000 HTTP/s", 250, "us", of_rounds(_P99, 1000)),
    Goal("error p99 at 400 HTTP/s, of blackbox_exporter's", 1 / 3, "x", against_peer(_P99, 400)),
    Goal("error p99 at 300 TLS/s, of blackbox_exporter's", 1 / 2, "x", against_peer(_P99, 300, Load.TLS)),
    Goal("error p99 at 700 TLS/s, of blackbox_exporter's", 1 / 10, "x", against_peer(_P99, 700, Load.TLS)),
    Goal("error p99 at 700 TLS/s", 550, "us", of_rounds(_P99, 700, load=Load.TLS)),
    Goal("CPU per HTTP probe at 400/s, of blackbox_exporter's", 0.4, "x", against_peer("cpu_us", 400)),
    Goal("CPU per HTTP probe at 1000/s, of blackbox_exporter's", 0.4, "x", against_peer("cpu_us", 1000)),
    Goal("the same through httpx", 0.6, "x", through_httpx("cpu_us", 1000)),
    Goal("CPU per TLS probe at 300/s, of blackbox_exporter's", 1.0, "x", against_peer("cpu_us", 300, Load.TLS)),
    Goal("CPU per TLS probe at 700/s, of blackbox_exporter's", 1.0, "x", against_peer("cpu_us", 700, Load.TLS)),
    Goal("error p99 at 2000 HTTP/s", 1000, "us", of_rounds(_P99, 2000)),
    Goal("slots skipped at 2000 HTTP/s", 0, "", of_rounds("skipped", 2000)),
    Goal("error p99 with a stall of 500 ms each second, of without", 1.5, "x", against_steady(_P99, 1000, STALLED)),
    Goal("CPU of a scrape of 50,000 series, all changed", 35, "ms", of_scrape("changed_cpu_ms")),
    Goal("the loop held by that scrape, at most", 1, "ms", of_scrape("changed_hold_ms")),
    Goal("error p99 while 50,000 are scraped, of without", 1.5, "x", against_steady(_P99, 1000, f"{SCRAPED} 50000")),
    Goal(
        "lateness p99 while 50,000 are scraped, of without",
        1.5,
        "x",
        against_steady("lateness_p99_us", 1000, f"{SCRAPED} 50000"),
    ),
    Goal("lateness p99 at 1000 HTTP/s", 2000, "us", of_rounds("lateness_p99_us", 1000)),
    Goal("slots that nobody accounts for, in all rounds", 0, "", lost),
    Goal("slots that nobody accounts for, 10,000 probes at rest", 0, "", at_rest("lost", 10_000)),
    Goal("slots that they skipped, their first ones included", 0, "", at_rest("skipped", 10_000)),
    Goal("memory, 1,000 lean probes, run and scraped", 110, "MB", at_rest("scraped_mb", 1_000)),
    Goal("memory, 10,000 lean probes, run and scraped", 350, "MB", at_rest("scraped_mb", 10_000)),
    Goal("from the start of the program to its first result", 1.5, "s", first_run),
)


def table(results: Results) -> Iterator[str]:
    """Each goal, what was measured, and whether it was met, as lines of Markdown."""
    yield "| goal | at most | measured | met? |"
    yield "|---|---|---|---|"
    for goal in GOALS:
        found = goal.figure(results)
        if found is None:
            yield f"| {goal.wanted} | {said(goal.most, goal.unit)} | - | not measured |"
        else:
            met = "yes" if found <= goal.most else "**no**"
            yield f"| {goal.wanted} | {said(goal.most, goal.unit)} | {said(found, goal.unit)} | {met} |"


def as_data(results: Results) -> Iterator[dict[str, Any]]:
    """The same for programs; `met` is null where nothing was measured."""
    for goal in GOALS:
        found = goal.figure(results)
        met = None if found is None else found <= goal.most
        yield {"goal": goal.wanted, "most": goal.most, "unit": goal.unit, "measured": found, "met": met}


def said(value: float, unit: str) -> str:
    """A figure for people."""
    if not unit:
        return f"{value:.0f}"
    if unit == "x":
        return f"{value:.3g} x"
    told = f"{value:,.0f}" if value >= _MANY else f"{value:.3g}"
    return f"{told} {unit}".replace("us", "µs")
