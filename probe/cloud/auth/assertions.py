"""google-auth's signer: the only module that knows google-auth.

It takes a tenth of a second to import, which only those pay who sign: `google_service_account` loads it when it is
first built.
"""

from collections.abc import Mapping

from google.auth import jwt
from google.auth.crypt import RSASigner


class Signer:
    """Signs assertions with the key of one service account.

    Attributes:
        email: whose key it is.
    """

    def __init__(self, email: str, signer: RSASigner) -> None:
        self.email = email
        self._signer = signer

    def sign(self, claims: Mapping[str, object]) -> str:
        """*claims* as a JSON Web Token, RS256."""
        token: bytes = jwt.encode(self._signer, dict(claims))  # type: ignore[no-untyped-call]
        return token.decode("ascii")


def signer(key: Mapping[str, str]) -> Signer:
    """The signer for a *key* with `client_email`, `private_key`, `id`, and the `origin` that it may be called.

    Raises:
        ValueError: the private key is none; the message says which file, and nothing of what is in it.
    """
    try:
        made = RSASigner.from_string(  # type: ignore[no-untyped-call]
            key["private_key"], key["id"] or None
        )
    except (ValueError, TypeError, IndexError, NotImplementedError):
        problem = "its `private_key` is no RSA key in PEM"
    else:
        return Signer(key["client_email"], made)
    raise ValueError(f"{key['origin']} is not the key of a service account: {problem}")
