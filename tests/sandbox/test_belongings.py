"""What waits to be started, and what comes with an instance and may outlive it."""

import json
from typing import Any

import pytest

from probe.sandbox import Fault, FaultKind
from probe.sandbox.requests import Asked
from probe.sandbox.vendor import PretendVendor
from tests.fakes.clock import FakeClock
from tests.sandbox.conftest import Play


class Customer:
    """Somebody who asks a vendor that has instances wait."""

    def __init__(self, vendor: PretendVendor) -> None:
        self.vendor = vendor
        self.status = 0

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded body of the answer."""
        path, _, query = path.partition("?")
        headers = {"content-type": "application/json"}
        content = json.dumps(body).encode() if body else b""
        asked = Asked(method=method, path=path, raw_path=path, query_string=query, headers=headers, body=content)
        reply = await self.vendor.answer(asked)
        self.status = reply.status
        return json.loads(reply.body)


@pytest.fixture
def customer(play: Play) -> Customer:
    """Builds take 0.3 s, deletions 0.2 s."""
    return Customer(play("waiting"))


async def test_what_is_created_waits_until_it_is_started(customer: Customer, clock: FakeClock) -> None:
    """Its build begins then, and it has an address only afterwards."""
    thing = await customer.ask("POST", "/things", {"name": "one"})
    clock.pass_time(60.0)
    assert (await customer.ask("GET", f"/things/{thing['id']}"))["state"] == "stopped"
    assert (await customer.ask("POST", f"/things/{thing['id']}/action", {"action": "start"}))["state"] == "starting"
    await customer.ask("POST", f"/things/{thing['id']}/action", {"action": "start"})
    assert customer.status == 409
    clock.pass_time(0.3)
    assert (await customer.ask("GET", f"/things/{thing['id']}"))["state"] == "running"


async def test_what_goes_with_its_instance_and_what_stays(customer: Customer, clock: FakeClock) -> None:
    """The way in which it is given back decides; what stays can be marked, found and deleted."""
    first, second = [(await customer.ask("POST", "/things", {"name": name})) for name in ("one", "two")]
    marked = await customer.ask("PATCH", f"/volumes/{first['volume']}", {"tags": ["ours"]})
    assert (marked["tags"], marked["by"], marked["used"]) == (["ours"], first["id"], True)
    await customer.ask("DELETE", f"/volumes/{first['volume']}")
    assert customer.status == 409
    await customer.ask("POST", f"/things/{second['id']}/action", {"action": "start"})
    clock.pass_time(0.3)
    await customer.ask("POST", f"/things/{second['id']}/action", {"action": "end"})
    await customer.ask("DELETE", f"/things/{first['id']}")
    clock.pass_time(0.2)
    assert await customer.ask("GET", "/volumes?tags=ours&page=1") == {
        "volumes": [{"id": first["volume"], "tags": ["ours"], "used": False, "by": None}],
        "total": 1,
    }
    assert (await customer.ask("GET", "/volumes"))["total"] == 1
    await customer.ask("DELETE", f"/volumes/{first['volume']}")
    assert (await customer.ask("GET", "/volumes"))["total"] == 0
    await customer.ask("DELETE", f"/volumes/{first['volume']}")
    assert customer.status == 404


async def test_a_leftover_can_be_ordered(customer: Customer, clock: FakeClock) -> None:
    """Whatever the vendor says of its way to delete."""
    thing = await customer.ask("POST", "/things", {"name": "one"})
    await customer.ask("POST", f"/things/{thing['id']}/action", {"action": "start"})
    clock.pass_time(0.3)
    customer.vendor.faults.inject(Fault(kind=FaultKind.LEFTOVER, count=1))
    await customer.ask("POST", f"/things/{thing['id']}/action", {"action": "end"})
    clock.pass_time(0.2)
    assert [volume["id"] for volume in (await customer.ask("GET", "/volumes"))["volumes"]] == [thing["volume"]]


async def test_what_is_in_no_state_for_it_is_not_given_back(customer: Customer) -> None:
    """A conflict, and nothing happens."""
    thing = await customer.ask("POST", "/things", {"name": "one"})
    await customer.ask("POST", f"/things/{thing['id']}/action", {"action": "end"})
    assert customer.status == 409
    assert (await customer.ask("GET", f"/things/{thing['id']}"))["state"] == "stopped"
