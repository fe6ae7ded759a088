"""Tokens: fetched once, renewed before they expire, asked for as each kind wants it."""

import asyncio
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint

import httpx
import pytest

from probe.cloud import VendorEntry
from probe.cloud.auth.contract import GROUP, AuthUnusable, auth_kinds, load_auth
from probe.cloud.auth.tokens import Token
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.secret import Secret, SecretUnavailable
from tests.cloud.entries import APPLICATION, AWS_KEYS, Scene, acme, entry, openstack, token_answer
from tests.fakes.vendor import answer

OK = answer(200, {})
CATALOG = [
    {
        "type": "compute",
        "name": "cloudServers",
        "endpoints": [{"publicURL": "https://first-generation.example/v1.0/1"}],
    },
    {
        "type": "compute",
        "name": "cloudServersOpenStack",
        "endpoints": [
            {"region": "ORD", "publicURL": "https://ord.example/v2/1"},
            {"region": "DFW", "publicURL": "https://dfw.example/v2/1"},
        ],
    },
    {
        "type": "rax:monitor",
        "name": "cloudMonitoring",
        "endpoints": [{"publicURL": "https://monitoring.example/v1.0/1"}],
    },
]
ACCESS = answer(
    200,
    {"access": {"token": {"id": "r-1", "expires": "2027-01-16T08:00:00.000Z"}, "serviceCatalog": CATALOG}},
)


async def test_a_token_is_fetched_once_for_all_runs() -> None:
    """Runs share a token; only the run that fetched it spent time on it."""
    scene = Scene(openstack(), token_answer(), OK)
    await asyncio.gather(*(scene.cloud.read("probe", scene.watch.aside()) for _ in range(5)))
    await scene.cloud.read("probe", scene.watch)
    assert [operation for operation, _ in scene.codes].count("auth") == 1
    assert Phase.AUTH not in scene.watch.phases


@pytest.mark.parametrize(
    ("life", "waited", "renewed"), [(3600, 3200, False), (3600, 3310, True), (100, 70, False), (100, 85, True)]
)
async def test_a_token_is_renewed_before_it_expires(life: float, waited: float, *, renewed: bool) -> None:
    """Five minutes before, or at four fifths of a short life; the run that renews spends time on it."""
    scene = Scene(openstack(), token_answer(life=life))
    await scene.cloud.authenticate(scene.watch)
    scene.clock.pass_time(waited)
    run = scene.watch.aside()
    await scene.cloud.authenticate(run)
    assert (len(scene.wire.asked) == 2, Phase.AUTH in run.phases) == (renewed, renewed)


async def test_a_tokens_life_is_the_vendors_clocks() -> None:
    """That our clock is a day behind or ahead makes no token look expired."""
    scene = Scene(openstack(), token_answer(), OK)
    scene.clock.pass_time(86_400)
    await scene.cloud.read("probe", scene.watch)
    await scene.cloud.read("probe", scene.watch)
    assert [operation for operation, _ in scene.codes].count("auth") == 1


async def test_a_token_that_another_run_renewed_is_kept() -> None:
    """Two runs whose token is refused at once renew it once."""
    refused = answer(401, {"error": {"title": "Unauthorized"}})

    def judged(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/tokens"):
            return token_answer("new")
        return refused if request.headers["X-Auth-Token"] == "old" else OK

    scene = Scene(openstack(), token_answer("old"), judged)
    await scene.cloud.authenticate(scene.watch)
    await asyncio.gather(*(scene.cloud.read("probe", scene.watch.aside()) for _ in range(3)))
    assert [operation for operation, _ in scene.codes].count("auth") == 2


async def test_a_token_is_not_used_for_another_account() -> None:
    """A new secret goes on with the token; who is somebody else by now fetches one; who cannot tell keeps it."""
    told: dict[str, str | None] = {"username": "shop", "password": "old", "project_name": "shop"}

    def reveal(name: str) -> str:
        if (value := told[name]) is None:
            raise SecretUnavailable(f"{name}: is being written")
        return value

    credentials = {name: Secret(partial(reveal, name), name) for name in told}
    scene = Scene(replace(openstack(), credentials=credentials), token_answer("t-1"), token_answer("t-2"))
    await scene.cloud.authenticate(scene.watch)
    for name, value, asked in (("password", "new", 1), ("username", None, 1), ("username", "other", 2)):
        told[name] = value
        await scene.cloud.authenticate(scene.watch)
        assert len(scene.wire.asked) == asked
    await scene.cloud.authenticate(scene.watch)
    assert len(scene.wire.asked) == 2


async def test_an_application_credential_carries_its_project() -> None:
    """Keystone is told no scope for one."""
    scene = Scene(openstack(), token_answer(), OK)
    await scene.cloud.authenticate(scene.watch)
    assert str(scene.wire.asked[0].url) == "https://keystone.example/v3/auth/tokens"
    assert scene.wire.body(0) == {
        "auth": {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {"id": "app-1", "secret": "app-secret"},
            }
        }
    }


