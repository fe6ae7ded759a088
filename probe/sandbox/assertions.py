"""Key files of service accounts, made up when they are needed, and assertions that are signed with them (RFC 7523).

A key that stood in a data file would look like somebody's; therefore a data file says what is in a key file, and the
key itself is made.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_KEY: Final = "private_key"
_BITS: Final = 2048
_SKEW: Final = 60.0
"""Seconds by which an assertion may come from the future."""


def new_key_file(fields: Mapping[str, str]) -> str:
    """A key file with these *fields* and a new key, as JSON."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")
    return json.dumps({**fields, "private_key_id": secrets.token_hex(20), _KEY: pem})


def proves(credential: str, given: object, wall: float) -> bool:
    """Whether *given* shows that somebody has *credential*: it is the same, or an assertion that its key has signed.

    *wall* is now, in seconds since 1970.
    """
    if not credential.startswith("{"):
        return given == credential
    return isinstance(given, str) and _signed(json.loads(credential), given, wall)


def _signed(key_file: Mapping[str, str], assertion: str, wall: float) -> bool:
    private = serialization.load_pem_private_key(key_file[_KEY].encode(), None)
    public = private.public_key()
    said, _, signature = assertion.rpartition(".")
    if not isinstance(public, rsa.RSAPublicKey):
        return False
    try:
        public.verify(_decoded(signature), said.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims = json.loads(_decoded(said.partition(".")[2]))
        return bool(
            claims["iss"] == key_file.get("client_email") and claims["iat"] - _SKEW <= wall < claims["exp"] + _SKEW
        )
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
