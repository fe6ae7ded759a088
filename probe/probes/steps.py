"""What may be written of a flow's steps: an HTTP request each, with `${name}` in it, and what has to be true then."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from probe.cloud.file.fields import Jmespath, Pattern
from probe.cloud.hosts import is_local
from probe.model.secret import Secret
from probe.notation.paths import Query, compile_path
from probe.notation.templates import Template
from probe.probes.fields import Duration, FamilyField, FileName, HeaderValue, Shape, Statuses, StatusRange
from probe.probes.kind import Complaint
from probe.wire import Family, Route, Trust

STEP_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
MOST_STEPS: Final = 10
NAME_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
_GOOD: Final = (StatusRange(200, 299),)
_AUTHORITY: Final = re.compile(r"^(https?://)?([^/?#]*)")
_WHOLE: Final = re.compile(r"\$\{[^{}]*\}")
_TEXT: Final = {"type": "string"}


@dataclass(frozen=True, slots=True)
class HeaderOf:
    """A header of the answer, as something to capture."""

    name: str


def _url(value: object) -> object:
    if not isinstance(value, str) or not value or any(letter.isspace() for letter in value):
        raise ValueError("must be a URL, or a path that begins with /")
    Template.parse(value)
    if value.startswith("/") or _WHOLE.fullmatch(value):
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("is neither a URL nor a path: write /PATH or https://HOST/PATH")
    if "${" in (_AUTHORITY.match(value) or [""])[0]:
        raise ValueError("holds a variable in its host: a step names the host that it goes to")
    if "@" in parts.netloc:
        raise ValueError("a URL holds no user or password: send them in a header, by reference to a secret")
    return value


def _templated(value: object) -> object:
    Template.parse(value)
    return value


def _captured(value: object) -> object:
    if isinstance(value, (Query, HeaderOf)):
        return value
    if isinstance(value, dict) and list(value) == ["header"] and isinstance(value["header"], str) and value["header"]:
        return HeaderOf(value["header"])
    if not isinstance(value, str):
        raise ValueError("must be a JMESPath expression, or {header: NAME}")  # noqa: TRY004 - pydantic wants ValueError
    return compile_path(value)


StepName = Annotated[str, StringConstraints(pattern=STEP_PATTERN)]
VariableName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
StepUrl = Annotated[str, BeforeValidator(_url), WithJsonSchema(_TEXT)]
TemplatedHeader = Annotated[HeaderValue, BeforeValidator(_templated)]
TemplatedJson = Annotated[Any, BeforeValidator(_templated), WithJsonSchema({})]
Captured = Annotated[
    Query | HeaderOf,
    BeforeValidator(_captured),
    WithJsonSchema(
        {
            "anyOf": [
                _TEXT,
                {
                    "type": "object",
                    "properties": {"header": _TEXT},
                    "required": ["header"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Until(Shape):
    """Asks again and again until something is true."""

    assertion: Jmespath = Field(description="a JMESPath expression that has to come true", examples=["state == 'done'"])
    every: Duration = Field(1.0, ge=0.1, description="from one answer to the next question", examples=["1s"])
    at_most: Duration = Field(description="how long it may take to come true", examples=["30s"])


class Step(Shape):
    """One HTTP request, and what has to be true of its answer. `${name}` stands for a variable or what was captured."""

    name: StepName = Field(description="the `step` label; unique in its flow", examples=["login"])
    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,20}$")] = Field(
        "GET", description="the request's method"
    )
    url: StepUrl = Field(
        description="a path on the target, or a URL; no variable can lead it to another host than it names",
        examples=["/orders/${order}", "https://login.example/token"],
    )
    headers: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")], TemplatedHeader] = Field(
        {},
        description="headers to send; a value may be a secret by reference",
        examples=[{"Authorization": "Bearer ${token}"}],
    )
    body: TemplatedHeader | None = Field(None, description="what is sent as the request's body; may be a secret, too")
    json_body: TemplatedJson | None = Field(
        None,
        alias="json",
        description="what is sent as the request's body, as JSON; values in it may be secrets by reference",
        examples=[{"sku": "1234", "count": 1}],
    )
    status: Statuses = Field(
        _GOOD,
        description="the statuses that are ok; others are `vendor_error` from 500 on, else `unexpected`",
        examples=[201],
    )
    body_regex: Pattern | None = Field(None, description="a regular expression that the body has to contain")
    assertion: Jmespath | None = Field(
        None, description="a JMESPath expression that has to be true of the JSON in the body", examples=["id != null"]
    )
    until: Until | None = Field(
        None, description="ask again until something is true; `assertion` must be true each time"
    )
    capture: dict[VariableName, Captured] = Field(
        {},
        description="variables for later steps: each a JMESPath expression on the body, or {header: NAME}",
        examples=[{"order": "order.id", "trace": {"header": "X-Trace-Id"}}],
    )

    @property
    def names(self) -> frozenset[str]:
        """The variables that it needs."""
        parts = (self.url, *self.headers.values(), self.body, self.json_body)
        return frozenset().union(*(Template.parse(part).names for part in parts))


def revealed(value: object) -> object:
    """*value* with every secret in it read."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [revealed(item) for item in value]
    return value


