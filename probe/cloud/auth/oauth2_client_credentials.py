"""OAuth 2.0's client credentials (RFC 6749, section 4.4): an application's id and secret for a bearer token."""

import base64
from typing import ClassVar, Literal
from urllib.parse import quote_plus

from pydantic import BaseModel, Field

from probe.cloud.auth.contract import AuthSurroundings, CredentialComplaint
from probe.cloud.auth.grants import GrantAuth
from probe.cloud.entry import VendorEntry
from probe.model.outcome import Outcome, ProbeFailed


class ClientOptions(BaseModel, extra="forbid", frozen=True):
    """What a vendor file says of the grant."""

    scope: str | None = Field(
        None, description="what the token is to be good for", examples=["https://management.azure.com/.default"]
    )
    client_id: str = Field("client_id", description="which of the file's credentials is the application's id")
    client_secret: str = Field("client_secret", description="which of the file's credentials is its secret")
    send_as: Literal["form", "basic"] = Field(
        "form", description="where id and secret stand: in the form, or in the header of HTTP basic authentication"
    )
    parameters: dict[str, str] = Field(
        {}, description="what else the form holds", examples=[{"audience": "https://api.example"}]
    )


class OAuth2ClientCredentials(GrantAuth):
    """Sends id and secret to the endpoint `auth`."""

    Options: ClassVar[type[BaseModel]] = ClientOptions

    def __init__(self, surroundings: AuthSurroundings) -> None:
        super().__init__(surroundings)
        self._options = ClientOptions.model_validate(surroundings.options.model_dump())

    @classmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """Id and secret, as the file calls them."""
        chosen = ClientOptions.model_validate(options.model_dump())
        return chosen.client_id, chosen.client_secret

    @classmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """None: they travel in a form, which carries anything."""
        del entry
        return []

    def _grant(self, url: str) -> tuple[dict[str, object], dict[str, str]]:
        del url
        options = self._options
        form: dict[str, object] = {"grant_type": "client_credentials", **options.parameters}
        if options.scope is not None:
            form["scope"] = options.scope
        client, secret = self._given(options.client_id), self._given(options.client_secret)
        if options.send_as == "form":
            return form | {"client_id": client, "client_secret": secret}, {}
        pair = f"{quote_plus(client)}:{quote_plus(secret)}"  # encoded twice, as section 2.3.1 wants it
        return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"}

    def _given(self, name: str) -> str:
        value = self._entry.secret(name)
        if not value:
            raise ProbeFailed(Outcome.DENIED, f"there is no credential `{name}`")
        return value
