"""AWS signatures."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError

from probe.cloud.auth.signing import resolve, sign
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from tests.cloud.entries import AWS_KEYS, Scene, entry
from tests.fakes.vendor import answer

MOMENT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
KEY = ReadOnlyCredentials(AWS_KEYS["access_key"], AWS_KEYS["secret_key"], None)
OK = answer(200, "<R/>")
REFUSED = "<Response><Errors><Error><Code>{}</Code><Message>no</Message></Error></Errors></Response>"


def test_the_signature_of_amazons_own_example() -> None:
    """The request, key and moment of AWS's documentation give the signature printed there.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    request = httpx.Request(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    sign(request, KEY, "iam", "us-east-1", MOMENT)
    assert request.headers["X-Amz-Date"] == "20150830T123600Z"
    assert request.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_the_signature_of_the_test_suites_vanilla_post() -> None:
    """`post-vanilla` of AWS's published SigV4 test suite."""
    request = httpx.Request("POST", "https://example.amazonaws.com/")
    sign(request, KEY, "service", "us-east-1", MOMENT)
    assert request.headers["Authorization"].endswith(
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


def test_a_session_token_is_sent_and_signed() -> None:
    """Temporary credentials are no good without their token."""
    request = httpx.Request("POST", "https://example.amazonaws.com/")
    sign(request, ReadOnlyCredentials("AKIDEXAMPLE", "secret", "session"), "service", "us-east-1", MOMENT)
    assert request.headers["X-Amz-Security-Token"] == "session"
    assert "x-amz-security-token" in request.headers["Authorization"]


async def test_each_service_is_signed_for_by_its_own_name() -> None:
    """The endpoint says which service a signature is for; the region is the entry's."""
    scene = Scene(entry("aws", AWS_KEYS), OK, OK, answer(200, {"MetricDataResults": []}))
    await scene.cloud.read("probe", scene.watch)
    await scene.cloud.read("identity", scene.watch)
    await scene.cloud.datapoints({"instance": "i-1"}, scene.watch, 0.0)
    scopes = [request.headers["Authorization"].partition("/")[2].partition(",")[0] for request in scene.wire.asked]
    day = datetime.fromtimestamp(scene.clock.wall(), UTC).strftime("%Y%m%d")
    assert scopes == [f"{day}/eu-central-1/{service}/aws4_request" for service in ("ec2", "sts", "monitoring")]
    assert [request.url.host for request in scene.wire.asked] == [
        "ec2.eu-central-1.amazonaws.com",
        "sts.eu-central-1.amazonaws.com",
        "monitoring.eu-central-1.amazonaws.com",
    ]
    assert scene.wire.asked[2].headers["Content-Type"] == "application/x-amz-json-1.0"
    assert scene.wire.asked[2].headers["X-Amz-Target"] == "GraniteServiceVersion20100801.GetMetricData"


async def test_a_request_is_signed_when_it_is_sent() -> None:
    """The date of a signature is that of its request, not of the first."""
    scene = Scene(entry("aws", AWS_KEYS), OK)
    await scene.cloud.read("probe", scene.watch)
    scene.clock.pass_time(1_000)
    await scene.cloud.read("probe", scene.watch)
    first, second = (request.headers["X-Amz-Date"] for request in scene.wire.asked)
    assert first < second


async def test_a_refusal_far_from_the_vendors_time_is_our_clocks_fault() -> None:
    """The server's Date header tells a wrong clock from a wrong key."""
    refused = answer(403, REFUSED.format("SignatureDoesNotMatch"), {"Date": "Fri, 15 Jan 2027 07:00:00 GMT"})
    scene = Scene(entry("aws", AWS_KEYS), refused)
    with pytest.raises(ProbeFailed, match="our clock is 3600 s ahead of theirs") as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.OVERLOADED


async def test_a_refusal_at_the_vendors_time_is_denied() -> None:
    """A minute's difference is no excuse."""
    refused = answer(403, REFUSED.format("SignatureDoesNotMatch"), {"Date": "Fri, 15 Jan 2027 07:59:00 GMT"})
    scene = Scene(entry("aws", AWS_KEYS), refused)
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.DENIED


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> pytest.MonkeyPatch:
    """AWS's default chain without anything that this machine may have."""
    nowhere = tmp_path_factory.mktemp("aws") / "nothing"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(nowhere))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


