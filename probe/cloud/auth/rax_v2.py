"""Identity v2 as Rackspace has it: a user's API key (or password) for a token and a catalog.

https://docs.rackspace.com/docs/cloud-identity/quickstart/authenticate-to-cloud-identity
"""

from collections.abc import Iterator
from typing import ClassVar

from probe.cloud.answer import Answer
from probe.cloud.auth.catalogs import CatalogAuth, Granted, offers
from probe.cloud.auth.tokens import Service, texts


class RaxV2(CatalogAuth):
    """Tokens of identity v2."""

    statuses: ClassVar[tuple[int, ...]] = (200, 203)

    def _address(self, url: str) -> str:
        return f"{url}/tokens"

    def _identity(self) -> dict[str, object]:
        secret = self._entry.secret
        if "api_key" in self._entry.credentials:
            return {"RAX-KSKEY:apiKeyCredentials": {"username": secret("username"), "apiKey": secret("api_key")}}
        return {"passwordCredentials": {"username": secret("username"), "password": secret("password")}}

    def _read(self, answer: Answer) -> Granted:
        access = answer.body.get("access") if isinstance(answer.body, dict) else None
        if not isinstance(access, dict):
            return Granted()
        value, expires = texts(access.get("token"), "id", "expires")
        return Granted(value, expires, tuple(self._services(access.get("serviceCatalog"))))

    def _services(self, catalog: object) -> Iterator[Service]:
        for service, endpoint in offers(catalog):
            region, url = texts(endpoint, "region", "publicURL")
            if url and region in {"", self._entry.region}:
                kind, name = texts(service, "type", "name")
                yield Service(kind, name, url)