async def test_a_password_names_domains_and_project() -> None:
    """Domains that the configuration leaves out are the profile's, else Default."""
    user = {"username": "u", "password": "p", "project_name": "1_Flex"}
    plain = Scene(openstack(credentials=user, endpoints={"auth": "https://keystone.example/"}), token_answer())
    await plain.cloud.authenticate(plain.watch)
    assert str(plain.wire.asked[0].url) == "https://keystone.example/v3/auth/tokens"
    assert plain.wire.body(0) == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "u", "password": "p", "domain": {"name": "Default"}}},
            },
            "scope": {"project": {"name": "1_Flex", "domain": {"name": "Default"}}},
        }
    }
    flex = Scene(openstack(credentials=user, endpoints={}, profile="rackspace-flex", region="SJC3"), token_answer())
    await flex.cloud.authenticate(flex.watch)
    assert str(flex.wire.asked[0].url) == "https://keystone.api.sjc3.rackspacecloud.com/v3/auth/tokens"
    assert b'"domain":{"name":"rackspace_cloud_domain"}' in flex.wire.asked[0].content


async def test_a_project_by_its_id_needs_no_domain() -> None:
    """A project's id is unique by itself."""
    user = {"username": "u", "password": "p", "project_id": "p-1"}
    scene = Scene(openstack(credentials=user), token_answer())
    await scene.cloud.authenticate(scene.watch)
    auth = scene.wire.body(0)["auth"]
    assert isinstance(auth, dict)
    assert auth["scope"] == {"project": {"id": "p-1"}}


@pytest.mark.parametrize("body", [None, {}, {"token": {}}, {"token": {"expires_at": "soon"}}, [], "<html>"])
async def test_an_answer_without_a_token_is_the_vendors_error(body: object) -> None:
    """A success that brings no token is unparseable."""
    scene = Scene(openstack(), answer(201, body, {"X-Subject-Token": "t"}))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.authenticate(scene.watch)
    assert (failed.value.outcome, scene.watch.where) == (Outcome.VENDOR_ERROR, Phase.AUTH)


async def test_a_wrong_secret_is_denied_in_phase_auth() -> None:
    """Keystone's 401 is the customer's fault, and asked for once."""
    scene = Scene(openstack(), answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "no"}}))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.outcome, scene.watch.where, len(scene.wire.asked)) == (Outcome.DENIED, Phase.AUTH, 1)


async def test_a_secret_that_cannot_be_read_is_denied() -> None:
    """The operator's environment is the customer's side."""

    def missing() -> str:
        raise SecretUnavailable("OS_SECRET is not set: export it")

    chosen = openstack()
    chosen = VendorEntry(
        name="x",
        region="RegionOne",
        file=chosen.file,
        credentials={**chosen.credentials, "application_credential_secret": Secret(missing, "env OS_SECRET")},
        endpoints=chosen.endpoints,
    )
    with pytest.raises(ProbeFailed, match="OS_SECRET is not set") as failed:
        await Scene(chosen, token_answer()).cloud.authenticate(Scene(chosen, OK).watch)
    assert failed.value.outcome is Outcome.DENIED


def rackspace(**credentials: str) -> VendorEntry:
    """A Rackspace entry."""
    return entry("rackspace", credentials, region="DFW")


async def test_rackspaces_catalog_is_chosen_by_type_name_and_region() -> None:
    """The first generation of servers is not taken for the second; monitoring has no regions."""
    scene = Scene(rackspace(username="u", api_key="k"), ACCESS, OK)
    await scene.cloud.read("probe", scene.watch)
    await scene.cloud.read("monitoring-zones", scene.watch)
    assert [str(request.url) for request in scene.wire.asked] == [
        "https://identity.api.rackspacecloud.com/v2.0/tokens",
        "https://dfw.example/v2/1/limits",
        "https://monitoring.example/v1.0/1/monitoring_zones",
    ]
    assert scene.wire.body(0) == {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "u", "apiKey": "k"}}}
    assert scene.wire.asked[1].headers["X-Auth-Token"] == "r-1"


async def test_rackspace_takes_a_password_too() -> None:
    """Without an API key the password is sent."""
    scene = Scene(rackspace(username="u", password="p"), ACCESS)
    await scene.cloud.authenticate(scene.watch)
    assert scene.wire.body(0) == {"auth": {"passwordCredentials": {"username": "u", "password": "p"}}}


