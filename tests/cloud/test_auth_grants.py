"""OAuth 2.0's grants and Google's service accounts, against a real server that checks what it is sent."""

import asyncio
import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from probe.cloud import Cloud, VendorEntry, credential_complaints
from probe.cloud.file.vendor import VendorFile
from probe.model.exchange import Transcript
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.secret import Secret, SecretUnavailable
from probe.model.stopwatch import Stopwatch
from probe.settings import Redactor
from probe.settings.secrets import file_secret
from probe.wire import Wire
from tests.cloud.entries import ACME, CLOCK, Scene, secrets
from tests.fakes.vendor import ApiMeter, answer
from tests.servers.tokens import CLIENT, JWT_GRANT, TokenServer, claims_of, token_server

EMAIL = "probe@shop-123.iam.gserviceaccount.com"
SCOPES = ["https://www.googleapis.com/auth/compute", "https://www.googleapis.com/auth/monitoring.read"]


@cache
def key() -> rsa.RSAPrivateKey:
    """A key of Google's size; making one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(kind: Any = None) -> str:
    """A key as a key file holds it."""
    form = serialization.PrivateFormat.PKCS8
    made: str = (kind or key()).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    return made


def key_file(**changes: object) -> str:
    """A key file, as Google writes it."""
    written: dict[str, object] = {
        "type": "service_account",
        "project_id": "shop-123",
        "private_key_id": "0a1b2c",
        "private_key": pem(),
        "client_email": EMAIL,
        "client_id": "1",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://evil.example/token",
    }
    return json.dumps({name: value for name, value in (written | changes).items() if value is not None}, indent=2)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    """A token endpoint that knows the key, and an API behind it."""
    with token_server(key().public_key()) as running:
        yield running


def acme(url: str, kind: str, options: dict[str, object], credentials: dict[str, Secret], **more: Any) -> VendorEntry:
    """A vendor that wants a bearer token of its token endpoint."""
    names = {"description": "x", "required": dict.fromkeys(credentials, "x")}
    written = ACME | {
        "auth": {"kind": kind, "options": options},
        "credentials": {"one": names},
        "endpoints": {"api": {"url": f"{url}/v1"}, "auth": {"url": f"{url}/token"}},
        "errors": {"message": "error.message", "rules": [{"status": 401, "is": "denied"}]},
    }
    return VendorEntry(
        name="acme", region="north", file=VendorFile.model_validate(written), credentials=credentials, **more
    )


def application(url: str, **options: object) -> VendorEntry:
    """With an application's id and secret."""
    given = secrets(client_id=CLIENT[0], client_secret=CLIENT[1])
    return acme(url, "oauth2_client_credentials", {"scope": "all/.default", **options}, given)


def google(url: str, text: str | None = None, **more: Any) -> VendorEntry:
    """With a service account."""
    given = secrets(service_account=key_file() if text is None else text)
    return acme(url, "google_service_account", {"scopes": SCOPES}, given, **more)


def real(chosen: VendorEntry) -> tuple[Cloud, ApiMeter]:
    """A cloud over real sockets."""
    meter = ApiMeter()
    return Cloud(chosen, Wire(CLOCK, meter), CLOCK, meter), meter


@pytest.mark.parametrize("send_as", ["form", "basic"])
async def test_an_application_gets_a_token(server: TokenServer, send_as: str) -> None:
    """The server takes id and secret, whatever letters are in them, and the API the token."""
    cloud, meter = real(application(server.url, send_as=send_as, parameters={"audience": "api"}))
    watch = Stopwatch(CLOCK, run_id="r")
    await cloud.authenticate(watch)
    await cloud.read("probe", watch)
    assert watch.phases[Phase.AUTH] > 0
    assert [(operation, code) for operation, code, _ in meter.requests] == [("auth", "2xx"), ("probe", "2xx")]
    assert server.forms[0].items() >= {"scope": "all/.default", "audience": "api"}.items()
    assert ("client_secret" in server.forms[0]) == (send_as == "form")


