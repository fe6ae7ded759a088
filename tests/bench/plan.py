"""What is measured in which order: contestants take turns, so that what disturbs the machine disturbs all of them."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from tests.bench.contestant import SCRAPED, STALLED, STEADY, Order, observe
from tests.bench.figures import Round, judged
from tests.bench.truth import truth_server

RATES: Final = (400, 1000)
FULL_RATES: Final = (200, 2000)
TLS_RATES: Final = (300, 700)
PLAIN_RATE: Final = 100
"""What plain httpx bears: some 2 ms of CPU a probe leave it time to be right when nothing is in the way."""
SERIES: Final = (10_000, 50_000)
RESTS: Final = ((1_000, "lean"), (1_000, "full"), (10_000, "lean"))
_STARTING: Final = 4.5
_BETWEEN: Final = 0.6
"""Seconds until a process runs at its rate, and between two of its rounds."""
OURS: Final = "Probe"
BEFORE: Final = "Probe, without its timer and its garbage collection"
THROUGH: Final = "Probe, through httpx"
PLAIN: Final = "plain httpx"
PEER: Final = "blackbox_exporter"


class Load(StrEnum):
    """What is asked."""

    HTTP = "HTTP, new connections"
    TLS = "TLS, new connections"
    REUSED = "HTTP, connections used again"


class Heat(NamedTuple):
    """Who ran in which way."""

    contestant: str
    rate: int
    mode: str
    load: Load = Load.HTTP


@dataclass(frozen=True, slots=True)
class Step:
    """One process for one or two rounds.

    Attributes:
        contestant: who, for people.
        program: the module that is run.
        rate: probes a second.
        modes: a round for each.
        without: what ours has to do without.
        load: what is asked.
    """

    contestant: str
    program: str
    rate: int
    modes: Sequence[str] = (STEADY,)
    without: Sequence[str] = ()
    load: Load = Load.HTTP

    def __str__(self) -> str:
        return f"{self.contestant}, {self.load}, {self.rate}/s: {', '.join(self.modes)}"

    def takes(self, seconds: float) -> float:
        """About how many seconds that is."""
        return _STARTING + len(self.modes) * (seconds + _BETWEEN)

    def rounds(self, seconds: float) -> Iterator[tuple[Heat, Round]]:
        """Run it beside a fresh server."""
        with truth_server(tls=self.load is Load.TLS, keep=self.load is Load.REUSED) as server:
            order = Order(
                port=server.port,
                ca=server.ca,
                keep=self.load is Load.REUSED,
                rate=self.rate,
                seconds=seconds,
                modes=tuple(self.modes),
                without=tuple(self.without),
            )
            observed = list(observe(self.program, order))
            truth = server.truth()
        for seen in observed:
            yield Heat(self.contestant, self.rate, seen.mode, self.load), judged(seen, truth)


@dataclass(slots=True)
class Results:
    """Everything that was measured.

    Attributes:
        rounds: the figures of each heat, in the order of the cycles.
        scrapes: what scrapes cost, one for each number of series.
        starts: seconds from the start of the program to the end of its first run, by command.
        rests: agents that have nothing to do but what is configured.
        kinds: what a run of each kind costs.
    """

    rounds: dict[Heat, list[Round]] = field(default_factory=lambda: defaultdict(list))
    scrapes: list[dict[str, Any]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    rests: list[dict[str, Any]] = field(default_factory=list)
    kinds: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Apart:
    """A program that is run by itself; it prints what it found as JSON.

    Attributes:
        title: what it is, for people.
        where: the attribute of `Results` that its finding is added to.
        command: the module of this folder, and its arguments.
        seconds: how long it takes, about.
    """

    title: str
    where: str
    command: tuple[str, ...]
    seconds: float

    def found(self) -> Any:
        """Run it; what it found."""
        module, *rest = self.command
        command = [sys.executable, "-m", f"tests.bench.{module}", *rest]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        return json.loads(done.stdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured.

    Attributes:
        cycles: how often the steps are gone through.
        seconds: of a round.
        full: whether all of it, or what fits into a quarter of an hour.
        peer: whether blackbox_exporter takes part.
        before: whether ours also runs without its timer and its garbage collection.
    """

    cycles: int
    seconds: float
    full: bool = False
    peer: bool = True
    before: bool = False

    def steps(self) -> tuple[Step, ...]:
        """What each cycle holds; the peer follows us at each rate."""
        steps: list[Step] = []
        for rate in sorted({*RATES, *(FULL_RATES if self.full else ())}):
            modes = (STEADY, STALLED, *(f"{SCRAPED} {series}" for series in SERIES)) if rate == max(RATES) else ()
            steps.append(Step(OURS, "agent", rate, modes or ((STEADY, STALLED) if rate in RATES else (STEADY,))))
            steps += [Step(PEER, "peer", rate)] * self.peer
            steps += [Step(THROUGH, "agent", rate, (STEADY,), ("direct",))] * (rate == max(RATES))
            steps += [Step(BEFORE, "agent", rate, (STEADY,), ("timer", "house"))] * (self.before and rate in RATES)
        for rate in TLS_RATES:
            steps.append(Step(OURS, "agent", rate, load=Load.TLS))
            steps += [Step(PEER, "peer", rate, load=Load.TLS)] * self.peer
        if self.full:
            steps.append(Step(OURS, "agent", max(RATES), load=Load.REUSED))
        return (*steps, Step(PLAIN, "plain", PLAIN_RATE, (STEADY, STALLED)))

    def apart(self) -> tuple[Apart, ...]:
        """What is measured once, after the cycles."""
        often = 5
        scrapes = [Apart(f"a scrape of {series} series", "scrapes", ("scrape", str(series)), 15) for series in SERIES]
        starts = [Apart("a start", "starts", ("first",), 3)] * often
        if not self.full:
            return (*scrapes, *starts)
        rests = [
            Apart(f"{count} probes at rest, {detail}", "rests", ("rest", str(count), detail), 90 + count / 500)
            for count, detail in RESTS
        ]
        return (*scrapes, *starts, *rests, Apart("a run of each kind", "kinds", ("kinds",), 90))

    def takes(self) -> float:
        """About how many seconds all of it takes."""
        once = sum(step.takes(self.seconds) for step in self.steps())
        return self.cycles * once + sum(part.seconds for part in self.apart())


def run(plan: Plan, tell: Callable[[str], None]) -> Results:
    """Do all of it; *tell* hears what is being done, and how long it will still take."""
    results, steps, apart = Results(), plan.steps(), plan.apart()
    total, left = plan.cycles * len(steps) + len(apart), plan.takes()
    place = 0
    for _ in range(plan.cycles):
        for step in steps:
            place += 1
            tell(f"[{place}/{total}, some {left / 60:.0f} min left] {step}")
            for heat, figures in step.rounds(plan.seconds):
                results.rounds[heat].append(figures)
            left -= step.takes(plan.seconds)
    for part in apart:
        place += 1
        tell(f"[{place}/{total}, some {left / 60:.0f} min left] {part.title}")
        found = part.found()
        getattr(results, part.where).extend(found if isinstance(found, list) else [found])
        left -= part.seconds
    return results
