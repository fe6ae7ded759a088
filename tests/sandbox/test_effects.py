"""Faults of the vendor's own doing, on a clock that waits for nobody: each one does what it says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from probe.sandbox import Fault, FaultKind
from probe.sandbox.requests import Asked
from probe.sandbox.vendor import Cut, PretendVendor, Reply
from probe.sandbox.views import marks_of
from tests.fakes.clock import FakeClock
from tests.sandbox.conftest import Play

NOVA = "/compute/v2.1/servers"


class Customer:
    """Speaks Nova to a vendor, without a wire."""

    def __init__(self, vendor: PretendVendor) -> None:
        self.vendor = vendor
        self.token = vendor.tokens.issue(1e9)

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Reply:
        """One request."""
        path, _, query = path.partition("?")
        headers = {"x-auth-token": self.token, "content-type": "application/json"}
        content = json.dumps(body).encode() if body else b""
        return await self.vendor.answer(
            Asked(
                method=method,
                path=path,
                raw_path=path,
                query_string=query,
                headers=headers,
                body=content,
                base="http://h",
            )
        )

    async def order(self, name: str = "ours") -> str:
        """The id of a new server."""
        server = {"name": name, "flavorRef": "1", "imageRef": "i", "metadata": {"probe": name}}
        reply = await self.ask("POST", NOVA, {"server": server})
        assert reply.status == 202, reply
        return str(json.loads(reply.body)["server"]["id"])

    async def show(self, instance_id: str) -> dict[str, Any] | None:
        """The server; None if there is none."""
        reply = await self.ask("GET", f"{NOVA}/{instance_id}")
        server: dict[str, Any] | None = None if reply.status == 404 else json.loads(reply.body)["server"]
        return server

    async def listed(self) -> set[str]:
        """The ids in the list."""
        reply = await self.ask("GET", f"{NOVA}/detail")
        return {server["id"] for server in json.loads(reply.body)["servers"]}


@pytest.fixture
def vendor(play: Play) -> PretendVendor:
    """A pretend OpenStack: builds take 0.3 s, deletes 0.2 s, deleted servers linger for 1 s."""
    return play("openstack")


@pytest.fixture
def customer(vendor: PretendVendor) -> Customer:
    """Its customer."""
    return Customer(vendor)


def inject(vendor: PretendVendor, kind: FaultKind, seconds: float = 0.0, count: int | None = 1) -> None:
    """Let it strike."""
    vendor.faults.inject(Fault(kind=kind, seconds=seconds, count=count))


async def test_stuck_never_becomes_ready(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """BUILD for ever, and deletable."""
    inject(vendor, FaultKind.STUCK)
    instance_id = await customer.order()
    clock.pass_time(86_400.0)
    shown = await customer.show(instance_id)
    assert shown is not None
    assert shown["status"] == "BUILD"
    assert (await customer.ask("DELETE", f"{NOVA}/{instance_id}")).status == 204
    clock.pass_time(2.0)
    assert await customer.show(instance_id) is None


async def test_failed_ends_in_the_error_state_with_a_reason(
    vendor: PretendVendor, customer: Customer, clock: FakeClock
) -> None:
    """ERROR, after the time that a build takes."""
    inject(vendor, FaultKind.FAILED)
    instance_id = await customer.order()
    shown = await customer.show(instance_id)
    assert shown is not None
    assert shown["status"] == "BUILD"
    clock.pass_time(0.3)
    shown = await customer.show(instance_id)
    assert shown is not None
    assert (shown["status"], shown["fault"]["message"], shown["addresses"]) == ("ERROR", "the build failed", {})


async def test_no_room_is_found_out_late_where_the_vendor_does_so(
    vendor: PretendVendor, customer: Customer, clock: FakeClock
) -> None:
    """Nova takes the order and finds no host."""
    inject(vendor, FaultKind.CAPACITY)
    instance_id = await customer.order()
    clock.pass_time(0.3)
    shown = await customer.show(instance_id)
    assert shown is not None
    assert shown["fault"]["message"] == "No valid host was found. "


async def test_quota_is_refused_and_counts_what_is_there(vendor: PretendVendor, customer: Customer) -> None:
    """By fault, and by itself when the account is full."""
    inject(vendor, FaultKind.QUOTA)
    reply = await customer.ask("POST", NOVA, {"server": {"name": "x"}})
    assert reply.status == 403
    assert b"Quota exceeded for instances: Requested 1, but already used 2 of 40 instances" in reply.body
    for _ in range(38):
        await customer.order()
    assert (await customer.ask("POST", NOVA, {"server": {"name": "x"}})).status == 403


async def test_vanish_is_gone_without_having_been_deleted(
    vendor: PretendVendor, customer: Customer, clock: FakeClock
) -> None:
    """It was there, and then it was not."""
    inject(vendor, FaultKind.VANISH, seconds=3.0)
    instance_id = await customer.order()
    clock.pass_time(2.9)
    assert await customer.show(instance_id)
    clock.pass_time(0.1)
    assert await customer.show(instance_id) is None
    assert instance_id not in await customer.listed()


async def test_get_delay_hides_it_from_its_id(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """Created, and not found for two seconds; the list has it already."""
    inject(vendor, FaultKind.GET_DELAY, seconds=2.0)
    instance_id = await customer.order()
    assert await customer.show(instance_id) is None
    assert instance_id in await customer.listed()
    clock.pass_time(2.0)
    assert await customer.show(instance_id)


async def test_list_delay_hides_it_from_lists(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """Created, and in no list for two seconds; its id finds it."""
    inject(vendor, FaultKind.LIST_DELAY, seconds=2.0)
    instance_id = await customer.order()
    assert await customer.show(instance_id)
    assert instance_id not in await customer.listed()
    clock.pass_time(2.0)
    assert instance_id in await customer.listed()


async def test_ghost_stays_in_lists(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """Gone by its id, there in the list, looking as before."""
    inject(vendor, FaultKind.GHOST, seconds=10.0)
    instance_id = await customer.order()
    clock.pass_time(1.0)
    await customer.ask("DELETE", f"{NOVA}/{instance_id}")
    clock.pass_time(2.0)
    assert await customer.show(instance_id) is None
    assert instance_id in await customer.listed()
    assert vendor.instances.alive()[-1].instance_id != instance_id
    clock.pass_time(10.0)
    assert instance_id not in await customer.listed()


async def test_slow_delete_takes_longer(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """Acknowledged at once, done later."""
    inject(vendor, FaultKind.SLOW_DELETE, seconds=60.0)
    instance_id = await customer.order()
    assert (await customer.ask("DELETE", f"{NOVA}/{instance_id}")).status == 204
    clock.pass_time(60.0)
    shown = await customer.show(instance_id)
    assert shown is not None
    assert shown["OS-EXT-STS:task_state"] == "deleting"
    clock.pass_time(1.3)
    assert await customer.show(instance_id) is None


async def test_lying_delete_does_nothing(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """204, and it is there as before; the next delete works."""
    inject(vendor, FaultKind.LYING_DELETE)
    instance_id = await customer.order()
    clock.pass_time(1.0)
    assert (await customer.ask("DELETE", f"{NOVA}/{instance_id}")).status == 204
    clock.pass_time(3600.0)
    shown = await customer.show(instance_id)
    assert shown is not None
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", None)
    await customer.ask("DELETE", f"{NOVA}/{instance_id}")
    clock.pass_time(2.0)
    assert await customer.show(instance_id) is None


async def test_failing_delete_is_an_error_of_that_operation(vendor: PretendVendor, customer: Customer) -> None:
    """`error` at `delete` leaves everything else alone."""
    vendor.faults.inject(Fault(kind=FaultKind.ERROR, operation="delete"))
    instance_id = await customer.order()
    reply = await customer.ask("DELETE", f"{NOVA}/{instance_id}")
    assert (reply.status, b"computeFault" in reply.body) == (500, True)
    assert await customer.show(instance_id)


async def test_lost_answer_does_what_was_asked(vendor: PretendVendor, customer: Customer) -> None:
    """The server is there; nobody was told."""
    inject(vendor, FaultKind.LOST_ANSWER)
    reply = await customer.ask("POST", NOVA, {"server": {"name": "orphan", "metadata": {"probe": "x"}}})
    assert reply.cut is Cut.RESET
    assert vendor.instances.alive()[-1].name == "orphan"


async def test_reset_and_hang_do_nothing(vendor: PretendVendor, customer: Customer) -> None:
    """The connection is cut before anything was done."""
    for kind, cut in ((FaultKind.RESET, Cut.RESET), (FaultKind.HANG, Cut.HANG)):
        inject(vendor, kind)
        reply = await customer.ask("POST", NOVA, {"server": {"name": "never"}})
        assert reply.cut is cut
    assert len(vendor.instances.alive()) == 2


async def test_slow_answers_later(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """By as much as it says."""
    inject(vendor, FaultKind.SLOW, seconds=7.0)
    before = clock.now()
    await customer.listed()
    assert clock.now() - before == 7.0


async def test_an_expired_token_is_forgotten(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """By fault, and by time."""
    inject(vendor, FaultKind.EXPIRED_TOKEN)
    assert [(await customer.ask("GET", f"{NOVA}/detail")).status for _ in range(2)] == [401, 401]
    inject(vendor, FaultKind.EXPIRED_TOKEN, seconds=30.0, count=None)
    customer.token = vendor.tokens.issue(100.0)
    assert (await customer.ask("GET", f"{NOVA}/detail")).status == 200
    clock.pass_time(30.0)
    assert (await customer.ask("GET", f"{NOVA}/detail")).status == 401
    vendor.faults.withdraw()
    customer.token = vendor.tokens.issue(10.0)
    assert (await customer.ask("GET", f"{NOVA}/detail")).status == 200
    clock.pass_time(10.0)
    assert (await customer.ask("GET", f"{NOVA}/detail")).status == 401


async def test_malformed_and_truncated(vendor: PretendVendor, customer: Customer) -> None:
    """One cannot be parsed, the other ends before its length."""
    inject(vendor, FaultKind.MALFORMED)
    reply = await customer.ask("GET", f"{NOVA}/detail")
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)
    inject(vendor, FaultKind.TRUNCATED)
    assert (await customer.ask("GET", f"{NOVA}/detail")).cut is Cut.TRUNCATE


@pytest.mark.parametrize(("kind", "points"), [(FaultKind.NO_POINTS, 0), (FaultKind.STALE_POINTS, 50)])
async def test_points_go_missing_or_stale(
    vendor: PretendVendor, customer: Customer, kind: FaultKind, points: int
) -> None:
    """None at all, or none of the last ten minutes."""
    inject(vendor, kind, seconds=600.0)
    subject = vendor.imitation.residents[0].instance_id
    reply = await customer.ask("GET", f"/metric/v1/resource/instance/{subject}/metric/cpu/measures")
    assert len(json.loads(reply.body)) == pytest.approx(points, abs=1)


async def test_unreachable_is_ready_and_silent(vendor: PretendVendor, customer: Customer, clock: FakeClock) -> None:
    """ACTIVE; its port never opens."""
    inject(vendor, FaultKind.UNREACHABLE)
    instance = vendor.instances.known(await customer.order())
    assert instance is not None
    clock.pass_time(1.0)
    assert instance.reachable == float("inf")
    assert instance.ready < clock.now()


@pytest.mark.parametrize(
    "written",
    [
        {"k": "v", "l": ""},
        '{"k": "v", "l": ""}',
        [{"Key": "k", "Value": "v"}, {"Key": "l"}],
        [{"key": "k", "value": "v"}, {"key": "l", "value": ""}],
        "k=v,l",
        "k==v, l",
    ],
)
def test_marks_in_any_notation_are_the_same_marks(written: object) -> None:
    """Mappings, pairs, JSON text and selectors."""
    assert marks_of(written) == {"k": "v", "l": ""}
