"""The pretend DigitalOcean, spoken to by DigitalOcean's own library."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from azure.core.exceptions import HttpResponseError
from pydo import Client

from probe.sandbox import Fault, FaultKind, Sandbox
from tests.sandbox.official import live

PLAYS: Final = ("digitalocean",)
RESIDENT: Final = "355100011"
PLAIN: Final[dict[str, Any]] = {"enforce_https": False}
"""The library sends no token over plain http unless it is told to, call by call."""
NOT_FOUND: Final = "not_found"


class Pydo:
    """pydo in the words of `Sdk`."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.actions: list[int] = []

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent a droplet."""
        tags = [f"{key}:{value}" for key, value in marks.items()]
        order = {"name": name, "region": "fra1", "size": "s-1vcpu-512mb-10gb", "image": "debian-12-x64", "tags": tags}
        made = heard(self.client.droplets.create(order, **PLAIN))
        (action,) = made["links"]["actions"]
        assert action["rel"] == "create"
        self.actions.append(action["id"])
        return str(made["droplet"]["id"])

    def wait(self, instance_id: str) -> None:
        """Wait for every action of a create."""
        assert instance_id
        for action in self.actions:
            while self.action(action)["status"] == "in-progress":
                time.sleep(0.05)

    def action(self, action_id: int) -> Any:
        """How an action stands."""
        return heard(self.client.actions.get(action_id, **PLAIN))["action"]

    def state(self, instance_id: str) -> str | None:
        """Its status."""
        shown = self.client.droplets.get(int(instance_id), **PLAIN)
        return None if shown.get("id") == NOT_FOUND else str(shown["droplet"]["status"])

    def addresses(self, instance_id: str) -> list[str]:
        """Its public addresses."""
        droplet = heard(self.client.droplets.get(int(instance_id), **PLAIN))["droplet"]
        return [str(net["ip_address"]) for net in droplet["networks"]["v4"] if net["type"] == "public"]

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By the tag of the agent."""
        key, value = next(iter(marks.items()))
        found = heard(self.client.droplets.list(tag_name=f"{key}:{value}", **PLAIN))["droplets"]
        return {str(droplet["id"]) for droplet in found}

    def everything(self) -> set[str]:
        """Over pages of 2, as long as there is a next one."""
        names: set[str] = set()
        for page in range(1, 10):
            answer = heard(self.client.droplets.list(per_page=2, page=page, **PLAIN))
            names |= {droplet["name"] for droplet in answer["droplets"]}
            if "next" not in answer["links"]["pages"]:
                assert answer["meta"]["total"] == len(names)
                break
        return names

    def points(self, instance_id: str) -> int:
        """Of its load."""
        now = int(time.time())
        span = {"start": str(now - 3600), "end": str(now)}
        answer = heard(self.client.monitoring.get_droplet_load1_metrics(host_id=instance_id, **span, **PLAIN))
        (series,) = answer["data"]["result"]
        assert series["metric"]["host_id"] == instance_id
        assert all(float(value) > 0 for _, value in series["values"])
        return len(series["values"])

    def delete(self, instance_id: str) -> None:
        """Destroy the droplet."""
        assert self.client.droplets.destroy(int(instance_id), **PLAIN) is None


def heard(answer: Any) -> Any:
    """*answer*, if it is no complaint: the library hands some of them over like any answer."""
    assert set(answer) != {"id", "message"}, answer
    return answer


@contextmanager
def library(sandbox: Sandbox) -> Iterator[Pydo]:
    """DigitalOcean's library, pointed at the sandbox, without patience of its own."""
    place = sandbox.places.vendors["digitalocean"]
    with Client(token=place.credentials["token"], endpoint=place.url, retry_total=0) as client:
        yield Pydo(client)


async def test_digitaloceans_own_library_is_fooled(sandbox: Sandbox) -> None:
    """A whole life: actions, tags, pages by link, metrics, 404."""
    with library(sandbox) as pydo:
        await live(pydo, RESIDENT, ready="active")


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        (FaultKind.CAPACITY, 422, "Size is not available in this region"),
        (FaultKind.QUOTA, 422, "will exceed your droplet limit"),
        (FaultKind.DENIED, 401, "Unable to authenticate you"),
        (FaultKind.THROTTLED, 429, "API Rate limit exceeded"),
        (FaultKind.ERROR, 500, "Unexpected server-side error"),
    ],
)
async def test_its_refusals_are_digitaloceans(sandbox: Sandbox, kind: FaultKind, status: int, says: str) -> None:
    """As the library reads them; nothing is rented."""
    with library(sandbox) as pydo:
        sandbox.control.inject(Fault(kind=kind, operation="create", count=1))
        assert says in await asyncio.to_thread(_complaint, lambda: pydo.create("n", {}))
    assert sandbox.control.requests("digitalocean")[-1].status == status
    assert len(sandbox.control.instances("digitalocean")) == 2


def _complaint(call: Callable[[], object]) -> str:
    try:
        call()
    except (HttpResponseError, AssertionError) as refused:
        response = getattr(refused, "response", None)
        return str(response.text()) if response is not None else str(refused)
    return ""


async def test_the_same_order_twice_is_two_droplets(sandbox: Sandbox) -> None:
    """There is no key against doubles."""
    with library(sandbox) as pydo:
        made = {await asyncio.to_thread(pydo.create, "twin", {}) for _ in range(2)}
    assert len(made) == 2


async def test_a_build_that_fails_is_told_by_its_action(sandbox: Sandbox) -> None:
    """Without a reason, as DigitalOcean does it."""
    with library(sandbox) as pydo:
        sandbox.control.inject(Fault(kind=FaultKind.FAILED, count=1))

        def build() -> Any:
            pydo.wait(pydo.create("n", {}))
            return pydo.action(pydo.actions[0])

        action = await asyncio.to_thread(build)
    assert (action["status"], action["type"]) == ("errored", "create")
