"""Asks a vendor's monitoring API for its newest datapoints: does it answer, how fast, and how old is what it knows."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, WithJsonSchema

from probe.cloud import Cloud, VendorEntry
from probe.model.clock import Clock
from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import WIRE_PHASES, Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.model.target import Target
from probe.notation.durations import format_duration
from probe.probes.checking import VENDOR_OUTCOMES, unexpected
from probe.probes.fields import Duration, Shape
from probe.probes.kind import Complaint, Surroundings
from probe.probes.vendors import the_cloud

Series = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]


class MonitoringOptions(Shape):
    """Whose datapoints are asked for, and how old the newest may be."""

    instance: str | None = Field(
        None, min_length=1, description="the vendor's identifier of a running instance", examples=["i-0abc"]
    )
    series: Series | None = Field(
        None, description="a series by the names that the vendor's file has for its parts; instead of an instance"
    )
    max_age: Duration | None = Field(
        None, description="how old the newest datapoint may be; older is `unexpected`", examples=["15m"]
    )

    @property
    def subject(self) -> Mapping[str, object]:
        """What is asked for, as far as it is said."""
        said = {"instance": self.instance, "series": self.series}
        return {word: value for word, value in said.items() if value is not None}


class MonitoringProbe:
    """One query of a vendor's monitoring API."""

    kind: ClassVar[str] = "monitoring"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.AUTH, Phase.QUERY, *WIRE_PHASES)
    outcomes: ClassVar[frozenset[Outcome]] = VENDOR_OUTCOMES | {Outcome.UNEXPECTED}
    Options: ClassVar[type[BaseModel]] = MonitoringOptions
    Place: ClassVar[type[BaseModel] | None] = None
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.FULL

    def __init__(self, options: MonitoringOptions, cloud: Cloud, clock: Clock) -> None:
        self._options = options
        self._cloud = cloud
        self._clock = clock

    @classmethod
    def build(cls, options: MonitoringOptions, place: None, surroundings: Surroundings) -> Self:
        """Make the probe of one vendor."""
        del place  # the vendor is the place
        return cls(options, the_cloud(surroundings), surroundings.clock)

    @classmethod
    def complaints(cls, options: MonitoringOptions, vendor: VendorEntry | None) -> Sequence[Complaint]:
        """Whether the vendor's monitoring can be asked for that."""
        if vendor is None:
            return ()
        if vendor.file.monitoring is None:
            problem = f"{vendor.file.vendor} has no monitoring API that we know"
            return (((), problem, f"remove {vendor.name} from this probe's vendors"),)
        return tuple(vendor.file.monitoring.complaints(options.subject))

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Ask once. That there are no datapoints is no failure, but a fact.

        Raises:
            ProbeFailed: there was no answer, one that complains, or the newest datapoint is too old.
        """
        del target  # the cloud knows its vendor and region
        points = await self._cloud.datapoints(self._options.subject, watch, self._since())
        watch.facts[Fact.DATAPOINTS_MISSING] = float(points.newest is None)
        if points.newest is None:
            return
        age = max(0.0, self._clock.wall() - points.newest)
        watch.facts[Fact.DATAPOINT_AGE] = age
        allowed = self._options.max_age
        if allowed is not None and age > allowed:
            raise unexpected(f"the newest datapoint is {age:.0f} s old, older than {format_duration(allowed)}")

    def _since(self) -> float:
        """How far back is asked for: as the vendor's file says, and at least twice what may be wrong."""
        monitoring = self._cloud.file.monitoring
        window = monitoring.window if monitoring is not None else 0.0
        return self._clock.wall() - max(window, 2 * (self._options.max_age or 0.0))
