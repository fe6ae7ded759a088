"""The pretend Hetzner Cloud, spoken to by Hetzner's own library."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hcloud import APIException, Client
from hcloud.actions.domain import ActionFailedException
from hcloud.images.domain import Image
from hcloud.locations.domain import Location
from hcloud.server_types.domain import ServerType
from hcloud.servers.client import BoundServer

from probe.sandbox import Fault, FaultKind, Sandbox
from tests.sandbox.official import live

PLAYS: Final = ("hetzner",)
RESIDENT: Final = "41470011"


class Hcloud:
    """hcloud-python in the words of `Sdk`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def order(self, name: str, marks: Mapping[str, str]) -> BoundServer:
        """Create a server, and wait for what the answer promises."""
        made = self.client.servers.create(
            name=name,
            server_type=ServerType(name="cx23"),
            image=Image(name="debian-12"),
            location=Location(name="fsn1"),
            labels=dict(marks),
        )
        assert made.action.command == "create_server"
        assert [action.command for action in made.next_actions] == ["start_server"]
        self.actions = [made.action, *made.next_actions]
        return made.server

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent a server."""
        return str(self.order(name, marks).id)

    def wait(self, instance_id: str) -> None:
        """Wait for the actions of the newest server."""
        assert instance_id
        for action in self.actions:
            action.wait_until_finished()

    def state(self, instance_id: str) -> str | None:
        """Its status."""
        try:
            return str(self.client.servers.get_by_id(int(instance_id)).status)
        except APIException as error:
            if error.code != "not_found":
                raise
            return None

    def addresses(self, instance_id: str) -> list[str]:
        """Its public address."""
        net = self.client.servers.get_by_id(int(instance_id)).public_net
        return [str(net.ipv4.ip)] if net and net.ipv4 else []

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By label selector."""
        selector = ",".join(f"{key}=={value}" for key, value in marks.items())
        return {str(server.id) for server in self.client.servers.get_all(label_selector=selector)}

    def everything(self) -> set[str]:
        """Over pages of 2."""
        names: set[str] = set()
        page: int | None = 1
        while page:
            result = self.client.servers.get_list(page=page, per_page=2)
            names |= {str(server.name) for server in result.servers}
            page = result.meta.pagination.next_page if result.meta.pagination else None
        return names

    def points(self, instance_id: str) -> int:
        """Of its processor."""
        now = datetime.now(UTC)
        server = self.client.servers.get_by_id(int(instance_id))
        series = server.get_metrics(["cpu"], now - timedelta(hours=1), now, step=60).metrics.time_series["cpu"]
        assert abs(series["values"][-1][0] - time.time()) < 120
        assert all(float(value) > 0 for _, value in series["values"])
        return len(series["values"])

    def delete(self, instance_id: str) -> None:
        """Wait for the action, as the library recommends."""
        server = self.client.servers.get_by_id(int(instance_id))
        action = server.delete()
        assert action.command == "delete_server"
        action.wait_until_finished()


@contextmanager
def library(sandbox: Sandbox) -> Iterator[Hcloud]:
    """Hetzner's library, pointed at the sandbox."""
    place = sandbox.places.vendors["hetzner"]
    client = Client(token=place.credentials["token"], api_endpoint=place.endpoints["api"], poll_interval=0.05)
    yield Hcloud(client)
    client._client._session.close()


async def test_hetzners_own_library_is_fooled(sandbox: Sandbox) -> None:
    """A whole life: actions, labels, numbered pages, metrics, 404."""
    with library(sandbox) as hcloud:
        await live(hcloud, RESIDENT, ready="running")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.CAPACITY, "resource_unavailable"),
        (FaultKind.QUOTA, "resource_limit_exceeded"),
        (FaultKind.DENIED, "unauthorized"),
        (FaultKind.ERROR, "server_error"),
    ],
)
async def test_its_refusals_have_hetzners_codes(sandbox: Sandbox, kind: FaultKind, code: str) -> None:
    """As the library reads them; nothing is rented."""
    with library(sandbox) as hcloud:
        sandbox.control.inject(Fault(kind=kind, operation="create", count=1))
        await _refused(lambda: hcloud.create("n", {}), code)
    assert len(sandbox.control.instances("hetzner")) == 2


async def test_a_name_is_given_once(sandbox: Sandbox) -> None:
    """The same order twice is refused, which makes names a key."""
    with library(sandbox) as hcloud:
        await asyncio.to_thread(hcloud.create, "twin", {})
        await _refused(lambda: hcloud.create("twin", {}), "uniqueness_error")


async def test_throttling_is_told_by_headers(sandbox: Sandbox) -> None:
    """The library waits for RateLimit-Reset and tries again by itself; plain reading shows why."""
    with library(sandbox) as hcloud:
        hcloud.client._client._retry_interval_func = lambda _: 0.0
        sandbox.control.inject(Fault(kind=FaultKind.THROTTLED, operation="sizes", count=2))
        assert await asyncio.to_thread(hcloud.client.server_types.get_all)
    statuses = [logged.status for logged in sandbox.control.requests("hetzner")]
    assert statuses == [429, 429, 200]


@pytest.mark.parametrize("kind", [FaultKind.FAILED])
async def test_a_build_that_fails_is_told_by_its_action(sandbox: Sandbox, kind: FaultKind) -> None:
    """The order was taken; the action ends in an error."""
    with library(sandbox) as hcloud:
        sandbox.control.inject(Fault(kind=kind, count=1))

        def build() -> None:
            hcloud.order("n", {})
            with pytest.raises(ActionFailedException, match="action_failed"):
                hcloud.wait("n")

        await asyncio.to_thread(build)


async def test_a_deletion_that_fails_is_told_by_its_action(sandbox: Sandbox) -> None:
    """And the server is there as before."""
    with library(sandbox) as hcloud:
        sandbox.control.inject(Fault(kind=FaultKind.FAILED, operation="delete", count=1))

        def remove() -> None:
            with pytest.raises(ActionFailedException):
                hcloud.delete(RESIDENT)
            assert hcloud.state(RESIDENT) == "running"

        await asyncio.to_thread(remove)


async def _refused(call: Callable[[], object], code: str) -> None:
    with pytest.raises(APIException) as refused:
        await asyncio.to_thread(call)
    assert refused.value.code == code