async def test_a_service_account_gets_a_token(server: TokenServer) -> None:
    """The assertion is signed by the key, and goes to our endpoint, not to the one that the key file names."""
    cloud, _ = real(google(server.url))
    await cloud.read("probe", Stopwatch(CLOCK, run_id="r"))
    claims = claims_of(server.forms[0]["assertion"])
    assert server.forms[0]["grant_type"] == JWT_GRANT
    assert claims["iss"] == EMAIL
    assert claims["scope"] == " ".join(SCOPES)
    assert claims["exp"] - claims["iat"] == 3600
    assert server.headers == ["Bearer token-1-0123456789"]


@pytest.mark.parametrize("make", [application, google])
async def test_one_token_for_all_probes_and_runs(server: TokenServer, make: Any) -> None:
    """Fetched once, however many ask at the same time; only the run that fetched it spent time on it."""
    server.seconds = 0.1
    cloud, _ = real(make(server.url))
    watches = [Stopwatch(CLOCK, run_id=str(number)) for number in range(5)]
    await asyncio.gather(*(cloud.read("probe", watch) for watch in watches))
    assert len(server.forms) == 1
    assert sum(Phase.AUTH in watch.phases for watch in watches) == 1


@pytest.mark.parametrize("make", [application, google])
async def test_a_token_that_is_refused_in_mid_run_is_renewed_once(server: TokenServer, make: Any) -> None:
    """That is no failure of the vendor; each attempt is counted all the same."""
    cloud, meter = real(make(server.url))
    await cloud.read("probe", Stopwatch(CLOCK, run_id="1"))
    server.good.clear()
    watch = Stopwatch(CLOCK, run_id="2")
    await cloud.read("probe", watch)
    assert Phase.AUTH in watch.phases
    assert [(operation, code) for operation, code, _ in meter.requests] == [
        ("auth", "2xx"),
        ("probe", "2xx"),
        ("probe", "4xx"),
        ("auth", "2xx"),
        ("probe", "2xx"),
    ]


async def test_a_wrong_secret_is_denied_in_phase_auth(server: TokenServer) -> None:
    """By the RFC's own words, which the vendor file need not know."""
    wrong = acme(server.url, "oauth2_client_credentials", {}, secrets(client_id="app-1", client_secret="wrong-secret"))
    cloud, meter = real(wrong)
    watch = Stopwatch(CLOCK, run_id="r")
    with pytest.raises(ProbeFailed, match="invalid_client") as failed:
        await cloud.read("probe", watch)
    assert (failed.value.outcome, watch.where, meter.unmatched) == (Outcome.DENIED, Phase.AUTH, 0)


