"""Asks a URL a question and checks the answer: one request, one address, no redirects, no retries."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Protocol, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, StringConstraints

from probe.model.job import Detail
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import WIRE_PHASES, Phase
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.notation.paths import Query, QueryTypeError
from probe.probes.checking import WIRE_OUTCOMES, check_latency, shown, told, unexpected
from probe.probes.fields import (
    Duration,
    FamilyField,
    FileName,
    HeaderValue,
    HttpUrl,
    Jmespath,
    Pattern,
    Proxy,
    Shape,
    Statuses,
    StatusRange,
    holds_status,
)
from probe.probes.kind import Complaint, Surroundings
from probe.wire import Family, Route, Trust

if TYPE_CHECKING:
    from probe.cloud import VendorEntry
    from probe.wire import Prepared, Wire

_SERVER_ERROR: Final = 500
_GOOD: Final = (StatusRange(200, 299),)


class Answered(Protocol):
    """What is judged of an answer, whoever has it."""

    @property
    def content(self) -> bytes:
        """Its body."""
        ...

    @property
    def status_code(self) -> int:
        """Its status."""
        ...

    @property
    def text(self) -> str:
        """Its body as text."""
        ...


class HttpPlace(Shape):
    """A URL to ask."""

    name: str | None = Field(None, description="what it is called; the URL's host if nothing is written")
    url: HttpUrl = Field(description="what is asked", examples=["https://shop.example/health"])

    @property
    def default_name(self) -> str:
        """What it is called where the configuration does not say."""
        return urlsplit(self.url).hostname or ""


class HttpOptions(Shape):
    """What is asked of each URL, and what has to be true of the answer."""

    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,20}$")] = Field(
        "GET", description="the request's method"
    )
    headers: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")], HeaderValue] = Field(
        {},
        description="headers to send; a value may be a secret by reference: {env: NAME} or {file: PATH}",
        examples=[{"Authorization": {"env": "SHOP_AUTHORIZATION"}}],
    )
    body: HeaderValue | None = Field(None, description="what is sent as the request's body; may be a secret, too")
    status: Statuses = Field(
        _GOOD,
        description="the statuses that are ok, each a number or a range; others are `vendor_error` from 500 on, else "
        "`unexpected`",
        examples=["200-299", [200, 401]],
    )
    body_regex: Pattern | None = Field(None, description="a regular expression that the body has to contain")
    assertion: Jmespath | None = Field(
        None,
        description="a JMESPath expression that has to be true of the JSON in the body",
        examples=["status == 'up'"],
    )
    max_latency: Duration | None = Field(
        None, description="how long the whole exchange may take, from resolving the name to the answer's last byte"
    )
    http2: bool = Field(False, description="whether HTTP/2 is offered")
    family: FamilyField = Field(Family.ANY, description="which addresses of the host are used; the first is taken")
    proxy: Proxy | None = Field(None, description="the proxy to go through")
    ca_bundle: FileName | None = Field(None, description="PEM file of the authorities to trust instead of the system's")

    @property
    def route(self) -> Route:
        """How the URLs are reached."""
        return Route(self.family, Trust(self.ca_bundle), http2=self.http2, proxy=self.proxy)


class HttpProbe:
    """One HTTP exchange over a connection of its own."""

    kind: ClassVar[str] = "http"
    phases: ClassVar[tuple[Phase, ...]] = WIRE_PHASES
    outcomes: ClassVar[frozenset[Outcome]] = WIRE_OUTCOMES | {
        Outcome.UNTRUSTED,
        Outcome.VENDOR_ERROR,
        Outcome.DENIED,
    }
    Options: ClassVar[type[BaseModel]] = HttpOptions
    Place: ClassVar[type[BaseModel] | None] = HttpPlace
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.LEAN

    def __init__(self, options: HttpOptions, place: HttpPlace, wire: "Wire") -> None:
        self._options = options
        self._url = place.url
        self._wire = wire
        self._route = options.route
        self._asked: Prepared | None = None

    @classmethod
    def build(cls, options: HttpOptions, place: HttpPlace, surroundings: Surroundings) -> Self:
        """Make the probe of one URL."""
        if place.url.startswith("https:"):
            surroundings.wire.expect(options.route.trust)
        return cls(options, place, surroundings.wire)

    @classmethod
    def complaints(cls, options: HttpOptions, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """What is wrong with options that are each right."""
        del vendor  # the targets are the operator's own
        return file_complaints(options.ca_bundle)

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Ask once.

        Raises:
            ProbeFailed: there was no answer, or not the right one; the first thing wrong decides.
            SecretUnavailable: a header's secret cannot be read.
        """
        del target  # the place says where to ask
        answer = await self._wire.fetch(self._asked or self._ask(), watch)
        check_status(answer, self._options.status)
        check_body(answer, self._options.body_regex, self._options.assertion)
        check_latency(watch, self._options.max_latency)

    def _ask(self) -> "Prepared":
        """What is asked: always the same, and so made once, unless there is a secret in it: those are not kept."""
        headers = {name: _revealed(value) for name, value in self._options.headers.items()}
        body = self._options.body
        content = None if body is None else _revealed(body).encode()
        request = self._wire.client(self._route).build_request(
            self._options.method, self._url, headers=headers, content=content
        )
        asked = self._wire.prepared(request, self._route)
        if not any(isinstance(value, Secret) for value in (*self._options.headers.values(), body)):
            self._asked = asked
        return asked


def check_status(answer: Answered, wanted: tuple[StatusRange, ...]) -> None:
    """Fail the run whose answer has a status that is not *wanted*.

    Raises:
        ProbeFailed: vendor_error from 500 on, else unexpected.
    """
    status = answer.status_code
    if not holds_status(wanted, status):
        outcome = Outcome.VENDOR_ERROR if status >= _SERVER_ERROR else Outcome.UNEXPECTED
        raise ProbeFailed(outcome, f"answered {status}, not {', '.join(map(str, wanted))}")


def check_body(answer: Answered, pattern: Pattern | None, assertion: Query | None) -> None:
    """Fail the run whose body lacks *pattern*, or is no JSON of which *assertion* is true.

    Raises:
        ProbeFailed: unexpected.
    """
    if pattern is not None and not pattern.search(answer.text):
        raise unexpected(f"the body does not contain `{shown(pattern.pattern)}`: {told(answer.text)}")
    if assertion is None:
        return
    data = data_of(answer)
    try:
        assertion.search(data)
    except QueryTypeError as error:
        raise unexpected(f"the assertion does not fit the body: {error}") from error
    except RecursionError as error:
        raise unexpected("the body is nested too deeply for the assertion") from error
    if not assertion.holds(data):
        raise unexpected(f"`{shown(assertion.text)}` is not true of {told(answer.text)}")


def data_of(answer: Answered) -> Any:
    """What the body says, as JSON.

    Raises:
        ProbeFailed: it is none, or nested too deeply to be read (unexpected).
    """
    try:
        return json.loads(answer.content)
    except ValueError as error:
        raise unexpected(f"the body is no JSON: {told(answer.text)}") from error
    except RecursionError as error:
        raise unexpected("the body is nested too deeply to be read as JSON") from error


def file_complaints(bundle: FileName | None) -> Sequence[Complaint]:
    """A complaint if there is no file where the authorities should be."""
    if bundle is None or bundle.is_file():
        return ()
    return ((("ca_bundle",), f"there is no file {bundle}", "correct the path"),)


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
