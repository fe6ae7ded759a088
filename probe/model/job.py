"""What the schedule holds: a probe, whom it measures, and how often."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from probe.model.measurement import Measurement
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target


class Detail(StrEnum):
    """How many series a probe exposes: `lean` leaves the phase histograms out."""

    FULL = "full"
    LEAN = "lean"


class Probe(Protocol):
    """Measures one target once.

    It tells a story in phases and raises when let down; it knows neither schedule nor metrics, keeps no deadline
    and catches nothing that it cannot name.

    Attributes:
        kind: the word that the configuration chooses it by.
        phases: the phases that it can reach; a failure before the first is told as the first.
        outcomes: the outcomes that it can have, besides those that the runner adds.
    """

    kind: ClassVar[str]
    phases: ClassVar[tuple[Phase, ...]]
    outcomes: ClassVar[frozenset[Outcome]]

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Measure *target* once.

        Raises:
            ProbeFailed: the target let the probe down.
            RunSkipped: a guard forbade the run before anything was measured.
        """
        ...


class Sink(Protocol):
    """Receives every finished run. It neither blocks nor raises."""

    def record(self, measurement: Measurement) -> None:
        """Take note of *measurement*."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a probe is held to.

    Attributes:
        availability: wanted share of ok among valid runs, 0 to 1; None if there is no such objective.
        latency: seconds below which an ok run is fast; None if there is no such objective.
        latency_ratio: wanted share of fast among ok runs, 0 to 1.
    """

    availability: float | None = None
    latency: float | None = None
    latency_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One probe on one target, on a schedule.

    Attributes:
        probe: what measures.
        target: whom; unique among the jobs of an agent.
        every: seconds between two slots of its grid.
        deadline: seconds after which a run is a timeout (a lifecycle's until its delete call).
        delete_deadline: seconds that a lifecycle has from its delete call on, a flow for what it does in any case; 0
            for other kinds.
        renting: whether a run costs money: slower start, grid redrawn each day.
        detail: how many series it exposes.
        objective: what it is held to, if anything.
        spec: what was asked for (size, image), so that like is compared with like.
        steps: names of the steps that a run goes through, for kinds that have steps.
    """

    probe: Probe
    target: Target
    every: float
    deadline: float
    delete_deadline: float = 0.0
    renting: bool = False
    detail: Detail = Detail.FULL
    objective: Objective | None = None
    spec: str = ""
    steps: tuple[str, ...] = ()
