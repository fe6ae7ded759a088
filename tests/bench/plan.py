"""What is measured in which order: contestants take turns, so that what disturbs the machine disturbs all of them."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from tests.bench.contestant import STALLED, STEADY, Order, observe
from tests.bench.figures import Round, judged
from tests.bench.truth import truth_server

RATES: Final = (400, 1000)
PLAIN_RATE: Final = 100
"""What plain httpx bears: some 2 ms of CPU a probe leave it time to be right when nothing is in the way."""
SERIES: Final = (10_000, 50_000)
OURS: Final = "Probe"
BEFORE: Final = "Probe, without its timer and its garbage collection"
PLAIN: Final = "plain httpx"
PEER: Final = "blackbox_exporter"


class Heat(NamedTuple):
    """Who ran in which way."""

    contestant: str
    rate: int
    mode: str


@dataclass(frozen=True, slots=True)
class Step:
    """One process for one or two rounds.

    Attributes:
        contestant: who, for people.
        program: the module that is run.
        rate: probes a second.
        modes: a round for each.
        without: what ours has to do without.
    """

    contestant: str
    program: str
    rate: int
    modes: Sequence[str] = (STEADY,)
    without: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.contestant}, {self.rate}/s, {' and '.join(self.modes)}"

    def rounds(self, seconds: float) -> Iterator[tuple[Heat, Round]]:
        """Run it beside a fresh server."""
        with truth_server() as server:
            order = Order(
                port=server.port, rate=self.rate, seconds=seconds, modes=tuple(self.modes), without=tuple(self.without)
            )
            observed = list(observe(self.program, order))
            truth = server.truth()
        for seen in observed:
            yield Heat(self.contestant, self.rate, seen.mode), judged(seen, truth)


@dataclass(slots=True)
class Results:
    """Everything that was measured.

    Attributes:
        rounds: the figures of each heat, in the order of the cycles.
        scrapes: what scrapes cost, one for each number of series.
    """

    rounds: dict[Heat, list[Round]] = field(default_factory=lambda: defaultdict(list))
    scrapes: list[dict[str, Any]] = field(default_factory=list)


def cycle(*, with_peer: bool, with_before: bool) -> tuple[Step, ...]:
    """What each cycle holds; the peer follows us at each rate."""
    steps = []
    for rate in RATES:
        steps.append(Step(OURS, "agent", rate, (STEADY, STALLED)))
        if with_peer:
            steps.append(Step(PEER, "peer", rate))
        if with_before:
            steps.append(Step(BEFORE, "agent", rate, (STEADY,), ("timer", "house")))
    return (*steps, Step(PLAIN, "plain", PLAIN_RATE, (STEADY, STALLED)))


def run(steps: Sequence[Step], cycles: int, seconds: float, tell: Callable[[str], None]) -> Results:
    """Run all *cycles*, then the scrapes; *tell* hears what is being done."""
    results, total = Results(), cycles * len(steps) + len(SERIES)
    for number in range(cycles):
        for place, step in enumerate(steps, start=number * len(steps) + 1):
            tell(f"[{place}/{total}] {step}")
            for heat, figures in step.rounds(seconds):
                results.rounds[heat].append(figures)
    for place, series in enumerate(SERIES, start=total - len(SERIES) + 1):
        tell(f"[{place}/{total}] a scrape of {series} series")
        results.scrapes.append(scrape(series))
    return results


def scrape(series: int) -> dict[str, Any]:
    """What a scrape of so many series costs."""
    command = [sys.executable, "-m", "tests.bench.scrape", str(series)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
