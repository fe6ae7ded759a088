"""What is particular to one pretend vendor: its routes, its words, its errors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from probe.notation.paths import Query
from probe.sandbox.bodies import Body
from probe.sandbox.identifiers import Ids
from probe.sandbox.instances import Life
from probe.sandbox.requests import Finder
from probe.sandbox.works import WorkStyle


class Effect(StrEnum):
    """What a route does to the pretend vendor's state."""

    TOKEN = "token"  # noqa: S105 - the word for giving one out
    CREATE = "create"
    GET = "get"
    LIST = "list"
    DELETE = "delete"
    START = "start"
    POINTS = "points"
    WORK = "work"
    BELONGINGS = "belongings"
    MARK = "mark"
    DISCARD = "discard"
    STATIC = "static"


class Mistake(StrEnum):
    """Why a vendor refuses; each file says how it words them."""

    DENIED = "denied"
    THROTTLED = "throttled"
    CAPACITY = "capacity"
    FAILED = "failed"
    QUOTA = "quota"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    NAME_TAKEN = "name_taken"
    MISMATCH = "mismatch"
    INTERNAL = "internal"


class Idempotency(StrEnum):
    """What a vendor makes of the same order sent twice."""

    TOKEN = "token"  # noqa: S105 - a style, not a secret
    UNIQUE_NAME = "unique_name"
    NONE = "none"


class Check(StrEnum):
    """How a request says who sends it."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - a style, not a secret
    KEY = "key"
    SIGV4 = "sigv4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back.

    Attributes:
        status: HTTP status.
        headers: names with bodies that render to text.
        body: what it says; None for nothing at all.
        build_failure: instead of an answer, the order is taken and its build fails for this reason.
        build_code: the same in a word, where the vendor has one.
    """

    status: int = 200
    headers: Mapping[str, Body] = field(default_factory=dict)
    body: Body | None = None
    build_failure: str = ""
    build_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing that can be asked for.

    Attributes:
        name: its name in logs and faults.
        effect: what it does.
        method: in capitals.
        pattern: of the path.
        form: what parameters must be; `*` for anything.
        headers: the same for headers, by lower-case name.
        json: the same for members of a JSON body.
        take: where the effect's words stand in the request.
        accepts: of a token route: where each credential must stand; one of these is enough.
        lifetime: of a token, in seconds.
        filters: names of filters, each with what it compares; `*` at the end stands for the rest of the name.
        marker: the query parameter that names where a page starts, or which page it is.
        most: items on a page.
        newest_first: whether datapoints come in that order.
        only: states of an instance in which it can be done; none for all.
        leaves: kinds of belongings that stay when an instance is given back like this.
        kind: which belongings it is about.
        answer: what is sent back when it worked.
    """

    name: str
    effect: Effect
    method: str
    pattern: re.Pattern[str]
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, str] = field(default_factory=dict)
    take: Mapping[str, Finder] = field(default_factory=dict)
    accepts: tuple[Mapping[str, Query], ...] = ()
    lifetime: float = 3600.0
    filters: Mapping[str, str] = field(default_factory=dict)
    marker: str = "marker"
    most: int = 1000
    newest_first: bool = False
    only: frozenset[Life] = frozenset()
    leaves: tuple[str, ...] = ()
    kind: str = ""
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A place that requests go to.

    Attributes:
        name: by which the vendor file knows it.
        path: where it starts on the pretend vendor's server.
        write: makes bytes of a body.
        content_type: of those.
        check: how requests say who sends them.
        header: where the token or the key stands.
        prefix: what stands before it.
        headers: of every answer.
        errors: how it refuses.
        routes: in the order in which they are tried.
        overrides: whether a configuration must name its URL; else a catalog does.
    """

    name: str
    path: str
    write: Callable[[object], bytes]
    content_type: str
    check: Check
    header: str
    prefix: str
    headers: Mapping[str, Body]
    errors: Mapping[Mistake, Answer]
    routes: tuple[Route, ...]
    overrides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """An instance that somebody else has had there for a long time."""

    instance_id: str
    name: str
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imitation:
    """A pretend vendor, apart from its character.

    Attributes:
        name: of its data file, and of the vendor file that speaks to it.
        title: for people.
        region: its own, where the configuration names none.
        credentials: made up; what the vendor file calls them.
        account: what a configuration says of the account that is no secret.
        network: what a configuration says of an instance's network, so that it can be reached.
        monitored: the options of a monitoring probe that has something to measure here.
        facts: values for bodies.
        ids: of instances.
        lingers: seconds that a deleted instance can still be seen.
        idempotency: what it makes of the same order sent twice.
        delete_again: whether deleting what is being deleted works.
        quota: instances that the account may have.
        states: its words (or mappings of words) for the states of an instance.
        works: how it tells of what it does after it has answered.
        rate: requests that it takes in a window; 0 for no limit.
        window: seconds in which it takes them.
        period: seconds between two datapoints.
        series: subjects of monitoring besides instances.
        waits: whether what is created waits until it is started.
        belongings: what comes with an instance, by kind: its identifiers.
        residents: what is there from the start.
        endpoints: by name.
    """

    name: str
    title: str
    region: str
    credentials: Mapping[str, str]
    account: Mapping[str, str]
    network: Mapping[str, object]
    monitored: Mapping[str, object]
    facts: Mapping[str, object]
    ids: Ids
    lingers: float
    idempotency: Idempotency
    delete_again: bool
    quota: int
    states: Mapping[Life, object]
    works: WorkStyle
    rate: int
    window: float
    period: float
    series: tuple[str, ...]
    waits: bool
    belongings: Mapping[str, Ids]
    residents: tuple[Resident, ...]
    endpoints: tuple[Endpoint, ...]

    @property
    def drops_failures(self) -> bool:
        """Whether what fails to start is gone by itself: there is one word for failed and for deleted."""
        return Life.DELETED in self.states and self.states.get(Life.FAILED) == self.states[Life.DELETED]
