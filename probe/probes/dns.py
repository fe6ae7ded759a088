"""Asks a name server and checks what it says."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.model.target import Target
from probe.probes.checking import WIRE_OUTCOMES, check_latency, shown, unexpected
from probe.probes.fields import Duration, FamilyField, Host, Pattern, Shape, Words
from probe.probes.kind import Complaint, Surroundings
from probe.wire import Family, Route

if TYPE_CHECKING:
    from probe.cloud import VendorEntry
    from probe.wire import DnsAnswer, Wire

_TYPES: Final = ("A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SVCB", "TXT")
_RCODES: Final = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_CASE_MATTERS: Final = frozenset({"CAA", "DNSKEY", "DS", "TXT"})


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


RecordType = Annotated[
    Literal["A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SVCB", "TXT"],
    BeforeValidator(_upper),
    WithJsonSchema({"type": "string", "enum": list(_TYPES)}),
]
Rcode = Annotated[
    Literal["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"],
    BeforeValidator(_upper),
    WithJsonSchema({"type": "string", "enum": list(_RCODES)}),
]


def _server(value: object) -> object:
    if not isinstance(value, str) or not value or any(letter.isspace() or letter == "/" for letter in value):
        raise ValueError("must be a name server: HOST, HOST:PORT or [ADDRESS]:PORT")
    _, _, port = value.rpartition(":") if value.count(":") == 1 or "]:" in value else ("", "", "53")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:  # noqa: PLR2004 - 16 bits
        raise ValueError(f"`{value}` names no port: write HOST, HOST:PORT or [ADDRESS]:PORT")
    return value


class DnsPlace(Shape):
    """A name to ask for, and whom to ask."""

    name: str | None = Field(None, description="what it is called; the name that is asked for if nothing is written")
    query: Host = Field(description="the name that is asked for, as a full one", examples=["shop.example"])
    server: Annotated[str, BeforeValidator(_server)] | None = Field(
        None,
        description="the name server, with a port if it is not 53; the first of the system's if nothing is written",
        examples=["192.0.2.53", "ns1.example:5353"],
    )

    @property
    def default_name(self) -> str:
        """What it is called where the configuration does not say."""
        return self.query.removesuffix(".").lower()


class DnsOptions(Shape):
    """What is asked of each server, and what it has to say."""

    type: RecordType = Field("A", description="the type of record that is asked for")
    rcode: Rcode = Field("NOERROR", description="the verdict that is right")
    answers: Words | None = Field(
        None,
        description="exactly these records, in any order; an empty list wants none. Unless something is said of the "
        "answers, NOERROR needs at least one",
        examples=[["192.0.2.10", "192.0.2.11"]],
    )
    contains: Words = Field((), description="records that have to be among the answers")
    regex: Pattern | None = Field(None, description="a regular expression that every answer has to contain")
    transport: Literal["udp", "tcp"] = Field("udp", description="what the question travels on")
    max_latency: Duration | None = Field(None, description="how long the answer may take")
    family: FamilyField = Field(Family.ANY, description="which addresses of the server are used; the first is taken")


class DnsProbe:
    """One question to a name server."""

    kind: ClassVar[str] = "dns"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.RESOLVE, Phase.CONNECT, Phase.SEND, Phase.WAIT)
    outcomes: ClassVar[frozenset[Outcome]] = WIRE_OUTCOMES | {Outcome.VENDOR_ERROR, Outcome.INVALID}
    Options: ClassVar[type[BaseModel]] = DnsOptions
    Place: ClassVar[type[BaseModel] | None] = DnsPlace
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.LEAN

    def __init__(self, options: DnsOptions, place: DnsPlace, wire: "Wire") -> None:
        self._options = options
        self._place = place
        self._wire = wire
        self._route = Route(options.family)

    @classmethod
    def build(cls, options: DnsOptions, place: DnsPlace, surroundings: Surroundings) -> Self:
        """Make the probe of one name at one server."""
        return cls(options, place, surroundings.wire)

    @classmethod
    def complaints(cls, options: DnsOptions, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """What is wrong with options that are each right."""
        del vendor  # the targets are the operator's own
        wanted = set(options.answers if options.answers is not None else options.contains)
        if not set(options.contains) <= wanted:
            return ((("contains",), "wants answers that `answers` rules out", "remove one of the two"),)
        return ()

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Ask once.

        Raises:
            ProbeFailed: there was no answer, or not the right one; the first thing wrong decides.
        """
        del target  # the place says what to ask, and whom
        options, place = self._options, self._place
        answer = await self._wire.ask(
            place.query, options.type, place.server, watch, self._route, transport=options.transport
        )
        watch.facts[Fact.ANSWERS] = float(len(answer.answers))
        if answer.rcode != options.rcode:
            raise unexpected(f"answered {answer.rcode}, not {options.rcode}")
        self._check_answers(answer)
        check_latency(watch, options.max_latency)

    def _check_answers(self, answer: "DnsAnswer") -> None:
        options = self._options
        said = {self._plain(one) for one in answer.answers}
        told = shown(", ".join(answer.answers)) or "nothing"
        if options.answers is not None and said != (wanted := {self._plain(one) for one in options.answers}):
            raise unexpected(f"answered {told}, not {shown(', '.join(sorted(wanted))) or 'nothing'}")
        if lacking := [one for one in options.contains if self._plain(one) not in said]:
            raise unexpected(f"answered {told}, without {shown(', '.join(lacking))}")
        if options.regex is not None:
            self._check_each(answer, options.regex)
        if options.answers is None and options.rcode == "NOERROR" and not said:
            raise unexpected(f"there is no {options.type} record of {self._place.query}")

    def _check_each(self, answer: "DnsAnswer", regex: Pattern) -> None:
        for one in answer.answers:
            if not regex.search(one):
                raise unexpected(f"answered {shown(one)}, which does not contain `{shown(regex.pattern)}`")

    def _plain(self, record: str) -> str:
        """*record* as people write it: without the root's dot, the quotes of a text and the case of a name."""
        if self._options.type == "TXT":
            return "".join(record.split('" "')).strip('"')
        plain = record.removesuffix(".")
        return plain if self._options.type in _CASE_MATTERS else plain.lower()
