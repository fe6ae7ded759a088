"""Knocks at a TCP port: is anybody listening, and how long does the connection take."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, Field

from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.probes.checking import WIRE_OUTCOMES, check_latency
from probe.probes.fields import Duration, FamilyField, Host, Port, Shape
from probe.probes.kind import Complaint, Surroundings
from probe.wire import Family, Route

if TYPE_CHECKING:
    from probe.cloud import VendorEntry
    from probe.wire import Wire


class TcpPlace(Shape):
    """A port to knock at."""

    name: str | None = Field(None, description="what it is called; its host if nothing is written")
    host: Host = Field(description="host name or address", examples=["db.example"])
    port: Port = Field(description="the port", examples=[5432])

    @property
    def default_name(self) -> str:
        """What it is called where the configuration does not say."""
        return self.host


class TcpOptions(Shape):
    """How each port is knocked at."""

    max_latency: Duration | None = Field(None, description="how long resolving and connecting may take together")
    family: FamilyField = Field(Family.ANY, description="which addresses of the host are used; the first is taken")


class TcpProbe:
    """One TCP connection, opened and closed."""

    kind: ClassVar[str] = "tcp"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.RESOLVE, Phase.CONNECT)
    outcomes: ClassVar[frozenset[Outcome]] = WIRE_OUTCOMES
    Options: ClassVar[type[BaseModel]] = TcpOptions
    Place: ClassVar[type[BaseModel] | None] = TcpPlace
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.LEAN

    def __init__(self, options: TcpOptions, place: TcpPlace, wire: "Wire") -> None:
        self._options = options
        self._place = place
        self._wire = wire
        self._route = Route(options.family)

    @classmethod
    def build(cls, options: TcpOptions, place: TcpPlace, surroundings: Surroundings) -> Self:
        """Make the probe of one port."""
        return cls(options, place, surroundings.wire)

    @classmethod
    def complaints(cls, options: TcpOptions, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """Nothing can be wrong that the options do not tell alone."""
        del options, vendor
        return ()

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Knock once.

        Raises:
            ProbeFailed: nobody opened, or not fast enough.
        """
        del target  # the place says where to knock
        await self._wire.knock(self._place.host, self._place.port, watch, self._route)
        check_latency(watch, self._options.max_latency)