async def test_without_credentials_the_default_chain_is_asked_once(chain: pytest.MonkeyPatch) -> None:
    """Resolving is phase auth, and its result is remembered."""
    chain.setenv("AWS_ACCESS_KEY_ID", "AKIDCHAIN")
    chain.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    chain.setenv("AWS_SESSION_TOKEN", "session")
    scene = Scene(entry("aws", {}), OK)
    await scene.cloud.read("probe", scene.watch)
    assert Phase.AUTH in scene.watch.phases
    assert "Credential=AKIDCHAIN/" in scene.wire.asked[0].headers["Authorization"]
    assert scene.wire.asked[0].headers["X-Amz-Security-Token"] == "session"
    run = scene.watch.aside()
    await scene.cloud.read("probe", run)
    assert Phase.AUTH not in run.phases


async def test_expired_credentials_of_the_chain_are_resolved_anew(chain: pytest.MonkeyPatch) -> None:
    """ExpiredToken is answered by new credentials, once."""
    chain.setenv("AWS_ACCESS_KEY_ID", "AKIDOLD")
    chain.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    def expired(request: httpx.Request) -> httpx.Response:
        del request
        chain.setenv("AWS_ACCESS_KEY_ID", "AKIDNEW")
        return answer(403, REFUSED.format("ExpiredToken"))

    scene = Scene(entry("aws", {}), expired, OK)
    await scene.cloud.read("probe", scene.watch)
    assert "Credential=AKIDNEW/" in scene.wire.asked[1].headers["Authorization"]


async def test_credentials_about_to_expire_are_refreshed_in_a_thread_once_a_minute(
    chain: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A source may hand out the same ones again: it is not asked for every request, and never from the loop."""
    asked = tmp_path / "asked"
    expiry = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    told = {"Version": 1, "AccessKeyId": "AKIDSOON", "SecretAccessKey": "s", "Expiration": expiry}
    script = tmp_path / "source"
    script.write_text(f"#!/bin/sh\necho x >> {asked}\necho '{json.dumps(told)}'\n")
    script.chmod(0o700)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {script}\n")
    chain.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    scene = Scene(entry("aws", {}), OK)
    for _ in range(3):
        await scene.cloud.read("probe", scene.watch)
    first = len(asked.read_text().split())
    assert "Credential=AKIDSOON/" in scene.wire.asked[-1].headers["Authorization"]
    scene.clock.pass_time(61)
    await scene.cloud.read("probe", scene.watch)
    await scene.cloud.read("probe", scene.watch)
    assert len(asked.read_text().split()) == first + 1


async def test_an_empty_chain_is_denied(chain: pytest.MonkeyPatch) -> None:
    """No credentials anywhere is the customer's fault, in phase auth."""
    del chain
    scene = Scene(entry("aws", {}), OK)
    with pytest.raises(ProbeFailed, match="no credentials") as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.outcome, scene.watch.where) == (Outcome.DENIED, Phase.AUTH)
    assert scene.wire.asked == []


async def test_expired_credentials_of_the_configuration_are_denied_at_once() -> None:
    """What the operator gave cannot be renewed."""
    scene = Scene(entry("aws", AWS_KEYS), answer(403, REFUSED.format("ExpiredToken")))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.outcome, len(scene.wire.asked)) == (Outcome.DENIED, 1)


class Refusing(Credentials):  # type: ignore[misc]  # botocore has no annotations
    """Credentials of a role that STS refuses to give."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Refuse."""
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRoleWithWebIdentity")


def test_a_role_that_is_refused_is_denied() -> None:
    """The default chain may call STS, whose errors are of another family than the chain's own."""
    with pytest.raises(ProbeFailed, match="AssumeRoleWithWebIdentity") as failed:
        resolve(Refusing("a", "b"))
    assert failed.value.outcome is Outcome.DENIED


def test_only_who_signs_pays_for_botocore() -> None:
    """Loading the vendor files, which every command does, does not import it."""
    code = "import sys, probe.settings; probe.settings.load(); print('botocore' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
