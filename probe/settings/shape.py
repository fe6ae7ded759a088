"""What may be written in the configuration, section by section; the descriptions are the reference that people read.

Only what has an effect in this version is here: a key that would be ignored is refused.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probe.model.job import Detail
from probe.probes.fields import Proxy
from probe.settings.complaints import Wrong, choices
from probe.settings.fields import (
    NAME_PATTERN,
    REFERENCE_SCHEMA,
    Currency,
    FilePath,
    LedgerUrl,
    Money,
    Name,
    Price,
    RateField,
    Ratio,
    Reference,
    Region,
    Seconds,
    Shape,
    Url,
)
from probe.wire import is_address
from probe.wire.listening import parse_listen

EVERYONE: Final = "*"
LONGEST_FACT: Final = 200
ACTIONS: Final = ("probe", "reload")
"""What can be allowed beyond loopback, as far as it exists."""
FUTURE_ACTIONS: Final = ("run", "sweep")
LONGEST_PERIOD: Final = 86_400.0
SHORTEST_PERIOD: Final = 1.0


def check_listen(value: object) -> str:
    """*value*, if something can listen there.

    Raises:
        Wrong: it is no address.
    """
    try:
        parse_listen(value if isinstance(value, str) else "")
    except ValueError as error:
        raise Wrong("is no address to listen on", "write HOST:PORT, such as 127.0.0.1:9781 or [::1]:9781") from error
    return str(value)


def _peer(value: object) -> str:
    remedy = "write HOST, HOST:PORT or [ADDRESS]:PORT"
    if not isinstance(value, str) or not value:
        raise Wrong("is no host", remedy)
    try:
        parts = urlsplit(f"//{value}" if not is_address(value) else f"//[{value}]" if ":" in value else f"//{value}")
        good = bool(parts.hostname) and parts.port != 0 and not parts.path and parts.username is None
    except ValueError:
        good = False
    if not good or any(letter.isspace() or letter in "?#/" for letter in value):
        raise Wrong("is no host", remedy)
    return value


def _gateway(value: object) -> bool:
    if value is not True:
        raise Wrong("must be true", "write gateway: true, or remove it")
    return True


def _action(value: object) -> str:
    if value in FUTURE_ACTIONS:
        raise Wrong("has no effect in this version", f"remove it; there is: {', '.join(ACTIONS)}")
    if value not in ACTIONS:
        raise Wrong("is nothing that can be allowed", choices(value, ACTIONS))
    return str(value)


def _vendor_names(value: object) -> object:
    if isinstance(value, str) and value != EVERYONE:
        raise Wrong("must be a list of vendors, or all", f'write [{value}], or "*" for all of them')
    return [value] if value == EVERYONE else value


def _vendor_name(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("must be the name of a vendor", "put it in quotes, if it looks like a number")
    return value


def _fact(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a project's number looks like one
    if isinstance(value, dict):
        raise Wrong("is no text", "write it here: what is secret belongs under credentials")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_FACT or not value.isprintable():
        raise Wrong("is no text", "write the vendor's word for it, in quotes if it looks like something else")
    return value


Listen = Annotated[str, BeforeValidator(check_listen), WithJsonSchema({"type": "string", "pattern": ":[0-9]+$"})]
Action = Annotated[str, BeforeValidator(_action), WithJsonSchema({"enum": list(ACTIONS)})]
VendorNames = Annotated[
    tuple[Annotated[str, BeforeValidator(_vendor_name)], ...],
    BeforeValidator(_vendor_names),
    WithJsonSchema({"anyOf": [{"const": EVERYONE}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Gateway = Annotated[bool, BeforeValidator(_gateway), WithJsonSchema({"const": True})]
Peer = Annotated[str, BeforeValidator(_peer), WithJsonSchema({"type": "string"})]
HostName = Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$", max_length=253)]
Fact = Annotated[str, BeforeValidator(_fact), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200})]
Words = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]


class Log(Shape):
    """What is logged, to standard error."""

    format: Literal["logfmt", "json"] = Field("logfmt", description="how a line is written")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")


class Ledger(Shape):
    """A ledger that is not in the state folder."""

    url: LedgerUrl = Field(
        description="postgresql://USER@HOST:PORT/DATABASE, without a password; libpq's parameters may follow: ?sslmode="
    )
    password: Reference | None = Field(None, description="the user's, as {env: NAME} or {file: PATH}")

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value


Ledgers = Annotated[
    Ledger,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^postgres"},
                {
                    "type": "object",
                    "properties": {"url": {"type": "string", "pattern": "^postgres"}, "password": REFERENCE_SCHEMA},
                    "required": ["url"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Agent(Shape):
    """The agent itself."""

    name: Name = Field("probe", description="what this agent is called")
    vantage: Name = Field("local", description="where it measures from, for the page and for records")
    listen: Listen = Field("127.0.0.1:9781", description="where metrics and the page are; $PROBE_LISTEN wins over it")
    state: FilePath = Field(
        Path("state"), description="folder of the ledger, from the working directory; it must survive restarts"
    )
    ledger: Ledgers | None = Field(
        None,
        description="a PostgreSQL database for what must survive; a file in the state folder if nothing is written",
    )
    allow: tuple[Action, ...] = Field(
        (), description="what anybody who reaches a `listen` beyond loopback may do; on loopback everything is allowed"
    )
    log: Log = Field(Log(), description="what is logged")
    grace: Seconds = Field(
        25.0, description="how long a stop waits until everything rented is given back", examples=["25s"]
    )
    places: int = Field(200, ge=1, le=10_000, description="how many runs may be on at once")


class RequestLimits(Shape):
    """How many requests the account may be sent; everything that probes it shares them."""

    rate: RateField | None = Field(None, description="how many in which time", examples=["100/m"])
    burst: int | None = Field(
        None, ge=1, le=1_000_000, description="how many of the rate may leave at once; a tenth if nothing is said"
    )
    at_once: int | None = Field(
        None, ge=1, le=1_000, description="how many may be on their way at the same time", examples=[5]
    )

    @model_validator(mode="after")
    def _burst_is_part_of_the_rate(self) -> Self:
        if self.burst is not None and self.rate is not None and self.burst > self.rate.count:
            raise Wrong("has a burst that is more than its rate", f"let burst be {self.rate.count} at most")
        return self


class Vendor(Shape):
    """A vendor: which file says how it is spoken to, and what is ours in it."""

    use: str = Field(description="the vendor file: `probe vendors` lists them")
    region: Region = Field(description="the vendor's word for the region")
    profile: str | None = Field(None, description="which particular cloud, where the vendor file knows several")
    credentials: dict[str, Reference] = Field(
        {}, description="what one identifies oneself with, each as {env: NAME} or {file: PATH}"
    )
    account: dict[str, Fact] = Field(
        {}, description="what else the vendor file must know of your account, and is no secret: a project, a tenant"
    )
    endpoints: dict[str, Url] = Field(
        {}, description="URLs that win over the vendor file's, by the names it has for them"
    )
    network: Words = Field({}, description="options of the vendor file for the network of instances")
    limits: RequestLimits = Field(
        RequestLimits(), description="how many requests may be sent, where that is not what the vendor file says"
    )
    prices: dict[str, Price] = Field(
        {},
        description="what an hour of each size costs you, by the word that probes use for it",
        examples=[{"small": "0.006/h"}],
    )
    rounds_up_to: Seconds = Field(
        3_600.0, description="what the vendor charges whole ones of, and at least one", examples=["1h"]
    )
    insecure_http: bool = Field(False, description="whether credentials may be sent over plain http beyond loopback")
    ca_bundle: FilePath | None = Field(None, description="PEM file of the authorities to trust instead of the system's")
    proxy: Proxy | None = Field(None, description="HTTP proxy to go through; the environment's is never used")


class Probe(Shape):
    """What is measured, on whom and how often."""

    name: Name = Field(description="the `probe` label; unique")
    kind: str = Field(description="what is measured, one of the kinds that are installed")
    vendors: VendorNames | None = Field(
        None, description='names of vendors, or "*" for all; for kinds that probe vendors'
    )
    targets: tuple[Words, ...] | None = Field(
        None, description="whom to probe; for kinds that probe targets of your own"
    )
    every: Seconds = Field(
        description="from one run to the next", le=LONGEST_PERIOD, ge=SHORTEST_PERIOD, examples=["15s"]
    )
    deadline: Seconds = Field(
        description="when a run is a timeout; a lifecycle's ends at its delete call", examples=["5s"]
    )
    detail: Detail | None = Field(None, description="full or lean: whether there is a histogram for each phase")
    options: Words = Field({}, description="what the kind wants to know")


class Latency(Shape):
    """How fast a probe should be."""

    below: Seconds = Field(description="an ok run that takes less is fast", examples=["800ms"])
    ratio: Ratio = Field(description="wanted share of fast among ok runs", examples=["99%"])


class Objective(Shape):
    """What a probe is held to."""

    probe: str = Field(description="name of the probe")
    availability: Ratio | None = Field(None, description="wanted share of ok among valid runs", examples=["99.9%"])
    latency: Latency | None = Field(None, description="how fast it should be")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.availability is None and self.latency is None:
            raise Wrong("says nothing", "add availability, latency or both")
        return self


class TotalGuards(Shape):
    """Limits for all vendors together."""

    instances_at_once: int = Field(5, ge=1, le=1_000, description="instances rented at the same time")
    per_hour: int | None = Field(None, ge=1, le=100_000, description="instances rented in an hour")
    per_day: int | None = Field(None, ge=1, le=100_000, description="instances rented in a day")
    spend_per_day: Money | None = Field(None, description="what may be spent in a day, by the vendors' prices")


class Guards(Shape):
    """Limits of what may be rented, for each vendor."""

    instances_at_once: int = Field(2, ge=1, le=1_000, description="instances rented at the same time")
    per_hour: int | None = Field(None, ge=1, le=100_000, description="instances rented in an hour")
    per_day: int = Field(120, ge=1, le=100_000, description="instances rented in a day")
    lease: Seconds = Field(
        1_800.0, description="age at which the sweeper takes an instance, whatever its run does", examples=["30m"]
    )
    spend_per_day: Money | None = Field(
        None, description="what may be spent in a day, by the vendor's prices", examples=[5.0]
    )
    currency: Currency | None = Field(
        None, description="what prices and spend_per_day are in: one for all vendors", examples=["EUR"]
    )
    total: TotalGuards = Field(TotalGuards(), description="limits for all vendors together")


class BlackboxFile(Shape):
    """What `/probe` answers by."""

    file: FilePath = Field(description="a blackbox.yml in blackbox_exporter's format; from the configuration's folder")
    compat: Literal["absent", "zeros"] = Field(
        "absent",
        description="how phases that were not reached are told: not at all, or as 0, as blackbox_exporter does",
    )
    timeout_offset: Seconds = Field(
        0.5, description="how long before the scraper's patience ends an answer leaves", examples=["500ms"]
    )

    @model_validator(mode="before")
    @classmethod
    def _file_alone(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str) else value


class ControlCheck(Shape):
    """A reference that has nothing to do with any vendor: exactly one of `gateway`, `resolver`, `https`."""

    name: Name | None = Field(None, description="the `check` label; `gateway`, or the host, if nothing is written")
    gateway: Gateway | None = Field(None, description="whether this machine's default gateway answers")
    resolver: Peer | None = Field(
        None, description="a name server: HOST, HOST:PORT or [ADDRESS]:PORT", examples=["9.9.9.9"]
    )
    query: HostName | None = Field(
        None, description="the name that the resolver is asked for; example.com if nothing is written"
    )
    https: Peer | None = Field(
        None, description="a host that a TLS handshake is made with, or HOST:PORT", examples=["www.wikipedia.org"]
    )
    ca_bundle: FilePath | None = Field(None, description="PEM file of the authorities to trust instead of the system's")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [key for key in ("gateway", "resolver", "https") if getattr(self, key) is not None]
        if len(given) != 1:
            told = " and ".join(given) or "nothing"
            raise Wrong(f"asks {told}", "write exactly one of gateway: true, resolver: HOST, https: HOST")
        for key, owner in (("query", "resolver"), ("ca_bundle", "https")):
            if getattr(self, key) is not None and owner not in given:
                raise Wrong(f"has a {key} that nothing is done with", f"remove it: it belongs to {owner}")
        return self


STANDARD_CHECKS: Final = (
    ControlCheck(gateway=True),
    ControlCheck(name="quad9", resolver="9.9.9.9"),
    ControlCheck(name="opendns", resolver="208.67.222.222"),
    ControlCheck(name="wikipedia", https="www.wikipedia.org"),
    ControlCheck(name="debian", https="www.debian.org"),
)
"""The gateway, two resolvers and two hosts, of four operators of which none depends on another."""


class Controls(Shape):
    """References that tell a vendor that is down from a network of our own that is."""

    checks: tuple[ControlCheck, ...] = Field(
        STANDARD_CHECKS,
        max_length=16,
        description="who is asked; an empty list switches control checks off",
        examples=[[{"gateway": True}, {"resolver": "9.9.9.9"}, {"https": "www.wikipedia.org"}]],
    )
    quorum: int | None = Field(
        None, ge=1, description="how many must fail before it is our network; more than half if nothing is written"
    )
    within: Seconds = Field(1.0, le=5.0, description="how long each may take", examples=["1s"])
    every: Seconds = Field(60.0, ge=5.0, description="from one round to the next while all is well", examples=["1m"])


class Whole(Shape):
    """The whole document, for its keys; the sections are read one by one, so that each makes its own complaints."""

    agent: Agent = Field(Agent(), description="the agent itself")
    vendor_files: FilePath | None = Field(
        None, description="folder of your own vendor files, which win over ours; from the configuration's folder"
    )
    vendors: dict[Name, Vendor] = Field(
        {},
        description="vendors, by the name that becomes the `vendor` label",
        json_schema_extra={"propertyNames": {"pattern": NAME_PATTERN}},
    )
    probes: tuple[Probe, ...] = Field(description="what is measured", min_length=1)
    objectives: tuple[Objective, ...] = Field((), description="what probes are held to")
    guards: Guards = Field(Guards(), description="limits of what may be rented")
    blackbox: FilePath | BlackboxFile | None = Field(
        None, description="the file with the modules of `/probe`, or {file, compat, timeout_offset}"
    )
    controls: Controls = Field(
        Controls(), description="references that tell a vendor that is down from a network of our own that is"
    )
