"""What is written down holds no secret, by name or by value."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.exchange import Transcript
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, Route, Wire
from probe.wire.redaction import READABLE, redacted_body, redacted_headers, redacted_text, redacted_url

SECRET = 'hunter2-"ö\\-correct horse'


def known(text: str) -> str:
    """Hide the one secret that the agent knows."""
    return text.replace(SECRET, "•••")


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "X-Auth-Token", "X-Subject-Token", "Cookie", "Set-Cookie", "X-Amz-Security-Token", "X-Api-Key",
        "Proxy-Authorization", "API-Key", "X-Vault-Token",
    ],
)  # fmt: skip
def test_headers_that_carry_secrets_are_hidden(name: str) -> None:
    """By their name, in any case."""
    for spelling in (name, name.lower(), name.upper()):
        assert redacted_headers([(spelling, "s3cr3t")], str) == {spelling: "•••"}


def test_other_headers_are_shown() -> None:
    """A transcript is for finding out what went wrong."""
    shown = redacted_headers([("Content-Type", "a/b"), ("X-Request-Id", "7"), ("WWW-Authenticate", "Basic")], str)
    assert shown == {"Content-Type": "a/b", "X-Request-Id": "7", "WWW-Authenticate": "Basic"}


BODIES = [
    ("application/json", {"auth": {"passwordCredentials": {"username": "u", "password": SECRET}}}),
    ("application/json", {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "u", "apiKey": SECRET}}}),
    ("application/json", {"access": {"token": {"id": SECRET, "expires": "2030"}}}),
    ("application/json", {"server": {"adminPass": SECRET}}),
    ("application/json", {"root_pass": SECRET}),
    ("application/json", {"identity": {"application_credential": {"id": "7", "secret": SECRET}}}),
    ("application/json", {"tokens": [{"id": SECRET}, SECRET], "client_secret": [SECRET]}),
    ("application/json", [{"access_token": SECRET, "expires_in": 5}]),
    ("text/plain", {"password": SECRET}),
]


@pytest.mark.parametrize(("content_type", "tree"), BODIES)
def test_secrets_in_json_are_hidden_by_name_alone(content_type: str, tree: object) -> None:
    """Also where nobody knows their value, and whatever the type says."""
    shown = redacted_body(content_type, json.dumps(tree).encode(), str)
    assert "hunter2" not in shown
    assert "correct horse" not in shown
    assert "•••" in shown


def test_what_is_no_secret_stays_readable() -> None:
    """Names that merely sound like it."""
    tree = {"instance": {"id": "i-1", "state": "running"}, "NextToken": "page2", "token": {"expires": "2030"}}
    assert json.loads(redacted_body("application/json", json.dumps(tree).encode(), str)) == tree


def test_forms_xml_and_addresses_are_hidden_too() -> None:
    """AWS signs in queries, answers keys in XML and takes scripts in forms."""
    form = "Action=RunInstances&UserData=abc%20def&Password=p%26q&Version=1"
    assert redacted_body("application/x-www-form-urlencoded", form.encode(), str) == (
        "Action=RunInstances&UserData=•••&Password=•••&Version=1"
    )
    xml = "<r><KeyName>k</KeyName><SecretAccessKey>abc</SecretAccessKey><SessionToken>x</SessionToken></r>"
    assert redacted_body("text/xml", xml.encode(), str) == (
        "<r><KeyName>k</KeyName><SecretAccessKey>•••</SecretAccessKey><SessionToken>•••</SessionToken></r>"
    )
    url = "https://user:pw@a.test/b?X-Amz-Signature=abc&X-Amz-Date=2030&token=x"
    shown = redacted_url(url, str)
    assert "abc" not in shown
    assert "pw" not in shown
    assert "X-Amz-Date=2030" in shown
    assert "•••" not in redacted_text("see https://a.test/?page=2", str)
    assert "pw" not in redacted_text("at http://user:pw@proxy.test:3128 it failed", str)


def test_json_that_cannot_be_read_is_hidden_as_text() -> None:
    """A cut answer is still searched."""
    assert redacted_body("application/json", b'{"a": 1, "password": "abc\\" def', str) == '{"a": 1, "password": "•••"'


def test_bodies_are_cut_after_they_were_redacted() -> None:
    """Half a secret at the cut would be recognised by nobody."""
    body = b"x" * (READABLE - 3) + SECRET.encode() + b"y" * 100
    shown = redacted_body("text/plain", body, known)
    assert "hun" not in shown
    assert len(shown) < READABLE + 40
    assert redacted_body("application/octet-stream", b"\0\1\2", known) == "(3 bytes)"
    assert redacted_body("", b"", known) == ""


def test_deep_json_does_not_break_it() -> None:
    """A vendor may answer anything."""
    for depth in (500, 5_000, 100_000):
        redacted_body("application/json", b"[" * depth + b"]" * depth, known)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just(SECRET), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_a_known_value_is_hidden_wherever_it_stands(tree: object) -> None:
    """In keys, in values, escaped or not."""
    shown = redacted_body("application/json", json.dumps(tree).encode(), known)
    assert SECRET not in shown
    assert "correct horse" not in shown


@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/html"]))
def test_no_body_breaks_it(body: bytes, content_type: str) -> None:
    """Whatever comes back can be shown."""
    assert isinstance(redacted_body(content_type, body, known), str)


async def test_a_transcript_holds_no_secret() -> None:
    """The whole way: address, headers, bodies and failures of real exchanges."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/fails":
            raise httpx.ReadError(f"lost {SECRET}")
        return httpx.Response(
            200, headers={"X-Subject-Token": "unknown-to-us"}, json={"token": {"id": "unknown-to-us"}, "note": SECRET}
        )

    transcript = Transcript(redact=known)
    watch = Stopwatch(RealClock(), transcript=transcript)
    wire = Wire(RealClock(), Meter(), transport=httpx.MockTransport(handler))
    for path in ("/", "/fails"):
        request = httpx.Request(
            "POST",
            httpx.URL(f"http://me:unknown-to-us@a.test{path}", params={"api_key": "unknown-to-us", "q": SECRET}),
            headers={"X-Auth-Token": "unknown-to-us"},
            json={"password": "unknown-to-us", "name": SECRET},
        )
        try:
            await wire.send(request, watch, Route())
        except ProbeFailed:
            continue
    assert len(transcript.exchanges) == 2
    everything = repr(transcript.exchanges)
    assert "unknown-to-us" not in everything
    assert "hunter2" not in everything
    assert transcript.exchanges[0].status == 200
    assert transcript.exchanges[1].failure == "lost •••"
