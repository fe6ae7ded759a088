"""The pretend OpenStack, spoken to by OpenStack's own library."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import openstack
import pytest
from openstack import exceptions

from probe.sandbox import Fault, FaultKind, Sandbox
from tests.sandbox.official import live

pytestmark = [
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]
"""The library warns of parts of its own that it uses itself."""
PLAYS: Final = ("openstack",)
RESIDENT: Final = "9b1f5c1e-2f0e-4c52-9d3e-5a1c7e0b4d21"


class Openstack:
    """openstacksdk in the words of `Sdk`."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Boot a server from the names of a flavor and an image."""
        image = self.connection.image.find_image("debian-12", ignore_missing=False)
        flavor = self.connection.compute.find_flavor("small", ignore_missing=False)
        server = self.connection.compute.create_server(
            name=name, image_id=image.id, flavor_id=flavor.id, networks="auto", metadata=dict(marks)
        )
        return str(server.id)

    def wait(self, instance_id: str) -> None:
        """By the library's own waiter."""
        server = self.connection.compute.get_server(instance_id)
        self.connection.compute.wait_for_server(server, interval=0.1, wait=10)

    def state(self, instance_id: str) -> str | None:
        """Its status."""
        try:
            status = str(self.connection.compute.get_server(instance_id).status)
        except exceptions.NotFoundException:
            return None
        return None if status == "DELETED" else status

    def addresses(self, instance_id: str) -> list[str]:
        """Of every network."""
        networks = self.connection.compute.get_server(instance_id).addresses
        return [str(entry["addr"]) for entries in networks.values() for entry in entries]

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By metadata, on our side: the library has no such filter."""
        return {
            str(server.id)
            for server in self.connection.compute.servers(details=True)
            if dict(marks).items() <= server.metadata.items() and server.status != "DELETED"
        }

    def everything(self) -> set[str]:
        """Over pages of 2."""
        return {str(server.name) for server in self.connection.compute.servers(details=True, limit=2)}

    def points(self, instance_id: str) -> int:
        """Gnocchi's, by plain requests: the library does not know it."""
        catalog = self.connection.service_catalog
        gnocchi = next(entry for entry in catalog if entry["type"] == "metric")["endpoints"][0]["url"]
        span = f"start={int(time.time()) - 3600}"
        path = f"{gnocchi}/v1/resource/instance/{instance_id}/metric/cpu/measures?{span}"
        return len(self.connection.session.get(path).json())

    def delete(self, instance_id: str) -> None:
        """And wait for nothing."""
        self.connection.compute.delete_server(instance_id, ignore_missing=False)


@contextmanager
def library(sandbox: Sandbox) -> Iterator[Openstack]:
    """OpenStack's library, with an application credential for the sandbox."""
    place = sandbox.places.vendors["openstack"]
    names = ("application_credential_id", "application_credential_secret")
    connection = openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_type="v3applicationcredential",
        auth={"auth_url": place.endpoints["auth"], **{name: place.credentials[name] for name in names}},
        region_name=place.region,
    )
    yield Openstack(connection)
    connection.close()


async def test_openstacks_own_library_is_fooled(sandbox: Sandbox) -> None:
    """A whole life: catalog, version discovery, names, waiter, pages by link, 404."""
    with library(sandbox) as sdk:
        await live(sdk, RESIDENT, ready="ACTIVE")


async def test_a_full_account_is_forbidden(sandbox: Sandbox) -> None:
    """403 with Nova's words."""
    with library(sandbox) as sdk:
        sandbox.control.inject(Fault(kind=FaultKind.QUOTA, count=1))
        with pytest.raises(exceptions.ForbiddenException, match="Quota exceeded for instances"):
            await asyncio.to_thread(sdk.create, "n", {})
