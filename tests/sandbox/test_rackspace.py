"""The pretend Rackspace, spoken to in its own wire format."""

import asyncio
import time
from typing import Any

import httpx

from probe.sandbox import Fault, FaultKind, Sandbox

Client = httpx.AsyncClient


def with_key(username: str, key: str) -> dict[str, Any]:
    """Identity's body for an API key."""
    return {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": username, "apiKey": key}}}


async def sign_in(sandbox: Sandbox, client: Client) -> tuple[dict[str, str], dict[str, str]]:
    """URLs by the catalog's names, and the header that opens them."""
    place = sandbox.places.vendors["rackspace"]
    body = with_key(place.credentials["username"], place.credentials["api_key"])
    access = (await client.post(f"{place.endpoints['auth']}/tokens", json=body)).json()["access"]
    urls = {entry["name"]: entry["endpoints"][0]["publicURL"] for entry in access["serviceCatalog"]}
    return urls, {"X-Auth-Token": access["token"]["id"]}


async def test_a_server_lives_and_dies(sandbox: Sandbox, client: Client) -> None:
    """BUILD, ACTIVE, gone."""
    urls, token = await sign_in(sandbox, client)
    servers = urls["cloudServersOpenStack"] + "/servers"
    order = {"server": {"name": "n", "flavorRef": "general1-1", "imageRef": "img", "metadata": {"probe": "ours"}}}
    made = await client.post(servers, json=order, headers=token)
    assert made.status_code == 202
    url = f"{servers}/{made.json()['server']['id']}"
    assert (await client.get(url, headers=token)).json()["server"]["status"] == "BUILD"
    await asyncio.sleep(0.35)
    ready = (await client.get(url, headers=token)).json()["server"]
    assert (ready["status"], ready["metadata"]) == ("ACTIVE", {"probe": "ours"})
    assert ready["accessIPv4"].startswith("127.0.")
    assert (await client.delete(url, headers=token)).status_code == 204
    await asyncio.sleep(1.25)
    assert (await client.get(url, headers=token)).status_code == 404


async def test_identity_tells_a_wrong_key(sandbox: Sandbox, client: Client) -> None:
    """401 `unauthorized`."""
    auth = sandbox.places.vendors["rackspace"].endpoints["auth"]
    answer = await client.post(f"{auth}/tokens", json=with_key("pretend-customer-0002", "wrong"))
    assert answer.status_code == 401
    assert answer.json()["unauthorized"]["message"] == "Username or api key is invalid."


async def test_plots_and_multiplots(sandbox: Sandbox, client: Client) -> None:
    """Milliseconds; a check that does not exist is 404."""
    urls, token = await sign_in(sandbox, client)
    monitoring, now = urls["cloudMonitoring"], time.time() * 1000
    query = {"from": str(int(now - 600_000)), "to": str(int(now)), "points": "60"}
    path = f"{monitoring}/entities/enSandbox1/checks/chSandbox1/metrics/mzord.available/plot"
    plot = (await client.get(path, params=query, headers=token)).json()["values"]
    assert 9 <= len(plot) <= 11
    assert now - 70_000 < plot[-1]["timestamp"] < now
    wanted = {"metrics": [{"entity_id": "enSandbox1", "check_id": "chSandbox1", "metric": "mzord.available"}]}
    bulk = await client.post(f"{monitoring}/__experiments/multiplot", params=query, json=wanted, headers=token)
    assert bulk.json()["metrics"][0]["data"] == plot
    missing = await client.get(path.replace("chSandbox1", "chNobody"), params=query, headers=token)
    assert (missing.status_code, missing.json()["type"]) == (404, "notFoundError")


async def test_each_service_throttles_in_its_own_way(sandbox: Sandbox, client: Client) -> None:
    """Cloud Servers: 413 with Retry-After; Cloud Monitoring: 429 with Reply-After."""
    urls, token = await sign_in(sandbox, client)
    sandbox.control.inject(Fault(kind=FaultKind.THROTTLED, vendor="rackspace"))
    nova = await client.get(urls["cloudServersOpenStack"] + "/limits", headers=token)
    maas = await client.get(urls["cloudMonitoring"] + "/limits", headers=token)
    assert (nova.status_code, nova.headers["Retry-After"], "overLimit" in nova.json()) == (413, "2", True)
    assert (maas.status_code, maas.headers["Reply-After"], maas.json()["type"]) == (429, "2", "rateLimitReached")
