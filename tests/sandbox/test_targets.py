"""Targets of one's own: HTTP, TLS, TCP, and instances that answer."""

import asyncio
import ssl
import time
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from probe.sandbox import Fault, FaultKind, Sandbox
from probe.sandbox.control import TARGETS
from probe.sandbox.places import Places
from probe.sandbox.ports import BANNER

Client = httpx.AsyncClient
DAY = 86_400.0


def inject(sandbox: Sandbox, kind: FaultKind, operation: str, seconds: float = 0.0) -> None:
    """Once, at one of the targets."""
    sandbox.control.inject(Fault(kind=kind, vendor=TARGETS, operation=operation, seconds=seconds, count=1))


async def test_http_is_well_and_does_as_it_is_told(sandbox: Sandbox, client: Client) -> None:
    """`/health`, and `/echo` with status, delay and body."""
    assert (await client.get(f"{sandbox.places.http}/health")).json()["status"] == "ok"
    before = time.perf_counter()
    answer = await client.get(f"{sandbox.places.http}/echo?status=404&delay=0.2&body=hello")
    assert (answer.status_code, answer.text) == (404, "hello")
    assert time.perf_counter() - before >= 0.2
    assert (await client.get(f"{sandbox.places.http}/echo?status=9999&delay=x")).status_code == 400


async def test_http_fails_on_demand(sandbox: Sandbox, client: Client) -> None:
    """500, a broken body, a reset, a cut."""
    url = f"{sandbox.places.http}/health"
    inject(sandbox, FaultKind.ERROR, "http")
    assert (await client.get(url)).status_code == 500
    inject(sandbox, FaultKind.MALFORMED, "http")
    assert not (await client.get(url)).text.endswith("}\n")
    inject(sandbox, FaultKind.RESET, "http")
    with pytest.raises(httpx.ReadError):
        await client.get(url)
    inject(sandbox, FaultKind.TRUNCATED, "http")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(url)
    assert (await client.get(url)).status_code == 200


async def test_https_is_trusted_with_the_bundle_only(sandbox: Sandbox, client: Client) -> None:
    """The authority is a throw-away one."""
    url = f"{sandbox.places.https}/health"
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        await client.get(url)
    trust = ssl.create_default_context(cafile=sandbox.places.ca_bundle)
    async with Client(verify=trust, trust_env=False) as trusting:
        assert (await trusting.get(url)).status_code == 200
        inject(sandbox, FaultKind.RESET, "https")
        with pytest.raises(httpx.ReadError):
            await trusting.get(url)


def _expiry(places: Places) -> float:
    context = ssl.create_default_context(cafile=places.ca_bundle)
    pem = ssl.get_server_certificate((places.host, places.tls), ca_certs=places.ca_bundle)
    assert context.verify_mode is ssl.CERT_REQUIRED
    certificate = x509.load_pem_x509_certificate(pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    return certificate.not_valid_after_utc.timestamp()


async def test_the_tls_server_shows_a_chain_and_an_expiry(sandbox: Sandbox) -> None:
    """42 days from now; verified against the bundle."""
    expiry = await asyncio.to_thread(_expiry, sandbox.places)
    assert expiry == pytest.approx(time.time() + 42 * DAY, abs=DAY)
    assert Path(sandbox.places.ca_bundle).name == "ca.pem"


async def test_tcp_greets_and_can_be_silent(sandbox: Sandbox) -> None:
    """A greeting, none, a reset."""

    async def greeting() -> bytes:
        reader, writer = await asyncio.open_connection(sandbox.places.host, sandbox.places.tcp)
        try:
            async with asyncio.timeout(0.3):
                return await reader.readline()
        except TimeoutError:
            return b"silence"
        except ConnectionResetError:
            return b"reset"
        finally:
            writer.close()

    assert await greeting() == b"220 sandbox ready\r\n"
    inject(sandbox, FaultKind.HANG, "tcp")
    assert await greeting() == b"silence"
    inject(sandbox, FaultKind.RESET, "tcp")
    assert await greeting() == b"reset"


async def _banner(address: str, port: int) -> bytes:
    """What an instance says; nothing if its port is closed."""
    try:
        reader, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return b""
    said = await reader.readline()
    writer.close()
    return said


async def test_an_instance_answers_when_it_is_reachable_and_not_before(sandbox: Sandbox, client: Client) -> None:
    """Refused while it boots, a banner from the moment that the truth names, refused when it is deleted."""
    if not sandbox.places.reach:
        return  # this machine has 127.0.0.1 only
    nova = sandbox.places.vendors["openstack"]
    vendor = sandbox.control.vendor("openstack")
    token = {"X-Auth-Token": vendor.tokens.issue(60.0)}
    servers = f"{nova.url}/compute/v2.1/servers"
    order = {"server": {"name": "n", "flavorRef": "1", "imageRef": "i"}}
    instance_id = (await client.post(servers, json=order, headers=token)).json()["server"]["id"]
    address = sandbox.control.instances("openstack")[-1].address
    last_no = first_yes = 0.0
    while not first_yes:
        asked = time.perf_counter()
        if await _banner(address, sandbox.places.reach) == BANNER:
            first_yes = time.perf_counter()
        else:
            last_no = asked
            await asyncio.sleep(0.01)
    truth = sandbox.control.truth(instance_id)
    assert truth.ready is not None
    assert truth.reachable is not None
    assert truth.ready - truth.accepted == pytest.approx(0.3)
    assert last_no <= truth.reachable <= first_yes
    assert truth.reachable - truth.ready >= 0.15
    await client.delete(f"{servers}/{instance_id}", headers=token)
    await asyncio.sleep(0.05)
    assert await _banner(address, sandbox.places.reach) == b""
    after = sandbox.control.truth(instance_id)
    assert after.delete_asked is not None
    assert after.gone == pytest.approx(after.delete_asked + 0.2)


async def test_instances_of_two_vendors_have_different_addresses(sandbox: Sandbox, client: Client) -> None:
    """Nobody reaches the wrong one."""
    for use, network in (("openstack", "127.0.100."), ("rackspace", "127.0.102.")):
        vendor = sandbox.control.vendor(use)
        path = "/compute/v2.1/servers" if use == "openstack" else "/compute/v2/123456/servers"
        token = {"X-Auth-Token": vendor.tokens.issue(60.0)}
        order = {"server": {"name": "n", "flavorRef": "1", "imageRef": "i"}}
        made = await client.post(sandbox.places.vendors[use].url + path, json=order, headers=token)
        assert made.status_code == 202
        assert sandbox.control.instances(use)[-1].address.startswith(network)
