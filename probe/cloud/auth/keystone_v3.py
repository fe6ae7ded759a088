"""OpenStack's Keystone v3: a password or an application credential for a token and a catalog.

https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management
"""

from typing import ClassVar, Final, Self

import httpx
from pydantic import BaseModel, Field

from probe.cloud.auth.contract import AuthSurroundings
from probe.cloud.auth.tokens import Service, Token, TokenKeeper, life, texts
from probe.cloud.codecs import encode_json
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.cloud.hosts import HostRefused
from probe.cloud.line import Answer, Wanted, unparseable
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch

_VERSION: Final = "/v3"


class KeystoneOptions(BaseModel, extra="forbid", frozen=True):
    """What a vendor file may say of Keystone."""

    interface: str = Field("public", description="which interface of the catalog is used")


class KeystoneV3:
    """Tokens of Keystone v3, from the endpoint `auth`."""

    Options: ClassVar[type[BaseModel]] = KeystoneOptions
    signs: ClassVar[bool] = False
    catalogs: ClassVar[bool] = True
    clocked: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("auth",)

    def __init__(self, surroundings: AuthSurroundings, options: KeystoneOptions) -> None:
        self._entry = surroundings.entry
        self._line = surroundings.line
        self._clock = surroundings.clock
        self._interface = options.interface
        self._keeper = TokenKeeper(surroundings.clock, self._fetch)

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings, KeystoneOptions.model_validate(surroundings.options.model_dump()))

    async def ready(self, watch: Stopwatch) -> None:
        """Have a token that lasts."""
        await self._keeper.ready(watch)

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """The URL of a service in our region."""
        return self._keeper.token.find(wanted)

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Put the token on *request*."""
        del endpoint  # the token is good for all of them
        self._keeper.stamp(request)

    def invalidate(self, request: httpx.Request) -> bool:
        """Forget the token that *request* carries."""
        return self._keeper.invalidate(request)

    async def _fetch(self, watch: Stopwatch) -> Token:
        url = _tokens_url(self._entry)
        body = encode_json({"auth": _identity(self._entry)})
        request = httpx.Request("POST", url, content=body, headers={"Content-Type": "application/json"})
        answer = await self._line.exchange("auth", request, watch, Wanted(statuses=(200, 201)))
        return self._read(answer)

    def _read(self, answer: Answer) -> Token:
        token = answer.body.get("token") if isinstance(answer.body, dict) else None
        value = answer.headers.get("X-Subject-Token", "")
        lasts = life(texts(token, "expires_at")[0], answer, self._clock)
        if not isinstance(token, dict) or not value or lasts is None:
            raise unparseable("token", answer)
        catalog = token.get("catalog")
        return Token(value, lasts, tuple(self._services(catalog if isinstance(catalog, list) else [])))

    def _services(self, catalog: list[object]) -> list[Service]:
        services: list[Service] = []
        for service in catalog:
            kind, name = texts(service, "type", "name")
            endpoints = service.get("endpoints") if isinstance(service, dict) else None
            for endpoint in endpoints if isinstance(endpoints, list) else []:
                interface, region_id, region, url = texts(endpoint, "interface", "region_id", "region", "url")
                if interface == self._interface and self._entry.region in {region_id, region} and url:
                    services.append(Service(kind, name, url))
        return services


def _tokens_url(entry: VendorEntry) -> str:
    try:
        url = entry.url("auth")
    except HostRefused as error:
        raise ProbeFailed(Outcome.INVALID, str(error)) from error
    if url is None:
        raise ProbeFailed(Outcome.INVALID, "nobody says where Keystone is: write its URL under `endpoints: {auth: …}`")
    return f"{url.removesuffix(_VERSION)}{_VERSION}/auth/tokens"


def _identity(entry: VendorEntry) -> dict[str, object]:
    """Who we are: an application credential, which carries its project, or a user with a password and a project."""
    if "application_credential_id" in entry.credentials:
        credential = {
            "id": entry.secret("application_credential_id"),
            "secret": entry.secret("application_credential_secret"),
        }
        return {"identity": {"methods": ["application_credential"], "application_credential": credential}}
    user = {
        "name": entry.secret("username"),
        "password": entry.secret("password"),
        "domain": {"name": entry.secret("user_domain_name")},
    }
    return {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": _project(entry)}}


def _project(entry: VendorEntry) -> dict[str, object]:
    identifier = entry.secret("project_id")
    if identifier is not None:
        return {"id": identifier}
    return {"name": entry.secret("project_name"), "domain": {"name": entry.secret("project_domain_name")}}
