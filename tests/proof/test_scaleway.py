"""What scaleway.yaml asks is what Scaleway's own SDK asks: the same method, address, query and body for each call.

Scaleway publishes no OpenAPI document that could be had; the SDK is made from the one it has, and writes only members
that it knows, in the types that they have.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from scaleway import Client, ScalewayException
from scaleway.block.v1 import BlockV1API
from scaleway.instance.v1 import BootType, ServerAction
from scaleway.instance.v1.custom_api import InstanceUtilsV1API
from scaleway.marketplace.v2 import LocalImageType, MarketplaceV2API

from tests.cloud.entries import FILES
from tests.proof.rehearsal import rehearse

Asked = tuple[str, str, Mapping[str, str], object]
"""Method, path, query, body."""
PROJECT: Final = "11111111-1111-4111-8111-111111111111"
IMAGE: Final = "98cf81a9-f0bd-4deb-8893-33f362f7421e"
GROUP: Final = "1c1fc99f-b2de-408d-9eb0-da801a3e2744"
ID: Final = "8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0002"
NAME: Final = "probe-0a1b2c3d-0123456789ab"
TAGS: Final = [
    "stability-probe=8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0001",
    "stability-probe-run=8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0001",
    f"stability-probe-lease={NAME}",
    "stability-probe-expires=1790000000",
]
_ID: Final = re.compile("(?<=/(?:servers|volumes)/)[0-9a-f-]{36}|(?<=/servers/)[0-9a-f-]{36}")


@contextmanager
def overheard() -> Iterator[tuple[str, list[Asked]]]:
    """A server that refuses everything, and what it was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def hear(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked.append(said(self.command, self.path, self.headers.get("Content-Type", ""), self.rfile.read(length)))
            self.send_response(500)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PATCH = do_DELETE = hear  # noqa: N815 - the names that the base class calls

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def said(method: str, address: str, kind: str, content: bytes) -> Asked:
    """A request as it can be compared; a GET has no body, though the SDK writes one."""
    parts = urlsplit(address)
    query = {name: value.lower() for name, value in parse_qsl(parts.query)}
    body: object = None
    if method in {"POST", "PATCH"} and content:
        body = content.decode() if kind.startswith("text/plain") else json.loads(content)
    return method, _ID.sub(ID, parts.path), query, body


def by_the_sdk(call: Callable[[InstanceUtilsV1API, BlockV1API, MarketplaceV2API], object]) -> Asked:
    """What the SDK asks when *call* is made."""
    with overheard() as (url, asked):
        client = Client(
            access_key="SCWXXXXXXXXXXXXXXXXX",
            secret_key="0a1b2c3d-5a4d-4b0f-8a7b-3c2d1e0f9a8b",
            api_url=url,
            default_zone="fr-par-1",
            default_project_id=PROJECT,
        )
        with suppress(ScalewayException):
            call(InstanceUtilsV1API(client), BlockV1API(client), MarketplaceV2API(client))
    (only,) = asked
    return only


def order(instances: InstanceUtilsV1API, group: str | None) -> object:
    """The create that the vendor file makes."""
    return instances.create_server(
        name=NAME,
        commercial_type="DEV1-S",
        image=IMAGE,
        project=PROJECT,
        tags=TAGS,
        dynamic_ip_required=True,
        boot_type=BootType.LOCAL,
        protected=False,
        security_group=group,
    )


LOCAL: Final = LocalImageType.INSTANCE_LOCAL
CALLS: Final[Mapping[str, Callable[[InstanceUtilsV1API, BlockV1API, MarketplaceV2API], object]]] = {
    "find the image": lambda _, __, market: market.list_local_images(
        image_label="debian_bookworm", type_=LOCAL, arch="x86_64", page_size=100
    ),
    "create": lambda instances, _, __: order(instances, None),
    "create in a group": lambda instances, _, __: order(instances, GROUP),
    "mark a local disk": lambda instances, _, __: instances.update_volume(volume_id=ID, tags=TAGS),
    "user data": lambda instances, _, __: instances.set_server_user_data(
        ID, "cloud-init", b"#!/bin/sh\nshutdown -h +60\n"
    ),
    "power on": lambda instances, _, __: instances.server_action(server_id=ID, action=ServerAction.POWERON),
    "get": lambda instances, _, __: instances.get_server(server_id=ID),
    "list ours": lambda instances, _, __: instances.list_servers(tags=TAGS[:1], per_page=100),
    "list": lambda instances, _, __: instances.list_servers(per_page=100),
    "terminate": lambda instances, _, __: instances.server_action(server_id=ID, action=ServerAction.TERMINATE),
    "local disks": lambda instances, _, __: instances.list_volumes(per_page=100),
    "block disks": lambda _, block, __: block.list_volumes(include_deleted=False, page_size=100),
    "one block disk": lambda _, block, __: block.list_volumes(include_deleted=False, page_size=1),
    "dashboard": lambda instances, _, __: instances.get_dashboard(),
    "a size": lambda instances, _, __: instances.list_servers_types(per_page=1),
    "an image": lambda _, __, market: market.list_images(include_eol=False, page_size=1),
}
"""By the SDK what the vendor file asks in a life, and by its reads."""


def by_us(request: httpx.Request) -> Asked:
    """What the vendor file asks."""
    address = f"{request.url.path}?{request.url.query.decode()}"
    return said(request.method, address, request.headers.get("Content-Type", ""), request.content)


async def test_every_request_is_one_that_the_sdk_makes() -> None:
    """No more, no less; the token's header is the same, too."""
    requests = await rehearse("scaleway", networks=({}, {"security_group": GROUP}))
    assert {request.headers["X-Auth-Token"] for request in requests} == {"0a1b2c3d-5a4d-4b0f-8a7b-3c2d1e0f9a8b"}
    ours: list[Asked] = []
    for asked in map(by_us, requests):
        ours += [] if asked in ours else [asked]
    theirs = {name: by_the_sdk(call) for name, call in CALLS.items()}
    unknown = [asked for asked in ours if asked not in theirs.values()]
    assert not unknown, f"the SDK asks nothing like {unknown}"
    unmade = [name for name, asked in theirs.items() if asked not in ours]
    assert not unmade, f"the vendor file does not ask any more: {', '.join(unmade)}"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("delete", lambda instances, _: instances.delete_server(server_id=ID)),
        ("mark", lambda _, block: block.update_volume(volume_id=ID, tags=TAGS)),
        ("volumes", lambda instances, _: instances.delete_volume(volume_id=ID)),
        ("block-volumes", lambda _, block: block.delete_volume(volume_id=ID)),
    ],
)
def test_what_a_life_without_trouble_does_not_ask(
    name: str, call: Callable[[InstanceUtilsV1API, BlockV1API], object]
) -> None:
    """A DELETE of what was never started, tags of block storage, leftovers: method and path are the SDK's."""
    instances = FILES["scaleway"].instances
    assert instances is not None
    written = {
        "delete": instances.delete[-1],
        "mark": instances.create.after[1],
        **{kind: residual.delete for kind, residual in instances.residuals.items()},
    }[name]
    path = str(written.path.render({"region": "fr-par-1", "id": ID, "volume": ID}))
    method, known, _, body = by_the_sdk(lambda servers, block, _: call(servers, block))
    assert (written.method, path) == (method, known)
    assert (written.json_body is None) or body == {"tags": TAGS}
