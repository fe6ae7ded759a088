"""The tables: medians of the rounds, with the least and the most in brackets."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final

from tests.bench import apart, goals
from tests.bench.contestant import STEADY
from tests.bench.figures import Round, Spread, summary
from tests.bench.plan import OURS, PEER, Heat, Results

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"
_NOTHING: Final = "-"
_SECOND: Final = 1e6
_MILLISECOND: Final = 1e3

_FIDELITY: Final = (
    ("CPU per probe", "cpu_us"),
    ("error p50", "error_p50_us"),
    ("error p99", "error_p99_us"),
    ("error max", "error_max_us"),
    ("p99, proven", "proven_p99_us"),
)
_SCHEDULE: Final = (
    ("lateness p50", "lateness_p50_us"),
    ("lateness p99", "lateness_p99_us"),
    ("loop lag p50", "lag_p50_us"),
    ("loop lag max", "lag_max_us"),
)
_COUNTS: Final = (("runs", "runs"), ("skipped", "skipped"), ("failed", "failed"), ("lost", "lost"), ("MB", "memory_mb"))
_RATIOS: Final = (("CPU per probe", "cpu_us"), ("error p50", "error_p50_us"), ("error p99", "error_p99_us"))


def tables(results: Results) -> str:
    """Everything as Markdown."""
    parts = [
        "### Goals\n",
        *goals.table(results),
        "\n### How true the measured wait is\n",
        _table(results.rounds, _FIDELITY, time),
        "\n### How punctual the schedule is\n",
        _table({heat: rounds for heat, rounds in results.rounds.items() if heat.contestant != PEER}, _SCHEDULE, time),
        "\n### What became of the slots\n",
        _table(results.rounds, _COUNTS, plain),
        "\n### A scrape\n",
        _scrapes(results.scrapes),
    ]
    if ratios := list(_ratios(results.rounds)):
        parts += ["\n### Ours in proportion to blackbox_exporter's, round by round\n", *ratios]
    if results.starts:
        told = ", ".join(f"{seconds:.2f}" for seconds in sorted(results.starts))
        parts += ["\n### From the start of the program to its first result\n", f"{told} s"]
    parts += apart.rests(results.rests) if results.rests else []
    parts += apart.kinds(results.kinds) if results.kinds else []
    return "\n".join(parts)


def time(microseconds: float) -> str:
    """A duration in its natural unit."""
    if microseconds >= _SECOND:
        return f"{microseconds / _SECOND:.2f} s"
    if microseconds >= _MILLISECOND:
        return f"{microseconds / _MILLISECOND:.3g} ms"
    return f"{microseconds:.0f} µs"


def plain(value: float) -> str:
    """A count."""
    return f"{value:.0f}"


def _cell(spread: Spread | None, say: Any) -> str:
    if spread is None:
        return _NOTHING
    if spread.least == spread.most:
        return str(say(spread.median))
    return f"{say(spread.median)} ({say(spread.least)} … {say(spread.most)})"


def _table(rounds: Mapping[Heat, Sequence[Round]], columns: Sequence[tuple[str, str]], say: Any) -> str:
    lines = [
        "| | asked | probes/s | loop | " + " | ".join(title for title, _ in columns) + " |",
        "|---|---|---|---|" + "---|" * len(columns),
    ]
    for heat in sorted(
        rounds, key=lambda heat: (heat.load, heat.mode != STEADY, heat.mode, heat.rate, heat.contestant)
    ):
        found = summary(rounds[heat])
        cells = " | ".join(_cell(found.get(name), say) for _, name in columns)
        lines.append(f"| {heat.contestant} | {heat.load} | {heat.rate} | {heat.mode} | {cells} |")
    return "\n".join(lines)


def _ratios(rounds: Mapping[Heat, Sequence[Round]]) -> Iterator[str]:
    """Each round of ours over the peer's next to it."""
    lines = []
    for heat, theirs in rounds.items():
        ours = rounds.get(Heat(OURS, heat.rate, STEADY, heat.load), ())
        if heat.contestant != PEER or not ours:
            continue
        cells = []
        for _, name in _RATIOS:
            found = [one[name] / other[name] for one, other in zip(ours, theirs, strict=False) if other.get(name)]
            cells.append(f"{median(found):.3g} ({min(found):.3g} … {max(found):.3g})" if found else _NOTHING)
        lines.append(f"| {heat.load} | {heat.rate} | {' | '.join(cells)} |")
    if lines:
        yield "| asked | probes/s | " + " | ".join(title for title, _ in _RATIOS) + " |"
        yield "|---|---|" + "---|" * len(_RATIOS)
        yield from lines


def _scrapes(scrapes: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| series | CPU, everything changed | CPU, nothing changed | loop held for at most |",
        "|---|---|---|---|",
    ]
    for scrape in scrapes:
        cells = [
            f"{median(values):.3g} ms ({min(values):.3g} … {max(values):.3g})"
            for values in (scrape["changed_cpu_ms"], scrape["same_cpu_ms"], scrape["changed_hold_ms"])
        ]
        lines.append(f"| {scrape['series']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def page(former: str, measured: str) -> str:
    """The document *former* with what was *measured* between its marks.

    Raises:
        ValueError: the marks are missing.
    """
    head, _, rest = former.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"there is no {BEGIN} with an {END} after it")
    return f"{head}{BEGIN}\n{measured}\n{END}{tail}"
