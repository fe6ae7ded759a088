"""Checks AWS's signature version 4, so that a wrong secret is refused as the vendor refuses it.

Source: the canonical request of "Create a signed AWS API request" in the IAM user guide. Written anew on the
standard library: checking our signer with itself would prove nothing.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, quote

from probe.sandbox.requests import Asked

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<scope>\d{8}/[^/,]+/[^/,]+/aws4_request),"
    r"\s*SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class Signature(StrEnum):
    """What a signature is worth."""

    GOOD = "good"
    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    WRONG = "wrong"


def check_signature(asked: Asked, access_key: str, secret_key: str) -> Signature:
    """Whether *asked* is signed with these credentials; the date of signing is not looked at."""
    found = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
    if found is None:
        return Signature.MISSING
    if found["key"] != access_key:
        return Signature.UNKNOWN_KEY
    to_sign = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            asked.headers.get("x-amz-date", ""),
            found["scope"],
            hashlib.sha256(_canonical(asked, found["headers"]).encode()).hexdigest(),
        )
    )
    expected = hmac.new(_key(secret_key, found["scope"]), to_sign.encode(), hashlib.sha256).hexdigest()
    return Signature.GOOD if hmac.compare_digest(expected, found["signature"]) else Signature.WRONG


def _key(secret_key: str, scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical(asked: Asked, signed: str) -> str:
    body = asked.headers.get("x-amz-content-sha256") or hashlib.sha256(asked.body).hexdigest()
    return "\n".join(
        (
            asked.method,
            quote(asked.raw_path or "/", safe="/~"),
            _canonical_query(asked.query_string),
            *(f"{name}:{_squeezed(asked.headers, name)}" for name in signed.split(";")),
            "",
            signed,
            body,
        )
    )


def _canonical_query(query: str) -> str:
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{key}={value}" for key, value in pairs)


def _squeezed(headers: Mapping[str, str], name: str) -> str:
    return " ".join(headers.get(name, "").split())
