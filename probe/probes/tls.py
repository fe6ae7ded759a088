"""Shakes hands by TLS: is the certificate trusted, for the right names, and not about to end."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from pydantic import BaseModel, Field

from probe.model.clock import Clock
from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.probes.checking import WIRE_OUTCOMES, check_latency, unexpected
from probe.probes.fields import Duration, FamilyField, FileName, Host, Port, Shape, Words
from probe.probes.http import file_complaints
from probe.probes.kind import Complaint, Surroundings
from probe.wire import Family, Route, Trust

if TYPE_CHECKING:
    from probe.cloud import VendorEntry
    from probe.wire import Peer, Wire

_DAY: Final = 86_400.0
_VERSIONS: Final[Mapping[str, int]] = MappingProxyType({"TLSv1": 0, "TLSv1.1": 1, "TLSv1.2": 2, "TLSv1.3": 3})


class TlsPlace(Shape):
    """A port where TLS is spoken from the first byte."""

    name: str | None = Field(None, description="what it is called; its host if nothing is written")
    host: Host = Field(description="host name or address", examples=["mail.example"])
    port: Port = Field(443, description="the port")

    @property
    def default_name(self) -> str:
        """What it is called where the configuration does not say."""
        return self.host


class TlsOptions(Shape):
    """What has to be true of each peer; that its certificate is trusted and not over, always."""

    min_days: float | None = Field(
        None, ge=0, description="days for which every certificate that the peer shows has to last", examples=[14]
    )
    min_version: Literal["TLSv1.2", "TLSv1.3"] | None = Field(
        None, description="the oldest version that is good enough"
    )
    server_name: Host | None = Field(
        None, description="the name that is asked for and has to be in the certificate; the host if nothing is written"
    )
    names: Words = Field(
        (),
        description="further names that the certificate has to be for",
        examples=[["shop.example", "*.shop.example"]],
    )
    max_latency: Duration | None = Field(
        None, description="how long resolving, connecting and the handshake may take together"
    )
    family: FamilyField = Field(Family.ANY, description="which addresses of the host are used; the first is taken")
    ca_bundle: FileName | None = Field(None, description="PEM file of the authorities to trust instead of the system's")


class TlsProbe:
    """One TLS handshake."""

    kind: ClassVar[str] = "tls"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.RESOLVE, Phase.CONNECT, Phase.TLS)
    outcomes: ClassVar[frozenset[Outcome]] = WIRE_OUTCOMES | {Outcome.UNTRUSTED, Outcome.VENDOR_ERROR}
    Options: ClassVar[type[BaseModel]] = TlsOptions
    Place: ClassVar[type[BaseModel] | None] = TlsPlace
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.LEAN

    def __init__(self, options: TlsOptions, place: TlsPlace, wire: "Wire", clock: Clock) -> None:
        self._options = options
        self._place = place
        self._wire = wire
        self._clock = clock
        self._route = Route(options.family, Trust(options.ca_bundle))

    @classmethod
    def build(cls, options: TlsOptions, place: TlsPlace, surroundings: Surroundings) -> Self:
        """Make the probe of one peer."""
        surroundings.wire.expect(Trust(options.ca_bundle))
        return cls(options, place, surroundings.wire, surroundings.clock)

    @classmethod
    def complaints(cls, options: TlsOptions, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """What is wrong with options that are each right."""
        del vendor  # the targets are the operator's own
        return file_complaints(options.ca_bundle)

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Shake hands once.

        Raises:
            ProbeFailed: there was no handshake, or not the right one; the first thing wrong decides.
        """
        del target  # the place says with whom
        options, place = self._options, self._place
        peer = await self._wire.handshake(place.host, place.port, watch, self._route, server_name=options.server_name)
        self._check_version(peer)
        self._check_names(peer)
        self._check_expiry(peer)
        check_latency(watch, options.max_latency)

    def _check_version(self, peer: "Peer") -> None:
        wanted = self._options.min_version
        if wanted is not None and _VERSIONS.get(peer.version, -1) < _VERSIONS[wanted]:
            raise unexpected(f"speaks {peer.version}, older than {wanted}")

    def _check_names(self, peer: "Peer") -> None:
        there = {name.lower() for name in peer.names}
        lacking = [name for name in self._options.names if name.lower() not in there]
        if lacking:
            raise unexpected(f"the certificate is not for {', '.join(lacking)}, but for {', '.join(peer.names)}")

    def _check_expiry(self, peer: "Peer") -> None:
        wanted = self._options.min_days
        left = (min(peer.expiry, peer.chain_expiry) - self._clock.wall()) / _DAY
        if wanted is not None and left < wanted:
            whose = "the certificate" if peer.expiry <= peer.chain_expiry else "a certificate of the chain"
            raise unexpected(f"{whose} ends in {left:.1f} days, sooner than the {wanted:g} of min_days")
