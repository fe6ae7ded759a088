"""Keys in a header, and Keystone's ways to say who one is."""

from typing import Any

import pytest

from probe.cloud import VendorEntry, credential_complaints
from probe.cloud.file.vendor import VendorFile
from probe.model.exchange import Transcript
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.settings import Redactor
from tests.cloud.entries import ACME, AWS_KEYS, CLOCK, Scene, entry, openstack, real_cloud, secrets, token_answer
from tests.fakes.vendor import answer
from tests.servers.tokens import token_server

OPTIONS = {"name": "X-Auth-Key", "credential": "secret_key", "prefix": "Key "}
NAMES = {"description": "a key", "required": {"secret_key": "the key"}}


def acme(secret: Secret, url: str = "https://api.acme.example/v1", **more: Any) -> VendorEntry:
    """A vendor that takes a key in a header of its own."""
    written = ACME | {
        "auth": {"kind": "header", "options": OPTIONS},
        "credentials": {"key": NAMES},
        "endpoints": {"api": {"url": url}},
    }
    file = VendorFile.model_validate(written)
    return VendorEntry(name="acme", region="r", file=file, credentials={"secret_key": secret}, **more)


async def test_a_key_is_sent_in_its_header() -> None:
    """With what stands before it; it is not renewed, because nobody could."""
    scene = Scene(acme(secrets(k="k-1")["k"]), answer(200, {}), answer(401, {}))
    await scene.cloud.read("probe", scene.watch)
    assert scene.wire.asked[0].headers["X-Auth-Key"] == "Key k-1"
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.outcome, len(scene.wire.asked)) == (Outcome.DENIED, 2)


async def test_a_key_that_was_rotated_meanwhile_is_tried() -> None:
    """A secret is read at every use."""
    values = iter(["old", "new", "new", "new"])
    scene = Scene(acme(Secret(lambda: next(values), "file key")), answer(401, {}), answer(200, {}))
    await scene.cloud.read("probe", scene.watch)
    assert [request.headers["X-Auth-Key"] for request in scene.wire.asked] == ["Key old", "Key new"]


async def test_a_key_in_a_header_of_any_name_is_not_told() -> None:
    """The wire knows the names of usual headers; the redactor knows the value."""
    redactor = Redactor()
    redactor.learn("k-0123456789")
    with token_server() as server:
        chosen = acme(secrets(k="k-0123456789")["k"], server.url, redactor=redactor)
        watch = Stopwatch(CLOCK, run_id="r", transcript=Transcript(redact=redactor))
        cloud = real_cloud(chosen)
        with pytest.raises(ProbeFailed):
            await cloud.read("probe", watch)
    assert watch.transcript is not None
    assert "Key •••" in repr(watch.transcript.exchanges)
    assert "0123456789" not in repr(watch.transcript.exchanges)


@pytest.mark.parametrize("value", ["k\ney", "kéy", ""])
def test_a_key_that_no_header_can_carry_is_told_at_load(value: str) -> None:
    """With its origin, and nothing of its value."""
    complaints = credential_complaints(acme(secrets(k=value)["k"]))
    assert bool(complaints) == bool(value)
    for name, problem, remedy in complaints:
        assert (name, remedy) == ("secret_key", "write the key alone, on one line")
        assert problem == "test k cannot be sent: it holds a line end or another strange character"


def test_what_signs_is_looked_at_too() -> None:
    """An access key with a line end in it would be refused by AWS in words that nobody understands."""
    assert credential_complaints(entry("aws", AWS_KEYS)) == []
    assert credential_complaints(entry("aws", AWS_KEYS | {"access_key": "AKIA\n"}))[0][0] == "access_key"
    assert credential_complaints(openstack()) == []


DEFAULT = {"domain": {"name": "Default"}}


@pytest.mark.parametrize(
    ("credentials", "identity", "scope"),
    [
        (
            {"application_credential_name": "probe", "application_credential_secret": "s", "username": "u"},
            {"application_credential": {"name": "probe", "user": {"name": "u", **DEFAULT}, "secret": "s"}},
            None,
        ),
        (
            {"user_id": "u-1", "password": "p", "project_id": "p-1"},
            {"password": {"user": {"id": "u-1", "password": "p"}}},
            {"project": {"id": "p-1"}},
        ),
        (
            {
                "username": "u",
                "password": "p",
                "project_name": "shop",
                "user_domain_id": "d-1",
                "project_domain_id": "d-2",
            },
            {"password": {"user": {"name": "u", "domain": {"id": "d-1"}, "password": "p"}}},
            {"project": {"name": "shop", "domain": {"id": "d-2"}}},
        ),
    ],
)
async def test_keystone_is_told_names_or_ids(
    credentials: dict[str, str], identity: dict[str, object], scope: object
) -> None:
    """An id is unique by itself; a name is one in its domain."""
    scene = Scene(openstack(credentials=credentials), token_answer())
    await scene.cloud.authenticate(scene.watch)
    auth = scene.wire.body(0)["auth"]
    assert isinstance(auth, dict)
    assert auth["identity"] == {"methods": list(identity), **identity}
    assert auth.get("scope") == scope
