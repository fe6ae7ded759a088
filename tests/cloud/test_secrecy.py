"""No secret reaches a host that is not the vendor's, or a text that anybody reads."""

import contextlib

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.cloud import Cloud, Order, VendorEntry
from probe.cloud.hosts import HostRefused, checked_url
from probe.model.exchange import Transcript
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch
from probe.settings import Redactor
from probe.wire import Wire
from tests.cloud.entries import AWS_KEYS, CLOCK, Scene, acme, entry, openstack, secrets, token_answer
from tests.fakes.vendor import answer

PASSWORD = {"username": "u", "password": "hunter22-and-more", "project_id": "p"}

# --- hosts -----------------------------------------------------------------------------------------------------------

PLACES = [
    "https://nova.example/\n",
    "https://no va.example/",
    "https://nova%2eexample/",
    "https://x\\@evil.example/",
    "https://user:hunter22@nova.example/",
    "https://user:hunter22@[bad",
    "ftp://user:hunter22@nova.example/",
    "https://nova.example/?token=hunter22",
    "https://nova.example/#",
    "https://hunter22:1x/",
    "https://" + "a" * 70_000,
    "https://\u2177.example",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.1@evil.example/",
    "http://2130706433/",
    "http://[::ffff:192.0.2.1]/",
    "http://\u006c\u006f\u0441alhost/",
    "//nova.example/",
    "https://",
]


@pytest.mark.parametrize("url", PLACES, ids=lambda url: url[:30])
def test_no_secret_goes_to_a_place_that_two_may_read_differently(url: str) -> None:
    """What is refused is refused without telling what may be a password in it."""
    with pytest.raises(HostRefused) as refused:
        checked_url(url, insecure_http=False)
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://Nova.Example:8774/v2.1/",
        "https://[2001:db8::1]:5000/v3",
        "https://xn--9ca.example",
        "https://\u00e9.example/",
        "http://[::1]:1/",
        "http://LOCALHOST:1",
    ],
)
def test_what_is_checked_is_what_is_asked(url: str) -> None:
    """Capitals, ports, IPv6 and names in other letters are hosts like any other."""
    assert checked_url(url, insecure_http=False) == url.rstrip("/")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abz.:/@\\?#%[]0-_ \t\n\u00e9\u2177\x7f", max_size=30))
def test_a_checked_host_is_the_one_that_is_asked(rest: str) -> None:
    """Whatever the URL, httpx asks the host that was checked, or the URL is refused."""
    try:
        url = checked_url(f"https://{rest}", insecure_http=False)
    except HostRefused:
        return
    asked = httpx.URL(url + "/x")
    assert asked.scheme == "https"
    assert not asked.userinfo
    assert asked.host in rest.lower() or asked.raw_host.decode() in rest.lower()


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/x", "//evil.example/x", "https://nova.example@evil.example/", "\\\\evil.example/x"],
)
async def test_a_next_page_stays_at_the_host(address: str) -> None:
    """No token goes where a link of an answer points."""
    page = {"servers": [], "servers_links": [{"rel": "next", "href": address}]}
    scene = Scene(openstack(), token_answer(), answer(200, page), answer(200, {"servers": []}))
    with contextlib.suppress(ProbeFailed):
        await scene.cloud.inventory(scene.watch)
    assert {request.url.host for request in scene.wire.asked[1:]} == {"nova.example"}


async def test_a_redirect_is_not_followed() -> None:
    """A Location is nobody's place for a secret."""
    scene = Scene(openstack(), token_answer(), answer(307, None, {"Location": "https://evil.example/"}))
    with pytest.raises(ProbeFailed, match="HTTP 307"):
        await scene.cloud.read("probe", scene.watch)
    assert len(scene.wire.asked) == 2


# --- secrets ---------------------------------------------------------------------------------------------------------


def discreet(chosen: VendorEntry, redactor: Redactor) -> VendorEntry:
    """The same entry, with a redactor that knows its secrets."""
    for secret in chosen.credentials.values():
        redactor.learn(secret.reveal())
    fields = {name: getattr(chosen, name) for name in VendorEntry.__dataclass_fields__}
    return VendorEntry(**{**fields, "redactor": redactor})


async def test_a_token_that_a_vendor_repeats_is_hidden() -> None:
    """A token is a secret as soon as we have it, wherever it stands in an answer."""
    redactor = Redactor()
    said = {"forbidden": {"code": 403, "message": "token t-0123456789 of u may not"}}
    scene = Scene(discreet(openstack(), redactor), token_answer("t-0123456789"), answer(403, said))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert "t-0123456789" not in failed.value.detail
    assert redactor("t-0123456789") == "•••"