@pytest.mark.parametrize("body", [{}, {"access": {}}, {"access": {"token": {"id": "t"}}}, []])
async def test_rackspace_without_a_token_is_the_vendors_error(body: object) -> None:
    """A success that brings no token is unparseable."""
    scene = Scene(rackspace(username="u", api_key="k"), answer(200, body))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.authenticate(scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


@pytest.mark.parametrize(
    "url", ["http://nova.example/v2.1", "ftp://nova.example/", "https://user:secret@nova.example/", "https://x/?a=b"]
)
async def test_a_catalog_cannot_make_a_secret_travel_in_the_clear(url: str) -> None:
    """Plain http, another scheme or a URL with credentials in a catalog is refused."""
    scene = Scene(openstack(), token_answer(url=url), OK)
    with pytest.raises(ProbeFailed, match="endpoint api") as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.INVALID
    assert len(scene.wire.asked) == 1


async def test_plain_http_is_for_loopback_or_on_request() -> None:
    """An emulator on this machine needs no TLS; elsewhere the operator must ask for it."""
    local = Scene(openstack(), token_answer(url="http://127.0.0.1:8774/v2.1"), OK)
    await local.cloud.read("probe", local.watch)
    wanted = Scene(openstack(insecure_http=True), token_answer(url="http://nova.example/v2.1"), OK)
    await wanted.cloud.read("probe", wanted.watch)


async def test_an_override_wins_over_the_catalog() -> None:
    """What the operator says of an endpoint is what counts."""
    endpoints = {"auth": "https://keystone.example", "api": "https://mine.example/nova/"}
    scene = Scene(openstack(endpoints=endpoints), token_answer(), OK)
    await scene.cloud.read("probe", scene.watch)
    assert str(scene.wire.asked[-1].url) == "https://mine.example/nova/limits"


async def test_a_bearer_token_is_sent_and_not_renewed() -> None:
    """A token that the operator gave cannot be renewed, only rotated."""
    scene = Scene(acme(), OK, answer(401, {}))
    await scene.cloud.read("probe", scene.watch)
    assert scene.wire.asked[0].headers["Authorization"] == "Bearer b-1"
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert (failed.value.outcome, len(scene.wire.asked)) == (Outcome.DENIED, 2)


async def test_a_bearer_token_that_was_rotated_meanwhile_is_tried() -> None:
    """A secret is read at every use."""
    values = iter(["old", "new", "new", "new"])
    chosen = VendorEntry(
        name="x",
        region="r",
        file=acme().file,
        credentials={"token": Secret(lambda: next(values), "file token")},
    )
    scene = Scene(chosen, answer(401, {}), OK)
    await scene.cloud.read("probe", scene.watch)
    assert [request.headers["Authorization"] for request in scene.wire.asked] == ["Bearer old", "Bearer new"]


def test_our_kinds_are_found_as_anybodys_would_be() -> None:
    """Kinds are entry points; one that is not there is told with those that are."""
    assert {"bearer", "keystone_v3", "rax_v2", "sigv4"} <= auth_kinds().keys()
    with pytest.raises(LookupError, match="choose one of bearer"):
        load_auth("kerberos")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("probe.no_such_module:Kind", r"cannot be loaded \(ModuleNotFoundError: "),
        ("probe.cloud.auth.bearer:Nothing", r"cannot be loaded \(AttributeError: "),
        ("probe.cloud.auth.tokens:Token", "is not an auth kind: it has no Options, signs"),
    ],
)
def test_a_broken_plugin_is_a_sentence(value: str, says: str) -> None:
    """With the plug-in's name, so that one knows what to repair."""
    with pytest.raises(AuthUnusable, match=says) as unusable:
        load_auth("odd", {"odd": EntryPoint("odd", value, GROUP)})
    assert unusable.value.remedy == f"repair or uninstall the plug-in {value}"


def expiring(expires: object) -> httpx.Response:
    """Keystone's answer to a user whose password has an end."""
    told = token_answer()
    return answer(201, {"token": {**told.json()["token"], "user": {"password_expires_at": expires}}}, told.headers)


@pytest.mark.parametrize(
    ("credentials", "expires", "known"),
    [
        ({"username": "u", "password": "p", "project_id": "i"}, "2027-02-01T00:00:00.000000", [1_801_440_000.0]),
        ({"username": "u", "password": "p", "project_id": "i"}, None, []),
        ({"username": "u", "password": "p", "project_id": "i"}, "never", []),
        (APPLICATION, "2027-02-01T00:00:00.000000", []),
    ],
)
async def test_the_end_of_a_password_is_told(credentials: dict[str, str], expires: object, known: list[float]) -> None:
    """Where the cloud ages passwords; tokens renew themselves, and an application credential outlives a password."""
    scene = Scene(openstack(credentials=credentials), expiring(expires))
    await scene.cloud.authenticate(scene.watch)
    assert scene.meter.expiries == known


async def test_no_secret_shows_in_a_repr() -> None:
    """Whatever is printed of a token, an entry or a cloud, no secret is in it."""
    scene = Scene(entry("aws", AWS_KEYS), OK)
    assert "wJalr" not in f"{scene.cloud.entry!r} {scene.cloud!r}"
    assert "t-secret" not in repr(Token("t-secret", 5.0))