async def test_a_key_that_was_revoked_is_denied(server: TokenServer) -> None:
    """Another key than the server knows."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    cloud, _ = real(google(server.url, key_file(private_key=pem(other))))
    with pytest.raises(ProbeFailed, match="invalid_grant") as failed:
        await cloud.read("probe", Stopwatch(CLOCK, run_id="r"))
    assert failed.value.outcome is Outcome.DENIED


async def test_a_key_that_is_rotated_is_used_from_then_on(server: TokenServer, tmp_path: Path) -> None:
    """The file is read at every renewal."""
    path = tmp_path / "key.json"
    path.write_text(key_file(client_email="old@x"))
    chosen = acme(
        server.url, "google_service_account", {"scopes": SCOPES}, {"service_account": file_secret(path, Redactor())}
    )
    cloud, _ = real(chosen)
    await cloud.read("probe", Stopwatch(CLOCK, run_id="1"))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_text(key_file(client_email="new@x", private_key=pem(other)))
    server.public = other.public_key()
    server.good.clear()
    await cloud.read("probe", Stopwatch(CLOCK, run_id="2"))
    assert [claims_of(form["assertion"])["iss"] for form in server.forms] == ["old@x", "new@x"]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"error": "invalid_scope"}, Outcome.INVALID),
        (400, {"error": "unauthorized_client"}, Outcome.DENIED),
        (401, None, Outcome.DENIED),
        (429, {"error": "slow_down"}, Outcome.THROTTLED),
        (503, {"error": "temporarily_unavailable"}, Outcome.VENDOR_ERROR),
        (500, "<html>", Outcome.VENDOR_ERROR),
        (200, {}, Outcome.VENDOR_ERROR),
        (200, {"access_token": "t\n", "expires_in": 60}, Outcome.VENDOR_ERROR),
        (200, {"access_token": "t", "token_type": "mac"}, Outcome.VENDOR_ERROR),
        (200, {"access_token": "t", "expires_in": "soon"}, Outcome.VENDOR_ERROR),
        (200, {"access_token": "t", "expires_in": float("inf")}, Outcome.VENDOR_ERROR),
        (200, ["access_token"], Outcome.VENDOR_ERROR),
    ],
)
async def test_what_the_token_endpoint_says_is_judged(status: int, body: object, outcome: Outcome) -> None:
    """A success without a bearer token is unparseable; a refusal is what the RFC says it is."""
    text = json.dumps(body) if not isinstance(body, str) else body
    scene = Scene(application("https://acme.example"), answer(status, text))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.authenticate(scene.watch)
    assert (failed.value.outcome, scene.watch.where) == (outcome, Phase.AUTH)


@pytest.mark.parametrize(
    ("life", "waited", "asked"), [("3599", 3250, 1), (3599, 3310, 2), (None, 470, 1), (None, 490, 2)]
)
async def test_a_token_is_renewed_before_it_ends(life: object, waited: float, asked: int) -> None:
    """Five minutes before; where nobody says how long it lasts, it is taken for short-lived."""
    token = {"access_token": "t-1", "token_type": "bearer"} | ({} if life is None else {"expires_in": life})
    scene = Scene(application("https://acme.example"), answer(200, token))
    await scene.cloud.authenticate(scene.watch)
    scene.clock.pass_time(waited)
    await scene.cloud.authenticate(scene.watch.aside())
    assert len(scene.wire.asked) == asked


async def test_while_a_token_is_renewed_the_others_go_on_with_it(server: TokenServer) -> None:
    """One renewal at a time, and nobody waits for it who need not."""
    server.life = 1.0
    cloud, _ = real(application(server.url))
    await cloud.authenticate(Stopwatch(CLOCK, run_id="1"))
    await asyncio.sleep(0.85)
    server.seconds = 0.5
    server.life = 3600
    renewing = asyncio.create_task(cloud.authenticate(Stopwatch(CLOCK, run_id="2")))
    await asyncio.sleep(0.02)
    began = time.perf_counter()
    await cloud.authenticate(Stopwatch(CLOCK, run_id="3"))
    assert time.perf_counter() - began < 0.3
    await renewing
    assert len(server.forms) == 2


# --- key files that are none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{not json", "file KEY is not the key of a service account: it is not JSON"),
        ("[\n]", "file KEY is not the key of a service account: it is not a JSON object"),
        ("nothing", "what file KEY holds is neither JSON nor the path of a file that can be read"),
        (
            json.dumps({"type": "authorized_user", "refresh_token": "1//hunter2"}),
            (
                "file KEY is not the key of a service account: its type is 'authorized_user', where "
                "`service_account` was expected"
            ),
        ),
        (
            json.dumps({"installed": {}}),
            "file KEY is not the key of a service account: it has no `type`, where `service_account` was expected",
        ),
        (key_file(client_email=None), "file KEY is not the key of a service account: it has no `client_email`"),
        (key_file(private_key=7), "file KEY is not the key of a service account: it has no `private_key`"),
        (
            key_file(private_key="-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"),
            "file KEY is not the key of a service account: its `private_key` is no RSA key in PEM",
        ),
    ],
)
async def test_a_key_file_that_is_none_is_told_at_load(tmp_path: Path, text: str, says: str) -> None:
    """Which file, and what was expected; nothing of what is in it. A run says the same, and is denied."""
    path = tmp_path / "key.json"
    path.write_text(text)
    given = {"service_account": file_secret(path, Redactor())}
    chosen = acme("https://acme.example", "google_service_account", {"scopes": SCOPES}, given)
    ((where, problem, remedy),) = credential_complaints(chosen)
    assert (where, problem.replace(str(path), "KEY")) == ("service_account", says)
    assert "gcloud iam service-accounts keys create" in remedy
    assert "hunter2" not in problem
    scene = Scene(chosen, answer(200, {}))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.authenticate(scene.watch)
    assert (failed.value.outcome, failed.value.detail, scene.wire.asked) == (Outcome.DENIED, problem, [])


def test_a_key_may_be_text_a_file_or_a_path(tmp_path: Path) -> None:
    """As its text in a variable, as a file, or as GOOGLE_APPLICATION_CREDENTIALS has it: a path in a variable."""
    path = tmp_path / "key.json"
    path.write_text(key_file())
    for secret in (*secrets(service_account=key_file(), other=str(path)).values(), file_secret(path, Redactor())):
        chosen = acme("https://x.example", "google_service_account", {"scopes": SCOPES}, {"service_account": secret})
        assert credential_complaints(chosen) == []


def test_a_key_that_is_not_there_is_told_by_who_looks_for_it() -> None:
    """Not twice."""

    def missing() -> str:
        raise SecretUnavailable("GCE_KEY is not set; set it")

    given = {"service_account": Secret(missing, "env GCE_KEY")}
    assert credential_complaints(acme("https://x.example", "google_service_account", {"scopes": SCOPES}, given)) == []


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_no_key_assertion_or_token_is_told(server: TokenServer) -> None:
    """Not in what is explained to who asks, nor in a complaint that repeats the token."""
    redactor = Redactor()
    chosen = google(server.url, redactor=redactor)
    redactor.learn(chosen.credentials["service_account"].reveal())
    cloud, _ = real(chosen)
    transcript = Transcript(redact=redactor)
    await cloud.read("probe", Stopwatch(CLOCK, run_id="r", transcript=transcript))
    server.good.clear()
    server.public = None
    with pytest.raises(ProbeFailed):
        await cloud.read("probe", Stopwatch(CLOCK, run_id="r", transcript=transcript))
    told = repr(transcript.exchanges)
    line = pem().splitlines()[1]
    secret = [server.forms[0]["assertion"], "token-1-0123456789", pem(), line]
    assert len(transcript.exchanges) >= 4
    assert not any(value in told for value in secret)
    assert redactor(f"x {server.forms[0]['assertion']} token-1-0123456789") == "x ••• •••"


async def test_a_secret_goes_to_the_endpoint_and_nowhere_else() -> None:
    """Not in the clear, and not where a redirect leads."""
    plain = Scene(application("http://acme.example"), answer(200, {}))
    with pytest.raises(ProbeFailed, match="plain http"):
        await plain.cloud.authenticate(plain.watch)
    assert plain.wire.asked == []
    led = Scene(application("https://acme.example"), answer(302, None, {"Location": "https://evil.example/"}))
    with pytest.raises(ProbeFailed):
        await led.cloud.authenticate(led.watch)
    assert [str(request.url) for request in led.wire.asked] == ["https://acme.example/token"]


async def test_our_clock_is_blamed_for_an_assertion_that_comes_too_late() -> None:
    """Google refuses an assertion that was not made just now; that is the agent's fault if its clock is wrong."""
    refused = answer(400, {"error": "invalid_grant"}, {"Date": "Fri, 15 Jan 2020 07:00:00 GMT"})
    scene = Scene(google("https://acme.example"), refused)
    with pytest.raises(ProbeFailed, match="our clock is") as failed:
        await scene.cloud.authenticate(scene.watch)
    assert failed.value.outcome is Outcome.OVERLOADED
