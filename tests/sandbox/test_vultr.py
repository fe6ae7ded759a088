"""The pretend Vultr, spoken to by Apache Libcloud: Vultr's own library for Python is on no index."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import pytest
from libcloud.common.vultr import VultrException
from libcloud.compute.base import Node
from libcloud.compute.drivers.vultr import VultrNodeDriverV2

from probe.cloud.answer import Answer
from probe.cloud.reading import read_view, state_of
from probe.model.instance import InstanceState
from probe.sandbox import Fault, FaultKind, Sandbox
from tests.cloud.entries import FILES
from tests.sandbox.official import live

PLAYS: Final = ("vultr",)
ANSWER: Final = Answer(200, {}, {}, "")
RESIDENT: Final = "4f0f12e5-1f84-404f-aa84-85f431ea5ec2"


class Libcloud:
    """Libcloud's driver for Vultr in the words of `Sdk`."""

    def __init__(self, driver: VultrNodeDriverV2) -> None:
        self.driver = driver

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent an instance; the driver knows one tag only."""
        made = self.driver.create_node(
            name,
            size=self.driver.list_sizes(ex_list_bare_metals=False)[0],
            location=self.driver.list_locations()[0],
            image=next(image for image in self.driver.list_images() if "Debian 12" in image.name),
            ex_tag=tag(marks),
            ex_userdata="#!/bin/sh\n",
            ex_hostname=name,
        )
        assert (made.name, made.public_ips) == (name, ["0.0.0.0"])
        return str(made.id)

    def wait(self, instance_id: str) -> None:
        """The driver has no way of its own for one that has no address yet."""
        assert self.node(instance_id) is not None

    def node(self, instance_id: str) -> Node | None:
        """The instance, if it is there."""
        try:
            return self.driver.ex_get_node(instance_id)
        except VultrException as error:
            if error.code != 404:
                raise
            return None

    def state(self, instance_id: str) -> str | None:
        """The three words for how it is."""
        node = self.node(instance_id)
        if node is None:
            return None
        return f"{node.state} {node.extra['power_status']} {node.extra['server_status']}"

    def addresses(self, instance_id: str) -> list[str]:
        """Its public address."""
        node = self.node(instance_id)
        return [] if node is None else list(node.public_ips)

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By the filter that Vultr calls deprecated."""
        answer = self.driver.connection.request("/v2/instances", params={"tag": tag(marks)}).object
        return {instance["id"] for instance in answer["instances"]}

    def everything(self) -> set[str]:
        """Over all pages."""
        return {node.name for node in self.driver.list_nodes()}

    def points(self, instance_id: str) -> int:
        """Vultr measures nothing."""
        assert instance_id
        return 0

    def delete(self, instance_id: str) -> None:
        """Give it back."""
        node = self.node(instance_id)
        assert node is not None
        assert self.driver.destroy_node(node)


def tag(marks: Mapping[str, str]) -> str:
    """The first mark as our vendor file writes it."""
    key, value = next(iter(marks.items()), ("no", "mark"))
    return f"{key}={value}"


def driver(sandbox: Sandbox, key: str) -> VultrNodeDriverV2:
    """Libcloud's driver with a key."""
    url = httpx.URL(sandbox.places.vendors["vultr"].url)
    return VultrNodeDriverV2(key, secure=False, host=url.host, port=url.port)


@pytest.fixture
def libcloud(sandbox: Sandbox) -> Libcloud:
    """With the right key."""
    return Libcloud(driver(sandbox, sandbox.places.vendors["vultr"].credentials["token"]))


async def test_libcloud_is_fooled(libcloud: Libcloud) -> None:
    """It rents, waits, finds and gives back; there is nothing to measure."""
    await live(libcloud, RESIDENT, ready="running running ok", measured=False)


async def refused(call: Callable[[], object]) -> VultrException:
    """What the library raises."""
    with pytest.raises(VultrException) as raised:
        await asyncio.to_thread(call)
    return raised.value


async def test_libcloud_reads_the_errors(sandbox: Sandbox, libcloud: Libcloud) -> None:
    """A status and a text."""
    sandbox.control.inject(Fault(kind=FaultKind.QUOTA, vendor="vultr", count=1))
    quota = await refused(lambda: libcloud.create("probe-1", {}))
    assert quota.code == 400
    assert "maximum monthly fee limit" in quota.message
    stranger = await refused(driver(sandbox, "WRONG").list_locations)
    assert (stranger.code, stranger.message) == (401, "Invalid API token.")


async def test_the_filter_that_is_deprecated_still_filters(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """And a cursor leads to the next page."""
    place = sandbox.places.vendors["vultr"]
    headers = {"Authorization": f"Bearer {place.credentials['token']}"}
    order: dict[str, Any] = {"region": "fra", "plan": "vc2-1c-1gb", "os_id": 2136, "label": "n", "tags": ["a=b", "c=d"]}
    url = f"{place.endpoints['api']}/instances"
    made = await client.post(url, json=order, headers=headers)
    assert made.status_code == 202
    instance = made.json()["instance"]
    assert (instance["status"], instance["power_status"], instance["server_status"]) == ("pending", "running", "none")
    found = (await client.get(url, params={"tag": "c=d"}, headers=headers)).json()
    assert [item["id"] for item in found["instances"]] == [instance["id"]]
    names, cursor = [], ""
    while True:
        page = (await client.get(url, params={"per_page": "1", "cursor": cursor}, headers=headers)).json()
        names += [item["label"] for item in page["instances"]]
        cursor = page["meta"]["links"]["next"]
        if not cursor:
            break
    assert names == ["web-1", "probe-lookalike", "n"]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("pending running none", InstanceState.PENDING),
        ("active running installingbooting", InstanceState.PENDING),
        ("active running locked", InstanceState.PENDING),
        ("active stopped ok", InstanceState.PENDING),
        ("active running ok", InstanceState.READY),
        ("suspended stopped ok", InstanceState.FAILED),
        ("active running teleporting", InstanceState.UNKNOWN),
    ],
)
def test_all_three_words_have_to_agree(words: str, state: InstanceState) -> None:
    """The contract, the power and the machine: none of them is enough."""
    instances = FILES["vultr"].instances
    assert instances is not None
    item = dict(zip(("status", "power_status", "server_status"), words.split(), strict=True))
    assert state_of(instances.states, item) is state


def test_no_address_is_none() -> None:
    """0.0.0.0 stands for one that is still to come."""
    instances = FILES["vultr"].instances
    assert instances is not None
    item = {"id": "i", "label": "n", "tags": [], "main_ip": "0.0.0.0", "v6_main_ip": "", "internal_ip": ""}
    assert read_view(instances, FILES["vultr"].errors, item, ANSWER).addresses == ()
    assert read_view(instances, FILES["vultr"].errors, item | {"main_ip": "192.0.2.1"}, ANSWER).addresses == (
        "192.0.2.1",
    )
