"""The pretend Scaleway, spoken to by Scaleway's own SDK, and what stays behind there."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import pytest
from scaleway import Client, ScalewayException
from scaleway.block.v1 import BlockV1API
from scaleway.instance.v1 import ServerAction
from scaleway.instance.v1.custom_api import InstanceUtilsV1API
from scaleway.marketplace.v2 import LocalImageType, MarketplaceV2API

from probe.cloud import MARK_AGENT, MARK_RUN, Cloud, Created, Order, VendorEntry, has_address, is_gone, is_ready, poll
from probe.model.instance import InstanceState
from probe.model.meter import Meter
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.sandbox import Fault, FaultKind, Sandbox
from probe.wire import RealClock, Wire
from tests.cloud.entries import FILES
from tests.sandbox.official import live

PLAYS: Final = ("scaleway",)
RESIDENT: Final = "66a3b25b-4518-43c3-9e61-33b82873d617"
CLOCK: Final = RealClock()
OURS: Final = {MARK_AGENT: "a-b-c"}


class Scaleway:
    """The SDK in the words of `Sdk`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.instances = InstanceUtilsV1API(client)

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent a server, and power it on."""
        found = MarketplaceV2API(self.client).list_local_images(
            image_label="debian_bookworm", type_=LocalImageType.INSTANCE_LOCAL
        )
        image = found.local_images[0]
        assert (image.label, image.zone) == ("debian_bookworm", "fr-par-1")
        made = self.instances.create_server(
            commercial_type="DEV1-S",
            protected=False,
            name=name,
            image=image.id,
            tags=tags(marks),
            dynamic_ip_required=True,
        ).server
        assert made is not None
        assert (made.state, made.public_ips, list(made.volumes)) == ("stopped", [], ["0"])
        self.instances.set_server_user_data(made.id, "cloud-init", b"#!/bin/sh\n")
        volume = made.volumes["0"].id
        assert self.instances.update_volume(volume_id=volume, tags=tags(marks)).volume is not None
        task = self.instances.server_action(server_id=made.id, action=ServerAction.POWERON).task
        assert task is not None
        assert set(task.id) == {"0", "-"}
        return str(made.id)

    def wait(self, instance_id: str) -> None:
        """Until nothing moves any more."""
        while self.state(instance_id) in {"starting", "stopping"}:
            time.sleep(0.05)

    def state(self, instance_id: str) -> str | None:
        """Its state."""
        try:
            server = self.instances.get_server(server_id=instance_id).server
        except ScalewayException as error:
            if error.status_code != 404:
                raise
            return None
        assert server is not None
        return str(server.state)

    def addresses(self, instance_id: str) -> list[str]:
        """All that are public."""
        server = self.instances.get_server(server_id=instance_id).server
        return [] if server is None else [str(address.address) for address in server.public_ips]

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By tags: all of them."""
        return {server.id for server in self.instances.list_servers_all(tags=tags(marks))}

    def everything(self) -> set[str]:
        """Over pages of 2."""
        return {server.name for server in self.instances.list_servers_all(per_page=2)}

    def points(self, instance_id: str) -> int:
        """Cockpit is another service."""
        assert instance_id
        return 0

    def delete(self, instance_id: str) -> None:
        """Give it back, with its disk."""
        self.instances.server_action(server_id=instance_id, action=ServerAction.TERMINATE)


def tags(marks: Mapping[str, str]) -> list[str]:
    """Marks as our vendor file writes them."""
    return [f"{key}={value}" for key, value in marks.items()]


def sdk(sandbox: Sandbox, secret: str) -> Scaleway:
    """The SDK with a key."""
    place = sandbox.places.vendors["scaleway"]
    return Scaleway(
        Client(
            access_key="SCWXXXXXXXXXXXXXXXXX",
            secret_key=secret,
            api_url=place.url,
            default_zone=place.region,
            default_project_id=place.account["project"],
        )
    )


@pytest.fixture
def scaleway(sandbox: Sandbox) -> Scaleway:
    """With the right key."""
    return sdk(sandbox, sandbox.places.vendors["scaleway"].credentials["secret_key"])


async def test_scaleways_sdk_is_fooled(scaleway: Scaleway) -> None:
    """It rents, starts, waits, finds and gives back; there is nothing to measure."""
    await live(scaleway, RESIDENT, ready="running", measured=False)
    left = await asyncio.to_thread(scaleway.instances.list_volumes_all)
    assert left == []


async def refused(call: Callable[[], object]) -> tuple[int | None, str]:
    """Status and type of what the SDK raises."""
    with pytest.raises(ScalewayException) as raised:
        await asyncio.to_thread(call)
    return raised.value.status_code, raised.value.response.json()["type"]


async def test_the_sdk_reads_the_errors(sandbox: Sandbox, scaleway: Scaleway) -> None:
    """By their types."""
    sandbox.control.inject(Fault(kind=FaultKind.QUOTA, vendor="scaleway", count=1))
    assert await refused(lambda: scaleway.create("n", {})) == (403, "quotas_exceeded")
    sandbox.control.inject(Fault(kind=FaultKind.CAPACITY, vendor="scaleway", count=1))
    assert await refused(lambda: scaleway.create("n", {})) == (412, "out_of_stock")
    stranger = sdk(sandbox, "00000000-0000-4000-8000-000000000000")
    assert await refused(stranger.everything) == (401, "denied_authentication")
    gone = functools.partial(scaleway.instances.get_server, server_id="00000000-0000-4000-8000-000000000000")
    assert await refused(gone) == (404, "not_found")


