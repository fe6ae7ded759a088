"""Every request that openstack.yaml makes of Nova, judged by Nova's own OpenAPI document.

Prism stops looking at a body whose schema it cannot compile and says nothing: a request counts as accepted only when a
spoilt copy of it is rejected.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from probe.cloud import MARK_AGENT, MARK_LEASE, Cloud, Order, VendorEntry, load_vendor_file
from probe.model.meter import Meter
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.wire import Route
from tests.dashboards.pages import ROOT
from tests.fakes.clock import FakeClock
from tests.proof.prism import prism

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]

ID: Final = "8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0001"
NOVA: Final = "http://127.0.0.1:1/v2.1"
"""Where the catalog says that Nova is; nothing is sent there but to Prism."""
ELSEWHERE: Final = "http://127.0.0.1:2"
TOKEN: Final[dict[str, Any]] = {
    "token": {
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "catalog": [
            {
                "type": kind,
                "name": kind,
                "endpoints": [{"interface": "public", "region_id": "R", "region": "R", "url": url}],
            }
            for kind, url in (("compute", NOVA), ("image", ELSEWHERE), ("network", ELSEWHERE))
        ],
    }
}
SERVER: Final = {"id": ID, "name": "probe", "status": "ACTIVE", "metadata": {}, "addresses": {}}
ANSWERS: Final[dict[str, Any]] = {
    "POST /v3/auth/tokens": TOKEN,
    "GET /v2.1/flavors": {"flavors": [{"id": "42", "name": "small"}]},
    "GET /v2.1/limits": {"limits": {}},
    "GET /v2/images": {"images": [{"id": ID, "name": "debian-12"}]},
    "POST /v2.1/servers": {"server": {"id": ID}},
    "GET /v2.1/servers/detail": {"servers": []},
    f"GET /v2.1/servers/{ID}": {"server": SERVER},
    f"DELETE /v2.1/servers/{ID}": None,
}


@dataclass(slots=True)
class Recorder:
    """Answers as an OpenStack would, and keeps what Nova was asked."""

    asked: list[httpx.Request] = field(default_factory=list)

    async def send(
        self, request: httpx.Request, watch: Stopwatch, route: Route, *, limit: int = 1 << 20
    ) -> httpx.Response:
        """One exchange, without a socket."""
        del watch, route, limit
        if str(request.url).startswith(NOVA):
            self.asked.append(request)
        answer = ANSWERS[f"{request.method} {request.url.path}"]
        status = {"POST": 202, "DELETE": 204}.get(request.method, 200)
        if request.url.path.endswith("/tokens"):
            return httpx.Response(201, json=answer, headers={"X-Subject-Token": "secret"}, request=request)
        return (
            httpx.Response(status, json=answer, request=request) if answer else httpx.Response(status, request=request)
        )


async def _everything(network: dict[str, object]) -> list[httpx.Request]:
    """What the vendor file makes of all that the agent can want of Nova."""
    recorder, clock = Recorder(), FakeClock()
    names = ("application_credential_id", "application_credential_secret")
    entry = VendorEntry(
        name="test",
        region="R",
        file=load_vendor_file(ROOT / "config" / "vendors" / "openstack.yaml"),
        credentials={name: Secret(lambda: "made-up", name) for name in names},
        endpoints={"auth": f"{ELSEWHERE}/v3"},
        network=network,
    )
    cloud = Cloud(entry, recorder, clock, Meter())
    watch = Stopwatch(clock)
    marks = {MARK_AGENT: ID, MARK_LEASE: "probe-0a1b2c3d-0123456789ab"}
    order = Order(
        name=marks[MARK_LEASE], size="small", image="debian-12", marks=marks, token="t", user_data="#!/bin/sh"
    )
    await cloud.create(order, watch)
    await cloud.inspect(ID, watch)
    await cloud.inventory(watch, marks)
    await cloud.delete(ID, watch)
    for operation in ("list", *(name for name in ("probe", "sizes") if name in cloud.read_operations())):
        await cloud.read(operation, watch)
    return recorder.asked


def _spoilt(request: httpx.Request) -> Iterator[tuple[str, httpx.Request]]:
    """Copies of *request* with one thing wrong each: what, and the copy."""
    yield "no token", _copy(request, drop="X-Auth-Token")
    yield "another path", _copy(request, path=request.url.path.replace("/v2.1/", "/v2.1/x-"))
    if "limit" in request.url.params:
        yield "a limit that is no number", _copy(request, limit="many")
    if request.content:
        body = json.loads(request.content)
        for name in body["server"]:
            wrong = {**body["server"], name: [17]}
            yield f"{name} is a list of a number", _copy(request, body={"server": wrong})
        yield (
            "no flavor",
            _copy(request, body={"server": {k: v for k, v in body["server"].items() if k != "flavorRef"}}),
        )
        yield "an unknown member", _copy(request, body={"server": {**body["server"], "nope": 1}})


def _copy(
    request: httpx.Request, *, drop: str = "", path: str = "", limit: str = "", body: object = None
) -> httpx.Request:
    url = request.url.copy_with(path=path or request.url.path)
    headers = {
        name: value for name, value in request.headers.items() if name.lower() not in {drop.lower(), "content-length"}
    }
    return httpx.Request(
        request.method,
        url.copy_set_param("limit", limit) if limit else url,
        headers=headers,
        content=request.content if body is None else json.dumps(body).encode(),
    )


async def _judged(request: httpx.Request, server: str) -> httpx.Response:
    there = httpx.URL(server)
    url = request.url.copy_with(host=there.host, port=there.port)
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.request(request.method, url, headers=headers, content=request.content)


@pytest.fixture(scope="module")
def nova(specs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Nova's document, served."""
    with prism(specs / "openstack" / "nova.json", tmp_path_factory.mktemp("prism")) as url:
        yield url


NETWORKS: Final[tuple[dict[str, object], ...]] = (
    {},
    {"networks": [{"uuid": ID}], "security_groups": [{"name": "ssh"}]},
)


@pytest.mark.parametrize("network", NETWORKS, ids=["default network", "chosen network"])
async def test_nova_accepts_what_we_send_and_would_not_accept_less(nova: str, network: dict[str, object]) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await _everything(network)
    assert {(request.method, request.url.path.replace(ID, "ID")) for request in requests} == {
        ("GET", "/v2.1/flavors"),
        ("GET", "/v2.1/limits"),
        ("POST", "/v2.1/servers"),
        ("GET", "/v2.1/servers/ID"),
        ("GET", "/v2.1/servers/detail"),
        ("DELETE", "/v2.1/servers/ID"),
    }
    for request in requests:
        answer = await _judged(request, nova)
        assert answer.is_success, f"{request.method} {request.url}: {answer.text}"
        assert '"request"' not in answer.headers.get("sl-violations", "")
        for what, copy in _spoilt(request):
            refusal = await _judged(copy, nova)
            assert refusal.is_client_error, f"{request.method} {request.url} with {what} was accepted"
