"""OpenStack's Keystone v3: a password or an application credential for a token and a catalog.

https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management
"""

from collections.abc import Iterator
from typing import ClassVar, Final

from pydantic import BaseModel, Field

from probe.cloud.answer import Answer
from probe.cloud.auth.catalogs import CatalogAuth, Granted, offers
from probe.cloud.auth.contract import AuthSurroundings
from probe.cloud.auth.tokens import Service, texts
from probe.cloud.entry import VendorEntry
from probe.cloud.moments import parse_iso

_VERSION: Final = "/v3"


class KeystoneOptions(BaseModel, extra="forbid", frozen=True):
    """What a vendor file may say of Keystone."""

    interface: str = Field("public", description="which interface of the catalog is used")


class KeystoneV3(CatalogAuth):
    """Tokens of Keystone v3."""

    Options: ClassVar[type[BaseModel]] = KeystoneOptions
    statuses: ClassVar[tuple[int, ...]] = (200, 201)

    def __init__(self, surroundings: AuthSurroundings) -> None:
        super().__init__(surroundings)
        self._interface = KeystoneOptions.model_validate(surroundings.options.model_dump()).interface

    def _address(self, url: str) -> str:
        return f"{url.removesuffix(_VERSION)}{_VERSION}/auth/tokens"

    def _identity(self) -> dict[str, object]:
        """An application credential, which carries its project, or a user with a password and a project."""
        entry = self._entry
        if "application_credential_secret" in entry.credentials:
            credential = {**_credential(entry), "secret": entry.secret("application_credential_secret")}
            return {"identity": {"methods": ["application_credential"], "application_credential": credential}}
        user = {**_user(entry), "password": entry.secret("password")}
        identity = {"methods": ["password"], "password": {"user": user}}
        return {"identity": identity, "scope": {"project": _project(entry)}}

    def _read(self, answer: Answer) -> Granted:
        token = answer.body.get("token") if isinstance(answer.body, dict) else None
        if not isinstance(token, dict):
            return Granted()
        self._note_expiry(token)
        services = tuple(self._services(token.get("catalog")))
        return Granted(answer.headers.get("X-Subject-Token", ""), texts(token, "expires_at")[0], services)

    def _note_expiry(self, token: dict[str, object]) -> None:
        """Tell when the password runs out, where the cloud has such a rule; application credentials outlive it."""
        expires = parse_iso(texts(token.get("user"), "password_expires_at")[0])
        if expires is not None and "password" in self._entry.credentials:
            self._meter.credentials_expiry(self._entry.name, expires)

    def _services(self, catalog: object) -> Iterator[Service]:
        for service, endpoint in offers(catalog):
            interface, region_id, region, url = texts(endpoint, "interface", "region_id", "region", "url")
            if interface == self._interface and self._entry.region in {region_id, region} and url:
                kind, name = texts(service, "type", "name")
                yield Service(kind, name, url)


def _credential(entry: VendorEntry) -> dict[str, object]:
    """Which application credential: by its id, or by its name, which is unique for a user only."""
    identifier = entry.secret("application_credential_id")
    if identifier is not None:
        return {"id": identifier}
    return {"name": entry.secret("application_credential_name"), "user": _user(entry)}


def _user(entry: VendorEntry) -> dict[str, object]:
    return _named(entry, "user", entry.secret("username"))


def _project(entry: VendorEntry) -> dict[str, object]:
    return _named(entry, "project", entry.secret("project_name"))


def _named(entry: VendorEntry, kind: str, name: str | None) -> dict[str, object]:
    """A user or a project: by its id, which is unique by itself, or by its name in its domain."""
    identifier, domain = entry.secret(f"{kind}_id"), entry.secret(f"{kind}_domain_id")
    if identifier is not None:
        return {"id": identifier}
    where = {"id": domain} if domain is not None else {"name": entry.secret(f"{kind}_domain_name")}
    return {"name": name, "domain": where}