async def test_a_stopped_server_is_deleted_and_leaves_its_disk(scaleway: Scaleway) -> None:
    """A running one is not, and a disk in use neither."""
    running = await asyncio.to_thread(scaleway.create, "n", {})
    assert (await refused(lambda: scaleway.instances.delete_server(server_id=running)))[0] == 400
    api = scaleway.instances
    stopped = (await asyncio.to_thread(api.create_server, commercial_type="DEV1-S")).server
    assert stopped is not None
    volume = stopped.volumes["0"].id
    assert (await refused(lambda: api.delete_volume(volume_id=volume)))[0] == 400
    await asyncio.to_thread(api.delete_server, server_id=stopped.id)
    await asyncio.sleep(0.3)
    (left,) = [item for item in await asyncio.to_thread(api.list_volumes_all) if item.server is None]
    assert left.id == volume
    await asyncio.to_thread(api.delete_volume, volume_id=volume)
    assert await asyncio.to_thread(BlockV1API(scaleway.client).list_volumes_all, include_deleted=False) == []


# --- the agent's own engine, with the real vendor file ---------------------------------------------------------------


@pytest.fixture
async def cloud(sandbox: Sandbox) -> AsyncIterator[Cloud]:
    """A vendor entry that points at the sandbox."""
    place = sandbox.places.vendors["scaleway"]
    secret = functools.partial(place.credentials.__getitem__, "secret_key")
    wire = Wire(CLOCK, Meter())
    entry = VendorEntry(
        name="scaleway",
        region=place.region,
        file=FILES["scaleway"],
        credentials={"secret_key": Secret(secret, "test")},
        endpoints=place.endpoints,
        account=place.account,
    )
    yield Cloud(entry, wire, CLOCK, Meter())
    await wire.close()


def watch() -> Stopwatch:
    """A stopwatch that nobody reads."""
    return Stopwatch(CLOCK)


async def rented(cloud: Cloud) -> Created:
    """A server that is stopped, as it is after the create."""
    marks = OURS | {MARK_RUN: "run-1"}
    order = Order(name="probe-1", size="small", image="debian-12", marks=marks, token="t", user_data="#!/bin/sh\n")
    return await cloud.create(order, watch())


async def gone(cloud: Cloud, instance_id: str) -> None:
    """Give it back, and wait."""
    await cloud.delete(instance_id, watch())
    await poll(lambda: cloud.inspect(instance_id, watch()), is_gone, watch(), CLOCK, cloud.pace, 30.0)


async def test_what_came_with_a_server_is_marked_before_it_is_started(sandbox: Sandbox, cloud: Cloud) -> None:
    """Steps after the create: the disk's tags, cloud-init, power; then it is as any other, and leaves nothing."""
    created = await rented(cloud)
    fresh = await cloud.inspect(created.id, watch())
    assert fresh is not None
    assert fresh.state is InstanceState.PENDING
    await cloud.complete(created, watch())
    asked = [logged.operation for logged in sandbox.control.requests("scaleway")]
    assert asked == ["local_images", "create", "get", "mark_volume", "user_data", "poweron"]
    for wanted in (is_ready, has_address):
        await poll(lambda: cloud.inspect(created.id, watch()), wanted, watch(), CLOCK, cloud.pace, 30.0)
    ready = await cloud.inspect(created.id, watch())
    assert ready is not None
    (disk,) = await cloud.residuals("volumes", watch(), OURS)
    assert (disk.id, disk.free, disk.marks[MARK_AGENT]) == (*ready.attached["volumes"], False, "a-b-c")
    await gone(cloud, created.id)
    assert await cloud.residuals("volumes", watch(), OURS) == []


async def test_what_a_server_leaves_is_found_by_its_mark_and_deleted(sandbox: Sandbox, cloud: Cloud) -> None:
    """A terminated one whose disk stayed after all; a stranger's disk is nobody's business."""
    created = await cloud.complete(await rented(cloud), watch())
    await poll(lambda: cloud.inspect(created.id, watch()), is_ready, watch(), CLOCK, cloud.pace, 30.0)
    sandbox.control.inject(Fault(kind=FaultKind.LEFTOVER, vendor="scaleway", count=1))
    await gone(cloud, created.id)
    (disk,) = await cloud.residuals("volumes", watch(), OURS)
    assert disk.free
    assert await cloud.residuals("volumes", watch(), {MARK_AGENT: "somebody-else"}) == []
    assert await cloud.residuals("block-volumes", watch(), OURS) == []
    await cloud.delete_residual("volumes", disk.id, watch())
    assert await cloud.residuals("volumes", watch(), OURS) == []


async def test_a_server_that_was_never_started_is_given_back_the_other_way(sandbox: Sandbox, cloud: Cloud) -> None:
    """A DELETE, since there is nothing to terminate; its unmarked disk is known by the item alone."""
    created = await rented(cloud)
    seen = await cloud.inspect(created.id, watch())
    assert seen is not None
    (volume,) = seen.attached["volumes"]
    await gone(cloud, created.id)
    assert "delete" in {logged.operation for logged in sandbox.control.requests("scaleway")}
    left = await cloud.residuals("volumes", watch(), everything=True)
    assert [(disk.id, disk.free, dict(disk.marks)) for disk in left] == [(volume, True, {})]
