"""What an auth kind is: it knows who we are, and never where else to go.

A kind is an entry point in the group `probe.auth`. It is built once for each vendor entry, shared by all its probes,
and remembers its token across runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar, Final, Protocol, Self

import httpx
from pydantic import BaseModel

from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.cloud.line import Line
from probe.model.clock import Clock
from probe.model.stopwatch import Stopwatch

GROUP: Final = "probe.auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSurroundings:
    """What an auth kind is built from.

    Attributes:
        entry: whose credentials and endpoints.
        options: the vendor file's `auth.options`, validated by the kind's `Options`.
        line: for its own calls, which count as the operation `auth`.
        clock: tells when a token expires.
    """

    entry: VendorEntry
    options: BaseModel
    line: Line
    clock: Clock


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


def load_auth(kind: str) -> type[Auth]:
    """The class of an auth kind.

    Raises:
        LookupError: none of that name is installed; the message names those that are.
    """
    kinds = auth_kinds()
    if kind not in kinds:
        raise LookupError(f"there is no auth kind `{kind}`: choose one of {', '.join(sorted(kinds))}")
    loaded: type[Auth] = kinds[kind].load()
    return loaded


class NoOptions(BaseModel, extra="forbid", frozen=True):
    """The options of a kind that has none."""
