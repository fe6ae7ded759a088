"""OAuth 2.0's token endpoint (RFC 6749): a form that says who we are for a bearer token that lasts a while.

A kind says what the form holds. It goes to the endpoint `auth` and nowhere else, whatever a key file says.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final

import httpx
from pydantic import BaseModel

from probe.cloud.answer import Answer, Wanted, unparseable
from probe.cloud.auth.contract import AuthSurroundings, CredentialComplaint, is_sendable
from probe.cloud.auth.tokens import Token, TokenAuth, auth_url
from probe.cloud.codecs import encode_form
from probe.cloud.entry import VendorEntry
from probe.cloud.file.errors import Errors
from probe.cloud.file.vendor import CatalogEntry
from probe.model.stopwatch import Stopwatch

_UNSAID: Final = 600.0
"""Seconds that a token is taken to last where the answer does not say, as it should but need not."""
_FORM: Final = "application/x-www-form-urlencoded"
_ERRORS: Final[Mapping[str, object]] = {
    # https://www.rfc-editor.org/rfc/rfc6749#section-5.2; Google and Microsoft answer so, whatever their APIs do.
    "code": "error",
    "message": "error_description",
    "rules": [
        {"status": 429, "is": "throttled"},
        {"code": ["invalid_client", "invalid_grant", "unauthorized_client", "access_denied"], "is": "denied"},
        {"code": ["invalid_request", "invalid_scope", "unsupported_grant_type", "invalid_target"], "is": "invalid"},
        {"code": ["server_error", "temporarily_unavailable"], "is": "vendor_error"},
        {"status": [401, 403], "is": "denied"},
    ],
}


class GrantAuth(TokenAuth):
    """Bearer tokens from the endpoint `auth`."""

    catalogs: ClassVar[bool] = False

    def __init__(self, surroundings: AuthSurroundings) -> None:
        super().__init__(surroundings, header="Authorization", prefix="Bearer ")
        self._wanted = Wanted(statuses=(200,), clocked=self.clocked, errors=Errors.model_validate(_ERRORS))

    @classmethod
    @abstractmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """The credentials that the grant is made of."""

    @classmethod
    @abstractmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """What is wrong with the credentials."""

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """There is no catalog."""
        del wanted
        return None

    async def _fetch(self, watch: Stopwatch) -> Token:
        url = auth_url(self._entry)
        form, headers = self._grant(url)
        request = httpx.Request(
            "POST",
            url,
            content=encode_form(form),
            headers={"Content-Type": _FORM, "Accept": "application/json", **headers},
        )
        answer = await self._line.exchange("auth", request, watch, self._wanted)
        token = _token(answer)
        self._entry.redactor.learn(token.value)
        return token

    @abstractmethod
    def _grant(self, url: str) -> tuple[dict[str, object], dict[str, str]]:
        """What the form at *url* holds, and which headers go with it.

        Raises:
            ProbeFailed: denied: the credentials cannot be used.
        """


def _token(answer: Answer) -> Token:
    body = answer.body if isinstance(answer.body, dict) else {}
    value, kind = body.get("access_token"), body.get("token_type", "Bearer")
    lasts = _seconds(body.get("expires_in", _UNSAID))
    good = isinstance(value, str) and value and is_sendable(value) and str(kind).lower() == "bearer"
    if not good or lasts is None:
        raise unparseable("bearer token", answer)
    return Token(str(value), lasts)


def _seconds(told: object) -> float | None:
    """A number of seconds, which some write as text."""
    if isinstance(told, bool) or not isinstance(told, (int, float, str)):
        return None
    try:
        seconds = float(told)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