def has_secret(value: object) -> bool:
    """Whether there is a secret in *value*."""
    if isinstance(value, dict):
        return any(map(has_secret, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_secret, value))
    return isinstance(value, Secret)


class FlowOptions(Shape):
    """What is done, in which order, and what is done in any case."""

    variables: dict[VariableName, HeaderValue] = Field(
        {},
        description="values that steps may use as `${name}`; each may be a secret by reference",
        examples=[{"key": {"env": "SHOP_KEY"}}],
    )
    steps: tuple[Step, ...] = Field(
        description="what is done, one after the other; the first failure decides", json_schema_extra={"minItems": 1}
    )
    finally_: tuple[Step, ...] = Field(
        (),
        alias="finally",
        description="what is done in any case, each of them; one that lacks a variable is passed over: there is "
        "nothing to give back",
    )
    finally_deadline: Duration = Field(
        30.0, description="the second budget: how long `finally` may take altogether", examples=["30s"]
    )
    http2: bool = Field(False, description="whether HTTP/2 is offered")
    family: FamilyField = Field(Family.ANY, description="which addresses of the hosts are used; the first is taken")
    ca_bundle: FileName | None = Field(None, description="PEM file of the authorities to trust instead of the system's")

    @property
    def route(self) -> Route:
        """How the hosts are reached."""
        return Route(self.family, Trust(self.ca_bundle), http2=self.http2)

    @property
    def delete_deadline(self) -> float:
        """Seconds of the second budget, 0 where nothing is done in any case."""
        return self.finally_deadline if self.finally_ else 0.0

    @property
    def second_budget(self) -> str:
        """What that is called here."""
        return "finally_deadline"

    def numbered(self) -> Iterator[tuple[tuple[str | int, ...], Step]]:
        """Every step with its place in the options."""
        for word, steps in (("steps", self.steps), ("finally", self.finally_)):
            for position, step in enumerate(steps):
                yield (word, position), step


def step_complaints(options: FlowOptions) -> Iterator[Complaint]:
    """What is wrong with steps that are each right."""
    if not options.steps:
        yield ("steps",), "nothing is done", "add a step: - {name: look, url: /}"
    names: dict[str, str] = {}
    known = set(options.variables)
    for number, (where, step) in enumerate(options.numbered()):
        if number == MOST_STEPS:
            yield where, f"is one step too many: a flow has {MOST_STEPS} at most", "make two flows of it"
        if step.name in names:
            yield (*where, "name"), f"{names[step.name]} has this name", "choose another: it becomes a label"
        names.setdefault(step.name, f"{where[0]}[{where[1]}]")
        if unknown := sorted(step.names - known):
            problem = f"uses ${{{unknown[0]}}}, which no variable is and no step before it captures"
            yield where, problem, f"there is: {', '.join(sorted(known)) or 'nothing'}"
        for inside, problem, remedy in _flaws(step, options):
            yield (*where, *inside), problem, remedy
        known |= step.capture.keys()


def _flaws(step: Step, options: FlowOptions) -> Iterator[Complaint]:
    if step.body is not None and step.json_body is not None:
        yield ("body",), "stands beside json", "remove one of the two"
    for shadowed in sorted(step.capture.keys() & options.variables.keys()):
        yield ("capture", shadowed), "is a variable already", "choose another name"
    if _in_the_clear(step, options):
        yield ("url",), "a secret would be sent over plain http", "use https"


def _in_the_clear(step: Step, options: FlowOptions) -> bool:
    """Whether a secret of *step* would be sent over plain http; where a target is plain, its reader complains."""
    parts = urlsplit(step.url)
    if parts.scheme != "http" or is_local(parts.hostname or ""):
        return False
    used = [value for name, value in options.variables.items() if name in step.names]
    return any(has_secret(value) for value in (*used, *step.headers.values(), step.body, step.json_body))