async def test_a_token_in_the_name_of_a_request_is_hidden() -> None:
    """That name goes to the log, and to who asks for an explanation."""
    said = answer(200, {}, {"x-openstack-request-id": "req-t-0123456789"})
    scene = Scene(discreet(openstack(), Redactor()), token_answer("t-0123456789"), said)
    await scene.cloud.read("probe", scene.watch)
    assert scene.watch.facts[Fact.REQUEST_ID] == "req-•••"


@pytest.mark.parametrize("before", range(260, 310, 5))
async def test_half_a_secret_is_not_left_at_the_cut(before: int) -> None:
    """A message is cut to a readable length after the secrets are out of it."""
    said = {"forbidden": {"message": "x" * before + PASSWORD["password"]}}
    chosen = discreet(openstack(credentials=PASSWORD), Redactor())
    scene = Scene(chosen, token_answer(), answer(403, said))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert "hunter" not in failed.value.detail


async def test_a_reason_tells_no_secret() -> None:
    """Nor does what a vendor says of an instance that failed; it is cut, too."""
    item = {"id": "s-1", "name": "n", "status": "ERROR", "addresses": {}, "metadata": {}}
    fault = {"message": f"{PASSWORD['password']} " + "long " * 1_000}
    chosen = discreet(openstack(credentials=PASSWORD), Redactor())
    scene = Scene(chosen, token_answer(), answer(200, {"server": {**item, "fault": fault}}))
    view = await scene.cloud.inspect("s-1", scene.watch)
    assert view is not None
    assert "hunter" not in view.reason
    assert len(view.reason) <= 300


@pytest.mark.parametrize("token", ["tok\nen", "tök", "tok\x00en", " \u2028"])
async def test_a_credential_that_no_header_can_carry_is_denied(token: str) -> None:
    """A file of the wrong kind is the customer's mistake, and told by a sentence that has nothing of it."""
    chosen = acme()
    chosen = VendorEntry(name="x", region="r", file=chosen.file, credentials=secrets(token=token))
    with pytest.raises(ProbeFailed, match="cannot be sent") as failed:
        await Scene(chosen, answer(200, {})).cloud.read("probe", Scene(chosen, answer(200)).watch)
    assert failed.value.outcome is Outcome.DENIED
    assert token not in failed.value.detail


@pytest.mark.parametrize("name", ["access_key", "session_token"])
async def test_a_key_that_no_header_can_carry_is_denied(name: str) -> None:
    """The same for what signs."""
    scene = Scene(entry("aws", AWS_KEYS | {name: "AKIA\u00e9"}), answer(200, "<R/>"))
    with pytest.raises(ProbeFailed, match="cannot be sent") as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.DENIED


@pytest.mark.parametrize("token", ["to\nken", "t\u00f6ken", "\x1b[31m"])
async def test_a_token_that_no_header_can_carry_is_no_token(token: str) -> None:
    """It is the vendor who gave it."""
    access = {"access": {"token": {"id": token, "expires": "2027-01-16T08:00:00.000Z"}, "serviceCatalog": []}}
    scene = Scene(entry("rackspace", {"username": "u", "api_key": "k"}, region="DFW"), answer(200, access))
    with pytest.raises(ProbeFailed, match="token") as failed:
        await scene.cloud.authenticate(scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


@pytest.mark.parametrize("vendor", ["aws", "digitalocean", "hetzner", "linode", "scaleway", "vultr"])
async def test_what_cloud_init_is_told_and_passwords_are_hidden(vendor: str) -> None:
    """However a vendor wants them: as text, in base64, in a form, in a call of their own."""
    keys = {"aws": AWS_KEYS, "scaleway": {"secret_key": "s-0123456789"}}.get(vendor, {"token": "b-0123456789"})
    redactor, sent = Redactor(), list[bytes]()

    def said(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(201, json={"server": {"id": "1", "volumes": {}}})

    chosen = discreet(entry(vendor, keys, account={"project": "p-1"}), redactor)
    watch = Stopwatch(CLOCK, run_id="r", transcript=Transcript(redact=redactor))
    cloud = Cloud(chosen, Wire(CLOCK, Meter(), transport=httpx.MockTransport(said)), CLOCK, Meter())
    order = Order(name="probe-1", size="s", image="7", marks={}, token="t", user_data="password: hunter22-for-root")
    with contextlib.suppress(ProbeFailed):
        await cloud.complete(await cloud.create(order, watch), watch)
    assert sent
    told = repr(watch.transcript)
    assert "hunter22" not in told
    assert "aHVudGVyMjI" not in told
    assert "root_pass" not in told or '"root_pass": "•••"' in told
