"""A Google service account: an assertion that its key signs (RFC 7523) for a bearer token.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest

google-auth signs; the exchange is our own, so that it is measured. The key file names a URL for tokens (`token_uri`),
which is not followed: the assertion goes to the endpoint `auth`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import BaseModel, Field

from probe.cloud.auth.contract import AuthSurroundings, CredentialComplaint
from probe.cloud.auth.grants import GrantAuth
from probe.cloud.entry import VendorEntry
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import Secret, SecretUnavailable

if TYPE_CHECKING:
    from probe.cloud.auth.assertions import Signer

CREDENTIAL: Final = "service_account"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS: Final = 3_600
"""Seconds that an assertion is good for: the longest that is allowed; the token lasts as long."""
_NEEDED: Final = ("client_email", "private_key")
_LARGEST: Final = 64 * 1024
"""Bytes of a key file; one has two thousand."""
_REMEDY: Final = (
    "give the JSON key of a service account, as `gcloud iam service-accounts keys create` writes it: the file, its "
    "text, or its path in a variable"
)


class GoogleOptions(BaseModel, extra="forbid", frozen=True):
    """What a vendor file says of the grant."""

    scopes: tuple[str, ...] = Field(
        min_length=1,
        description="what the token is to be good for",
        examples=[["https://www.googleapis.com/auth/compute"]],
    )


class GoogleServiceAccount(GrantAuth):
    """Signs with the credential `service_account`, read at every renewal, so that a rotated key is picked up."""

    Options: ClassVar[type[BaseModel]] = GoogleOptions
    clocked: ClassVar[bool] = True

    def __init__(self, surroundings: AuthSurroundings) -> None:
        from probe.cloud.auth import assertions  # noqa: PLC0415 - slow to import, and only who signs needs it

        super().__init__(surroundings)
        self._assertions = assertions
        self._scope = " ".join(GoogleOptions.model_validate(surroundings.options.model_dump()).scopes)
        self._signed: tuple[str, Signer] | None = None

    @classmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """The key."""
        del options
        return (CREDENTIAL,)

    @classmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """A key file that is none: which, and what was expected instead."""
        from probe.cloud.auth import assertions  # noqa: PLC0415 - as above

        secret = entry.credentials.get(CREDENTIAL)
        if secret is None:
            return []
        try:
            assertions.signer(_read(secret))
        except SecretUnavailable:
            return []  # told by who looks whether it is there at all
        except ValueError as error:
            return [(CREDENTIAL, str(error), _REMEDY)]
        return []

    def _grant(self, url: str) -> tuple[dict[str, object], dict[str, str]]:
        signer = self._signer()
        now = int(self._clock.wall())
        claims = {"iss": signer.email, "scope": self._scope, "aud": url, "iat": now, "exp": now + _LASTS}
        assertion = signer.sign(claims)
        self._entry.redactor.learn(assertion)
        return {"grant_type": _GRANT, "assertion": assertion}, {}

    def _signer(self) -> "Signer":
        """The signer of the key as it is now; reading a key takes milliseconds, so it is done once for each."""
        secret = self._entry.credentials.get(CREDENTIAL)
        if secret is None:
            raise ProbeFailed(Outcome.DENIED, f"there is no credential `{CREDENTIAL}`")
        try:
            key = _read(secret)
            if self._signed is None or self._signed[0] != key["private_key"]:
                self._entry.redactor.learn(key["private_key"])
                self._signed = key["private_key"], self._assertions.signer(key)
        except (SecretUnavailable, ValueError) as error:
            raise ProbeFailed(Outcome.DENIED, str(error)) from None  # the cause may hold a piece of the key
        return self._signed[1]


def _read(secret: Secret) -> Mapping[str, str]:
    """The key that *secret* is, or is the path of.

    Raises:
        SecretUnavailable: the secret is not there to be read.
        ValueError: it is no key of a service account; the message says which file, and nothing of what is in it.
    """
    text, origin = secret.reveal().strip(), secret.origin
    if not text.startswith("{") and "\n" not in text and len(text) < _LARGEST:
        text, origin = _followed(text, origin)
    try:
        key = json.loads(text)
    except ValueError:
        raise ValueError(f"{origin} is not the key of a service account: it is not JSON") from None
    if not isinstance(key, dict):
        raise ValueError(f"{origin} is not the key of a service account: it is not a JSON object")  # noqa: TRY004
    kind = key.get("type")
    if kind != "service_account":
        what = f"its type is {kind!r}" if isinstance(kind, str) else "it has no `type`"
        raise ValueError(f"{origin} is not the key of a service account: {what}, where `service_account` was expected")
    for name in _NEEDED:
        if not isinstance(key.get(name), str) or not key[name]:
            raise ValueError(f"{origin} is not the key of a service account: it has no `{name}`")
    return {**{name: key[name] for name in _NEEDED}, "id": str(key.get("private_key_id", "")), "origin": origin}


def _followed(path: str, origin: str) -> tuple[str, str]:
    """The text of the key file at *path*, which stands where the key was expected, and what to call it."""
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(_LARGEST).decode().strip(), f"file {path} (which {origin} names)"
    except (OSError, UnicodeDecodeError, RuntimeError, ValueError):
        raise ValueError(f"what {origin} holds is neither JSON nor the path of a file that can be read") from None
