"""What a round comes to, and what several rounds come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.bench.truth import Sample, Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a contestant says of a round, in its own process.

    Attributes:
        mode: `steady`, or `stalled` if its loop was held on purpose.
        seconds: how long the round was.
        cpu: seconds of CPU that its process used.
        runs: measurements that ended in the round.
        failed: those among them that were not ok.
        samples: what was measured.
        lateness: seconds by which runs started after they were due.
        lag: seconds by which the loop was late.
        skipped: slots that were skipped, by reason.
        lost: slots due that are neither runs nor skipped nor in flight.
        memory: bytes resident at the end.
    """

    mode: str
    seconds: float
    cpu: float
    runs: int
    failed: int = 0
    samples: Sequence[Sample] = ()
    lateness: Sequence[float] = ()
    lag: Sequence[float] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    memory: int = 0


Round = dict[str, float]
"""Named figures of one round; times in microseconds."""


def quantile(values: Iterable[float], share: float) -> float:
    """The value that *share* of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def judged(seen: Observed, truth: Truth) -> Round:
    """The figures of a round, its measurements held against the truth."""
    matched, unknown = truth.matched(seen.samples)
    figures: Round = {
        "runs": seen.runs,
        "failed": seen.failed,
        "skipped": sum(seen.skipped.values()),
        "lost": seen.lost,
        "unknown": unknown,
        "per_second": seen.runs / seen.seconds,
        "core": seen.cpu / seen.seconds,
        "memory_mb": seen.memory / 1e6,
    }
    if seen.runs:
        figures["cpu_us"] = seen.cpu / seen.runs * 1e6
    measured = {
        "error": [served.error(wait) for wait, served in matched],
        "proven": [served.proven(wait) for wait, served in matched],
        "lateness": seen.lateness,
        "lag": seen.lag,
    }
    for name, values in measured.items():
        if values:
            figures[f"{name}_p50_us"] = quantile(values, 0.5) * 1e6
            figures[f"{name}_p99_us"] = quantile(values, 0.99) * 1e6
            figures[f"{name}_max_us"] = max(values) * 1e6
    return figures


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over several rounds."""

    median: float
    least: float
    most: float


def summary(rounds: Sequence[Round]) -> dict[str, Spread]:
    """Each figure's median and spread."""
    names: dict[str, Any] = dict.fromkeys(name for figures in rounds for name in figures)
    found = {name: [figures[name] for figures in rounds if name in figures] for name in names}
    return {name: Spread(median(values), min(values), max(values)) for name, values in found.items()}
