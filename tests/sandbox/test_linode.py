"""The pretend Linode, spoken to by Linode's own library."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from linode_api4 import ApiError, Instance, LinodeClient

from probe.cloud.reading import state_of
from probe.model.instance import InstanceState
from probe.sandbox import Fault, FaultKind, Sandbox
from tests.cloud.entries import FILES
from tests.proof.rehearsal import rehearse
from tests.sandbox.official import live

PLAYS: Final = ("linode",)
RESIDENT: Final = "41870123"


def tags(marks: Mapping[str, str]) -> list[str]:
    """Marks as our vendor file writes them."""
    return [f"{key}={value}" for key, value in marks.items()]


class Library:
    """linode_api4 in the words of `Sdk`."""

    def __init__(self, client: LinodeClient) -> None:
        self.client = client

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent a Linode."""
        made = self.client.linode.instance_create(
            "g6-nanode-1",
            "eu-central",
            image="linode/debian12",
            root_pass="Aa1-nobody-uses-it",
            label=name,
            tags=tags(marks),
            metadata=self.client.linode.build_instance_metadata(user_data="#!/bin/sh\n"),
        )
        assert isinstance(made, Instance)
        assert (made.label, made.tags, made.region.id) == (name, tags(marks), "eu-central")
        return str(made.id)

    def wait(self, instance_id: str) -> None:
        """Its status is asked for again when it is old."""
        instance = self.client.load(Instance, int(instance_id))
        while instance.status == "provisioning":
            time.sleep(0.05)
            instance.invalidate()

    def state(self, instance_id: str) -> str | None:
        """Its status."""
        try:
            return str(self.client.load(Instance, int(instance_id)).status)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def addresses(self, instance_id: str) -> list[str]:
        """All of version 4."""
        return [str(address) for address in self.client.load(Instance, int(instance_id)).ipv4]

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By the tag of the agent."""
        found = self.client.linode.instances(Instance.tags == tags(marks)[0])
        return {str(instance.id) for instance in found}

    def everything(self) -> set[str]:
        """Over pages, of which the library asks for the next when it gets there."""
        return {instance.label for instance in self.client.linode.instances()}

    def points(self, instance_id: str) -> int:
        """Of its processor."""
        series = self.client.load(Instance, int(instance_id)).stats["data"]["cpu"]
        assert abs(series[-1][0] / 1000 - time.time()) < 120
        return len(series)

    def delete(self, instance_id: str) -> None:
        """Give it back."""
        assert self.client.load(Instance, int(instance_id)).delete()


@pytest.fixture
def library(sandbox: Sandbox) -> Library:
    """With the right token."""
    place = sandbox.places.vendors["linode"]
    return Library(LinodeClient(place.credentials["token"], base_url=place.endpoints["api"], retry=False))


async def test_linodes_library_is_fooled(library: Library) -> None:
    """It rents, waits, finds, measures and gives back."""
    await live(library, RESIDENT, ready="running")


async def refused(call: Callable[[], object]) -> ApiError:
    """What the library raises."""
    with pytest.raises(ApiError) as raised:
        await asyncio.to_thread(call)
    return raised.value


async def test_the_library_reads_the_errors(sandbox: Sandbox, library: Library) -> None:
    """In words only, with the field where there is one."""
    await asyncio.to_thread(library.create, "probe-1", {})
    taken = await refused(lambda: library.create("probe-1", {}))
    assert (taken.status, taken.errors) == (400, ["Label must be unique among your linodes"])
    sandbox.control.inject(Fault(kind=FaultKind.THROTTLED, vendor="linode", count=1))
    throttled = await refused(library.everything)
    assert (throttled.status, throttled.errors) == (429, ["Too many requests"])
    assert int(throttled.response.headers["Retry-After"]) > 0
    sandbox.control.inject(Fault(kind=FaultKind.QUOTA, vendor="linode", count=1))
    assert (await refused(lambda: library.create("probe-2", {}))).status == 400
    library.client.token = "wrong"
    assert (await refused(library.everything)).status == 401


async def test_the_library_reads_what_probes_read(library: Library) -> None:
    """The profile, types, regions and images."""
    client = library.client
    assert (await asyncio.to_thread(client.profile)).username == "pretend"
    kinds = await asyncio.to_thread(client.linode.types)
    assert [kind.id for kind in kinds] == ["g6-nanode-1", "g6-standard-1"]
    assert [region.id for region in await asyncio.to_thread(client.regions)] == ["eu-central"]
    assert [image.id for image in await asyncio.to_thread(client.images)] == ["linode/debian12"]


# --- the agent's own engine, with the real vendor file ---------------------------------------------------------------


async def test_each_order_has_a_password_of_its_own_and_tags_that_fit() -> None:
    """24 characters at least, never the same; a tag has 3 to 50 characters."""
    bodies = [
        json.loads(request.content)
        for request in await rehearse("linode", networks=({}, {"firewall_id": 38}))
        if request.method == "POST"
    ]
    assert len({body["root_pass"] for body in bodies}) == len(bodies) == 2
    assert all(len(body["root_pass"]) >= 24 for body in bodies)
    assert all(3 <= len(tag) <= 50 for body in bodies for tag in body["tags"])


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("provisioning", InstanceState.PENDING),
        ("offline", InstanceState.PENDING),
        ("booting", InstanceState.PENDING),
        ("running", InstanceState.READY),
        ("stopped", InstanceState.FAILED),
        ("deleting", InstanceState.DELETING),
        ("teleporting", InstanceState.UNKNOWN),
    ],
)
def test_what_a_status_means(status: str, state: InstanceState) -> None:
    """`offline` is passed through by every build, so it cannot mean that one failed."""
    instances = FILES["linode"].instances
    assert instances is not None
    assert state_of(instances.states, {"status": status}) is state
