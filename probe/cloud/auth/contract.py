"""What an auth kind is: it knows who we are, and never where else to go.

A kind is an entry point in the group `probe.auth`. It is built once for each vendor entry, shared by all its probes,
and remembers its token across runs.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar, Final, Protocol, Self

import httpx
from pydantic import BaseModel

from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.cloud.line import Line
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import SecretUnavailable
from probe.model.stopwatch import Stopwatch

GROUP: Final = "probe.auth"
_NEEDED: Final = (
    *("Options", "signs", "catalogs", "clocked", "needs"),
    *("build", "wants", "complaints", "ready", "catalog", "stamp", "invalidate"),
)

CredentialComplaint = tuple[str, str, str]
"""Which credential, what is wrong with it, what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSurroundings:
    """What an auth kind is built from.

    Attributes:
        entry: whose credentials and endpoints.
        options: the vendor file's `auth.options`, validated by the kind's `Options`.
        line: for its own calls, which count as the operation `auth`.
        clock: tells when a token expires.
        meter: is told when the credentials themselves expire, where the vendor says so.
    """

    entry: VendorEntry
    options: BaseModel
    line: Line
    clock: Clock
    meter: Meter = field(default_factory=Meter)


class Auth(Protocol):
    """Authenticates requests.

    Attributes:
        Options: what the vendor file may say under `auth.options`.
        signs: whether endpoints must say `sign_as`.
        catalogs: whether endpoints may say `catalog`.
        clocked: whether a request is refused when our clock is wrong.
        needs: endpoints that it calls itself.
    """

    Options: ClassVar[type[BaseModel]]
    signs: ClassVar[bool]
    catalogs: ClassVar[bool]
    clocked: ClassVar[bool]
    needs: ClassVar[tuple[str, ...]]

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        ...

    @classmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """The credentials that every one of the vendor file's ways to identify oneself must have."""
        ...

    @classmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """What is wrong with the values of *entry*'s credentials, as far as that can be told without asking anybody.

        It reads them, and what they refer to; nothing of a value is in a complaint.
        """
        ...

    async def ready(self, watch: Stopwatch) -> None:
        """Obtain what is needed for a request if it is missing or about to expire; only that is phase `auth`.

        Raises:
            ProbeFailed: it cannot be had.
        """
        ...

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """The URL of a service in the catalog that came with the token; None if there is none. After `ready`."""
        ...

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Put on *request* what shows who we are, immediately before it is sent. After `ready`."""
        ...

    def invalidate(self, request: httpx.Request) -> bool:
        """Forget what was put on *request*, which the vendor refused; whether trying anew may help."""
        ...


def auth_kinds() -> Mapping[str, EntryPoint]:
    """The auth kinds that are installed, by name; loading one imports its module."""
    return {point.name: point for point in entry_points(group=GROUP)}


class AuthUnusable(LookupError):  # noqa: N818 - the file or the installation is at fault
    """Raised when there is no such auth kind, or its plug-in is broken; `str()` is the whole sentence.

    Attributes:
        problem: what is wrong.
        remedy: what to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
        self.problem = problem
        self.remedy = remedy


def load_auth(kind: str, installed: Mapping[str, EntryPoint] | None = None) -> type[Auth]:
    """The class of an auth kind among those that are *installed*.

    Raises:
        AuthUnusable: none of that name is there, it cannot be imported, or it is no auth kind.
    """
    kinds = auth_kinds() if installed is None else installed
    if kind not in kinds:
        raise AuthUnusable(f"there is no auth kind `{kind}`", f"choose one of {', '.join(sorted(kinds))}")
    point = kinds[kind]
    owner = f" of {point.dist.name}" if point.dist is not None else ""
    remedy = f"repair or uninstall the plug-in {point.value}{owner}"
    try:
        loaded: type[Auth] = point.load()
    except Exception as error:  # importing a stranger's module may raise anything at all
        raise AuthUnusable(
            f"the auth kind `{kind}` cannot be loaded ({type(error).__name__}: {error})", remedy
        ) from error
    lacking = [name for name in _NEEDED if not hasattr(loaded, name)]
    if lacking:
        raise AuthUnusable(f"`{kind}` is not an auth kind: it has no {', '.join(lacking)}", remedy)
    return loaded


def credential_complaints(entry: VendorEntry) -> list[CredentialComplaint]:
    """What is wrong with the values of *entry*'s credentials, as far as that can be told without asking anybody."""
    return load_auth(entry.file.auth.kind).complaints(entry)


def is_sendable(value: str) -> bool:
    """Whether a header can carry *value*."""
    return value.isascii() and value.isprintable()


def sendable(value: str | None, name: str) -> str:
    """The *value* of the credential *name*, if a header can carry it.

    Raises:
        ProbeFailed: denied: it is not there, or cannot be sent.
    """
    if not value:
        raise ProbeFailed(Outcome.DENIED, f"there is no credential `{name}`")
    if not is_sendable(value):
        raise ProbeFailed(
            Outcome.DENIED, f"the credential `{name}` cannot be sent: it holds a line end or another strange character"
        )
    return value


def unsendable(entry: VendorEntry) -> list[CredentialComplaint]:
    """The credentials of *entry* that no header can carry; what cannot be read at all is told elsewhere."""
    found: list[CredentialComplaint] = []
    for name, secret in entry.credentials.items():
        with contextlib.suppress(SecretUnavailable):
            if not is_sendable(secret.reveal()):
                problem = f"{secret.origin} cannot be sent: it holds a line end or another strange character"
                found.append((name, problem, "write the key alone, on one line"))
    return found


class NoOptions(BaseModel, extra="forbid", frozen=True):
    """The options of a kind that has none."""
