"""The pretend OpenStack, spoken to in its own wire format."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from probe.sandbox import Sandbox

Client = httpx.AsyncClient


def with_credential(credential_id: str, secret: str) -> dict[str, Any]:
    """Keystone's body for an application credential."""
    credential = {"id": credential_id, "secret": secret}
    return {"auth": {"identity": {"methods": ["application_credential"], "application_credential": credential}}}


async def sign_in(sandbox: Sandbox, client: Client) -> tuple[str, dict[str, str]]:
    """Nova's URL from the catalog, and the header that opens it."""
    place = sandbox.places.vendors["openstack"]
    secrets = place.credentials
    body = with_credential(secrets["application_credential_id"], secrets["application_credential_secret"])
    answer = await client.post(f"{place.endpoints['auth']}/auth/tokens", json=body)
    assert answer.status_code == 201
    catalog = answer.json()["token"]["catalog"]
    compute = next(entry for entry in catalog if entry["type"] == "compute")["endpoints"][0]
    assert (compute["interface"], compute["region_id"]) == ("public", place.region)
    return compute["url"], {"X-Auth-Token": answer.headers["X-Subject-Token"]}


def order(name: str = "n", **metadata: str) -> dict[str, Any]:
    """Nova's body of an order."""
    return {"server": {"name": name, "flavorRef": "1", "imageRef": "img", "networks": "auto", "metadata": metadata}}


async def test_a_server_lives_and_dies(sandbox: Sandbox, client: Client) -> None:
    """BUILD, ACTIVE with an address, deleting, 404."""
    nova, token = await sign_in(sandbox, client)
    made = await client.post(f"{nova}/servers", json=order(probe="ours"), headers=token)
    assert made.status_code == 202
    url = made.headers["Location"]
    assert url == f"{nova}/servers/{made.json()['server']['id']}"
    building = (await client.get(url, headers=token)).json()["server"]
    assert (building["status"], building["addresses"], building["metadata"]) == ("BUILD", {}, {"probe": "ours"})
    await asyncio.sleep(0.35)
    ready = (await client.get(url, headers=token)).json()["server"]
    assert ready["status"] == "ACTIVE"
    assert ready["addresses"]["public"][0]["addr"].startswith("127.0.")
    assert (await client.delete(url, headers=token)).status_code == 204
    leaving = (await client.get(url, headers=token)).json()["server"]
    assert (leaving["status"], leaving["OS-EXT-STS:task_state"]) == ("ACTIVE", "deleting")
    await asyncio.sleep(0.25)
    assert (await client.get(url, headers=token)).json()["server"]["status"] == "DELETED"


async def test_what_is_not_there_is_404_in_novas_words(sandbox: Sandbox, client: Client) -> None:
    """`itemNotFound`, with the id."""
    nova, token = await sign_in(sandbox, client)
    answer = await client.get(f"{nova}/servers/nowhere", headers=token)
    assert answer.status_code == 404
    assert answer.json() == {"itemNotFound": {"code": 404, "message": "Instance nowhere could not be found."}}


async def test_keystone_tells_a_wrong_secret(sandbox: Sandbox, client: Client) -> None:
    """401, and no token."""
    auth = sandbox.places.vendors["openstack"].endpoints["auth"]
    answer = await client.post(f"{auth}/auth/tokens", json=with_credential("nobody", "wrong"))
    assert answer.status_code == 401
    assert answer.json()["error"]["title"] == "Unauthorized"
    assert "X-Subject-Token" not in answer.headers


async def test_a_password_is_as_good(sandbox: Sandbox, client: Client) -> None:
    """Keystone knows both ways."""
    place = sandbox.places.vendors["openstack"]
    user = {
        "name": place.credentials["username"],
        "password": place.credentials["password"],
        "domain": {"name": "Default"},
    }
    scope = {"project": {"name": place.credentials["project_name"], "domain": {"name": "Default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    assert (await client.post(f"{place.endpoints['auth']}/auth/tokens", json=body)).status_code == 201


@pytest.mark.parametrize("header", [{}, {"X-Auth-Token": "made-up"}])
async def test_nova_wants_a_token_that_was_given_out(sandbox: Sandbox, client: Client, header: dict[str, str]) -> None:
    """401 without, and with one that nobody gave out."""
    nova, _ = await sign_in(sandbox, client)
    assert (await client.get(f"{nova}/servers/detail", headers=header)).status_code == 401


async def test_lists_are_filtered_and_paged(sandbox: Sandbox, client: Client) -> None:
    """By metadata as JSON, by name, by status; the next page is a link."""
    nova, token = await sign_in(sandbox, client)
    for number in range(5):
        assert (await client.post(f"{nova}/servers", json=order(f"n{number}", probe="ours"), headers=token)).is_success
    everything = (await client.get(f"{nova}/servers/detail", headers=token)).json()["servers"]
    assert len(everything) == 5 + 2  # and somebody else's
    query = {"metadata": json.dumps({"probe": "ours"}), "limit": "2"}
    url, names, pages = f"{nova}/servers/detail?{httpx.QueryParams(query)}", [], 0
    while url:
        page = (await client.get(url, headers=token)).json()
        names += [server["name"] for server in page["servers"]]
        url = next((link["href"] for link in page.get("servers_links", [])), "")
        pages += 1
    assert (names, pages) == (["n0", "n1", "n2", "n3", "n4"], 3)
    found = (await client.get(f"{nova}/servers/detail?name=n3&status=BUILD", headers=token)).json()["servers"]
    assert [server["name"] for server in found] == ["n3"]
    assert (await client.get(f"{nova}/servers/detail?marker=nowhere", headers=token)).status_code == 400


async def test_the_same_order_twice_is_two_servers(sandbox: Sandbox, client: Client) -> None:
    """Nova knows no idempotency, and names are not unique."""
    nova, token = await sign_in(sandbox, client)
    for _ in range(2):
        await client.post(f"{nova}/servers", json=order("twin"), headers=token)
    assert [item.name for item in sandbox.control.instances("openstack")].count("twin") == 2


async def test_measures_come_from_gnocchi(sandbox: Sandbox, client: Client) -> None:
    """Triples of time, granularity and value, oldest first, the newest as late as the character says."""
    nova, token = await sign_in(sandbox, client)
    instance = sandbox.control.instances("openstack")[0].instance_id
    base = nova.removesuffix("/compute/v2.1")
    path = f"{base}/metric/v1/resource/instance/{instance}/metric/cpu/measures"
    measures = (await client.get(path, headers=token)).json()
    times = [time for time, _, _ in measures]
    assert 58 <= len(measures) <= 61
    assert times == sorted(times)
    assert {granularity for _, granularity, _ in measures} == {60.0}
    assert (await client.get(path.replace(instance, "nobody"), headers=token)).status_code == 404


@pytest.mark.parametrize("path", ["/limits", "/flavors?limit=1", "/flavors/detail", "/os-availability-zone", ""])
async def test_read_operations_answer(sandbox: Sandbox, client: Client, path: str) -> None:
    """What probes may read."""
    nova, token = await sign_in(sandbox, client)
    answer = await client.get(f"{nova}{path}", headers=token)
    assert answer.status_code == 200
    assert answer.headers["x-openstack-request-id"].startswith("req-")


async def test_what_the_sandbox_does_not_play_is_said(sandbox: Sandbox, client: Client) -> None:
    """A route that is missing from the data file is a plain 404 that names it."""
    url = sandbox.places.vendors["openstack"].url
    answer = await client.get(f"{url}/compute/v2.1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain")
    assert "plays no GET /compute/v2.1/nothing of OpenStack" in answer.text
