"""Signature version 4, checked against the signer of Amazon's own library."""

from collections.abc import Mapping

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from probe.sandbox.requests import Asked
from probe.sandbox.signatures import Signature, check_signature

KEY, SECRET = "AKIDEXAMPLE", "secret/with+signs"


def signed(
    path: str = "/ec2/", query: str = "", body: bytes = b"Action=DescribeRegions", secret: str = SECRET
) -> Asked:
    """A request as botocore signs it."""
    url = f"http://127.0.0.1:8080{path}" + (f"?{query}" if query else "")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Note": "two   spaces"}
    request = AWSRequest("POST", url, headers=headers, data=body)
    SigV4Auth(Credentials(KEY, secret), "ec2", "eu-central-1").add_auth(request)
    sent: Mapping[str, str] = {name.lower(): value for name, value in request.headers.items()}
    return Asked(
        method="POST",
        path=path,
        raw_path=path,
        query_string=query,
        headers={"host": "127.0.0.1:8080", **sent},
        body=body,
    )


@pytest.mark.parametrize("query", ["", "b=2&a=1", "a=x%20y&a=%2F", "empty="])
@pytest.mark.parametrize("path", ["/", "/ec2/", "/a-b_c.d~e/"])
def test_the_right_secret_is_good(path: str, query: str) -> None:
    """Whatever the path and the query."""
    assert check_signature(signed(path, query), KEY, SECRET) is Signature.GOOD


def test_a_wrong_secret_is_wrong() -> None:
    """Knowing the key's id is not enough."""
    assert check_signature(signed(secret="other"), KEY, SECRET) is Signature.WRONG


def test_another_key_is_unknown() -> None:
    """There is one account here."""
    assert check_signature(signed(), "AKIDOTHER", SECRET) is Signature.UNKNOWN_KEY


def test_a_changed_body_is_wrong() -> None:
    """What was signed is what counts."""
    asked = signed()
    changed = Asked(
        method=asked.method, path=asked.path, raw_path=asked.raw_path, headers=asked.headers, body=b"Action=Other"
    )
    assert check_signature(changed, KEY, SECRET) is Signature.WRONG


@pytest.mark.parametrize("header", ["", "AWS4-HMAC-SHA256 nonsense", "Bearer x"])
def test_no_signature_is_missing(header: str) -> None:
    """Nothing that can be read is nothing."""
    asked = Asked(method="POST", path="/", headers={"authorization": header} if header else {})
    assert check_signature(asked, KEY, SECRET) is Signature.MISSING
