"""A token and a catalog for our credentials, as Keystone and what came before it give them.

A kind says what is asked, and how the answer is read.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import httpx
from pydantic import BaseModel

from probe.cloud.answer import Answer, Wanted, unparseable
from probe.cloud.auth.contract import AuthSurroundings, CredentialComplaint, is_sendable
from probe.cloud.auth.tokens import Service, Token, TokenAuth, auth_url, life
from probe.cloud.codecs import encode_json
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry
from probe.model.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Granted:
    """What an answer says.

    Attributes:
        value: the token; empty if there is none.
        expires: when it ends, as ISO 8601.
        services: those of our region.
    """

    value: str = field(default="", repr=False)
    expires: str = ""
    services: tuple[Service, ...] = ()


class CatalogAuth(TokenAuth):
    """Tokens from the endpoint `auth`, each with a catalog of services.

    Attributes:
        statuses: those of an answer that brings a token.
    """

    catalogs: ClassVar[bool] = True
    statuses: ClassVar[tuple[int, ...]]

    def __init__(self, surroundings: AuthSurroundings) -> None:
        super().__init__(surroundings)
        self._meter = surroundings.meter

    @classmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """None: there are several ways."""
        del options
        return ()

    @classmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """None: they travel as JSON, which carries anything."""
        del entry
        return []

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """The URL of a service in our region, or of one that has no regions."""
        return self._keeper.token.find(wanted)

    async def _fetch(self, watch: Stopwatch) -> Token:
        body = encode_json({"auth": self._identity()})
        request = httpx.Request(
            "POST", self._address(auth_url(self._entry)), content=body, headers={"Content-Type": "application/json"}
        )
        answer = await self._line.exchange("auth", request, watch, Wanted(statuses=self.statuses))
        granted = self._read(answer)
        lasts = life(granted.expires, answer, self._clock)
        if not granted.value or not is_sendable(granted.value) or lasts is None:
            raise unparseable("token", answer)
        self._entry.redactor.learn(granted.value)
        return Token(granted.value, lasts, granted.services)

    @abstractmethod
    def _address(self, url: str) -> str:
        """Where tokens are at the endpoint *url*."""

    @abstractmethod
    def _identity(self) -> dict[str, object]:
        """Who we are, as the answer to `auth`."""

    @abstractmethod
    def _read(self, answer: Answer) -> Granted:
        """What *answer* gives us."""


def offers(catalog: object) -> Iterator[tuple[object, object]]:
    """Each service of a *catalog* with each of its endpoints; what is neither is passed over."""
    for service in catalog if isinstance(catalog, list) else ():
        endpoints = service.get("endpoints") if isinstance(service, dict) else None
        for endpoint in endpoints if isinstance(endpoints, list) else ():
            yield service, endpoint
