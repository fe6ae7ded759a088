"""Sends an ICMP echo request: is the host there, and how long does a packet take to it and back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, Field

from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.probes.checking import WIRE_OUTCOMES, check_latency
from probe.probes.fields import Duration, FamilyField, Host, Shape
from probe.probes.kind import Complaint, Surroundings
from probe.wire import EchoRequest, Family, Route

if TYPE_CHECKING:
    from probe.cloud import VendorEntry
    from probe.wire import Wire


class IcmpPlace(Shape):
    """A host to send an echo request to."""

    name: str | None = Field(None, description="what it is called; its host if nothing is written")
    host: Host = Field(description="host name or address", examples=["router.example"])

    @property
    def default_name(self) -> str:
        """What it is called where the configuration does not say."""
        return self.host


class IcmpOptions(Shape):
    """What each host is sent."""

    payload: int = Field(56, ge=16, le=65_000, description="bytes that are sent along and must come back")
    ttl: int | None = Field(
        None,
        ge=1,
        le=255,
        description="how many routers the request may pass; the system's default if nothing is written",
    )
    dont_fragment: bool = Field(
        False, description="whether no router may cut the request in pieces; one that does not fit is `unexpected` then"
    )
    max_latency: Duration | None = Field(None, description="how long resolving, sending and waiting may take together")
    family: FamilyField = Field(Family.ANY, description="which addresses of the host are used; the first is taken")

    @property
    def request(self) -> EchoRequest:
        """What is sent."""
        return EchoRequest(self.payload, self.ttl, self.dont_fragment)


class IcmpProbe:
    """One ICMP echo request and its reply."""

    kind: ClassVar[str] = "icmp"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.RESOLVE, Phase.SEND, Phase.WAIT)
    outcomes: ClassVar[frozenset[Outcome]] = WIRE_OUTCOMES | {Outcome.DENIED}
    Options: ClassVar[type[BaseModel]] = IcmpOptions
    Place: ClassVar[type[BaseModel] | None] = IcmpPlace
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.LEAN

    def __init__(self, options: IcmpOptions, place: IcmpPlace, wire: "Wire") -> None:
        self._options = options
        self._host = place.host
        self._wire = wire
        self._route = Route(options.family)

    @classmethod
    def build(cls, options: IcmpOptions, place: IcmpPlace, surroundings: Surroundings) -> Self:
        """Make the probe of one host."""
        return cls(options, place, surroundings.wire)

    @classmethod
    def complaints(cls, options: IcmpOptions, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """Nothing can be wrong that the options do not tell alone."""
        del options, vendor
        return ()

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Send one request.

        Raises:
            ProbeFailed: there was no reply, or not fast enough, or this agent may not send one (`denied`).
        """
        del target  # the place says where to
        await self._wire.echo(self._host, watch, self._route, self._options.request)
        check_latency(watch, self._options.max_latency)
