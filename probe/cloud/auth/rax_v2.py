"""Identity v2 as Rackspace has it: a user's API key (or password) for a token and a catalog.

https://docs.rackspace.com/docs/cloud-identity/quickstart/authenticate-to-cloud-identity
"""

from typing import ClassVar, Self

import httpx
from pydantic import BaseModel

from probe.cloud.auth.contract import AuthSurroundings, NoOptions
from probe.cloud.auth.tokens import Service, Token, TokenKeeper, life, texts
from probe.cloud.codecs import encode_json
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.cloud.hosts import HostRefused
from probe.cloud.line import Answer, Wanted, unparseable
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch


class RaxV2:
    """Tokens of identity v2, from the endpoint `auth`."""

    Options: ClassVar[type[BaseModel]] = NoOptions
    signs: ClassVar[bool] = False
    catalogs: ClassVar[bool] = True
    clocked: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("auth",)

    def __init__(self, surroundings: AuthSurroundings) -> None:
        self._entry = surroundings.entry
        self._line = surroundings.line
        self._clock = surroundings.clock
        self._keeper = TokenKeeper(surroundings.clock, self._fetch)

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings)

    async def ready(self, watch: Stopwatch) -> None:
        """Have a token that lasts."""
        await self._keeper.ready(watch)

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """The URL of a service in our region, or of one that has no regions."""
        return self._keeper.token.find(wanted)

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Put the token on *request*."""
        del endpoint  # the token is good for all of them
        self._keeper.stamp(request)

    def invalidate(self, request: httpx.Request) -> bool:
        """Forget the token that *request* carries."""
        return self._keeper.invalidate(request)

    async def _fetch(self, watch: Stopwatch) -> Token:
        try:
            url = self._entry.url("auth")
        except HostRefused as error:
            raise ProbeFailed(Outcome.INVALID, str(error)) from error
        body = encode_json({"auth": self._identity()})
        request = httpx.Request("POST", f"{url}/tokens", content=body, headers={"Content-Type": "application/json"})
        return self._read(await self._line.exchange("auth", request, watch, Wanted(statuses=(200, 203))))

    def _identity(self) -> dict[str, object]:
        secret = self._entry.secret
        if "api_key" in self._entry.credentials:
            return {"RAX-KSKEY:apiKeyCredentials": {"username": secret("username"), "apiKey": secret("api_key")}}
        return {"passwordCredentials": {"username": secret("username"), "password": secret("password")}}

    def _read(self, answer: Answer) -> Token:
        access = answer.body.get("access") if isinstance(answer.body, dict) else None
        if not isinstance(access, dict):
            raise unparseable("token", answer)
        value, expires = texts(access.get("token"), "id", "expires")
        lasts = life(expires, answer, self._clock)
        if not value or lasts is None:
            raise unparseable("token", answer)
        catalog = access.get("serviceCatalog")
        return Token(value, lasts, tuple(self._services(catalog if isinstance(catalog, list) else [])))

    def _services(self, catalog: list[object]) -> list[Service]:
        services: list[Service] = []
        for service in catalog:
            kind, name = texts(service, "type", "name")
            endpoints = service.get("endpoints") if isinstance(service, dict) else None
            for endpoint in endpoints if isinstance(endpoints, list) else []:
                region, url = texts(endpoint, "region", "publicURL")
                if url and region in {"", self._entry.region}:
                    services.append(Service(kind, name, url))
        return services
