"""A token that is fetched when needed, remembered across runs, and renewed before it expires."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final, Self

import httpx
from pydantic import BaseModel

from probe.cloud.accounts import account_id
from probe.cloud.answer import Answer
from probe.cloud.auth.contract import AuthSurroundings, NoOptions
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.cloud.hosts import HostRefused
from probe.cloud.moments import parse_http_date, parse_iso
from probe.model.clock import Clock
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch

HEADER: Final = "X-Auth-Token"
_MARGIN: Final = 300.0
"""Seconds before its expiry at which a token is renewed; a shorter-lived one at four fifths of its life."""


@dataclass(frozen=True, slots=True)
class Service:
    """An endpoint of a catalog."""

    type: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Token:
    """What a vendor gave us for our credentials.

    Attributes:
        value: the token itself.
        life: seconds that it lasts from now, by the vendor's own clock.
        services: the catalog that came with it.
    """

    value: str = field(repr=False)
    life: float
    services: tuple[Service, ...] = ()

    def find(self, wanted: CatalogEntry) -> str | None:
        """The URL of a service, if the catalog has it."""
        fitting = (s.url for s in self.services if s.type == wanted.type and wanted.name in {None, s.name})
        return next(fitting, None)


class TokenKeeper:
    """Keeps one token for all runs. Fetching is measured as phase `auth` of the run that fetches.

    A token is of no use once the credentials are another account's: what is then rented, or not found, must be of the
    account that the ledger is told.

    Args:
        clock: tells when a token is due for renewal.
        fetch: gets one.
        whose: tells which account the credentials open now.
        header: what carries it.
        prefix: what stands before it in the header.
    """

    def __init__(
        self,
        clock: Clock,
        fetch: Callable[[Stopwatch], Awaitable[Token]],
        whose: Callable[[], str],
        *,
        header: str = HEADER,
        prefix: str = "",
    ) -> None:
        self._clock = clock
        self._fetch = fetch
        self._whose = whose
        self._of = ""
        self._header = header
        self._prefix = prefix
        self._token: Token | None = None
        self._renew_at = self._ends_at = 0.0
        self._lock = asyncio.Lock()

    async def ready(self, watch: Stopwatch) -> None:
        """Fetch a token if there is none that lasts. There is one renewal at a time.

        Runs that come meanwhile go on with the token that is being renewed as long as it is good, and wait where it is
        not.

        Raises:
            ProbeFailed: there is none to be had.
        """
        account = self._account()
        if account == self._of and (self._lasts() or (self._lock.locked() and self._is_good())):
            return
        async with self._lock:
            if account == self._of and self._lasts():
                return
            with watch.phase(Phase.AUTH):
                token = await self._fetch(watch.aside())
            now = self._clock.now()
            self._renew_at = now + max(token.life - _MARGIN, token.life * 0.8, 0.0)
            self._ends_at = now + token.life
            self._token, self._of = token, account

    def _account(self) -> str:
        """Whose token is wanted; a secret that cannot be read for a moment is no reason to be without one."""
        try:
            return self._whose()
        except ProbeFailed:
            return self._of

    def _lasts(self) -> bool:
        return self._token is not None and self._clock.now() < self._renew_at

    def _is_good(self) -> bool:
        return self._token is not None and self._clock.now() < self._ends_at

    @property
    def token(self) -> Token:
        """The token; `ready` comes first."""
        if self._token is None:
            raise RuntimeError("a token was used before it was fetched")
        return self._token

    def stamp(self, request: httpx.Request) -> None:
        """Put the token on *request*."""
        request.headers[self._header] = self._prefix + self.token.value

    def invalidate(self, request: httpx.Request) -> bool:
        """Forget the token that *request* carries; one that another run fetched meanwhile is kept."""
        if self._token is not None and request.headers.get(self._header) == self._prefix + self._token.value:
            self._renew_at = self._ends_at = -math.inf
        return True


class TokenAuth(ABC):
    """What the kinds have in common that send a token which the endpoint `auth` gives for our credentials.

    The token is fetched when it is needed, shared by all runs, and renewed.

    Args:
        surroundings: what it is built from.
        header: what carries the token.
        prefix: what stands before it in the header.
    """

    Options: ClassVar[type[BaseModel]] = NoOptions
    signs: ClassVar[bool] = False
    clocked: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("auth",)

    def __init__(self, surroundings: AuthSurroundings, *, header: str = HEADER, prefix: str = "") -> None:
        self._entry = surroundings.entry
        self._line = surroundings.line
        self._clock = surroundings.clock
        whose = partial(account_id, surroundings.entry, "")
        self._keeper = TokenKeeper(surroundings.clock, self._fetch, whose, header=header, prefix=prefix)

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings)

    async def ready(self, watch: Stopwatch) -> None:
        """Have a token that lasts."""
        await self._keeper.ready(watch)

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Put the token on *request*."""
        del endpoint  # the token is good for all of them
        self._keeper.stamp(request)

    def invalidate(self, request: httpx.Request) -> bool:
        """Forget the token that *request* carries."""
        return self._keeper.invalidate(request)

    @abstractmethod
    async def _fetch(self, watch: Stopwatch) -> Token:
        """Ask for a token.

        Raises:
            ProbeFailed: there is none to be had.
        """


def auth_url(entry: VendorEntry) -> str:
    """Where *entry* gets its tokens: the endpoint `auth`, and nowhere else.

    Raises:
        ProbeFailed: invalid: nobody says where, or no secret may be sent there.
    """
    try:
        url = entry.url("auth")
    except HostRefused as error:
        raise ProbeFailed(Outcome.INVALID, f"endpoint auth: {error}") from error
    if url is None:
        raise ProbeFailed(Outcome.INVALID, "nobody says where tokens are: write the URL to `endpoints: {auth: …}`")
    return url


def life(expires: str, answer: Answer, clock: Clock) -> float | None:
    """Seconds until *expires* (ISO 8601) by the vendor's clock, which need not agree with ours; None if unreadable."""
    moment = parse_iso(expires)
    theirs = parse_http_date(answer.headers.get("Date", ""))
    return None if moment is None else moment - (clock.wall() if theirs is None else theirs)


def texts(mapping: object, *names: str) -> tuple[str, ...]:
    """The texts under *names* in *mapping*, empty where there is none."""
    found: Mapping[str, object] = mapping if isinstance(mapping, dict) else {}
    return tuple(value if isinstance(value := found.get(name), str) else "" for name in names)
