"""The control endpoint, as a person with curl sees it."""

import time

import httpx
import pytest

from probe.sandbox import Fault, FaultKind, Sandbox, UnknownToSandbox

Client = httpx.AsyncClient


async def test_the_state_shows_everything(sandbox: Sandbox, client: Client) -> None:
    """Vendors, their characters, their instances, the faults at work."""
    sandbox.control.inject(Fault(kind=FaultKind.SLOW, vendor="aws", seconds=1.0))
    state = (await client.get(f"{sandbox.places.control}/state")).json()
    aws = state["vendors"]["aws"]
    assert (aws["plays"], aws["character"], aws["weather"], aws["requests"]) == ("Amazon EC2", "swift", "good", 0)
    assert [item["name"] for item in aws["instances"]] == ["web-1", "probe-lookalike"]
    assert [(fault["kind"], fault["seconds"]) for fault in aws["faults"]] == [("slow", 1.0)]
    assert state["targets"] == {"faults": []}


async def test_a_fault_is_posted_strikes_and_is_withdrawn(sandbox: Sandbox, client: Client) -> None:
    """In the words of the data files."""
    control, place = sandbox.places.control, sandbox.places.vendors["openstack"]
    fault = {"kind": "error", "vendor": "openstack", "rate": "100%", "lasts": "5m"}
    made = await client.post(f"{control}/faults", json=fault)
    assert made.status_code == 201
    (handle,) = made.json()["handles"]
    assert (await client.get(place.endpoints["auth"])).status_code == 500
    assert (await client.delete(f"{control}/faults/{handle}")).status_code == 204
    assert (await client.get(place.endpoints["auth"])).status_code == 200


async def test_a_fault_for_all_vendors_strikes_all_and_clearing_ends_all(sandbox: Sandbox, client: Client) -> None:
    """`*` by default."""
    control = sandbox.places.control
    handles = (await client.post(f"{control}/faults", json={"kind": "reset"})).json()["handles"]
    assert [handle.partition("/")[0] for handle in handles] == ["openstack", "aws", "rackspace"]
    await client.delete(f"{control}/faults")
    state = (await client.get(f"{control}/state")).json()
    assert all(vendor["faults"] == [] for vendor in state["vendors"].values())


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"kind": "earthquake"}, 400, "kind must be one of slow, hang"),
        ({"kind": "slow", "second": "1s"}, 400, "second is not known here"),
        ({"kind": "slow", "seconds": "soon"}, 400, "seconds is no duration"),
        ({"kind": "slow", "vendor": "moon"}, 404, "there is no vendor moon here; there are openstack, aws"),
        ([], 400, "must be a mapping"),
    ],
)
async def test_a_wrong_request_is_answered_by_a_sentence(
    sandbox: Sandbox, client: Client, body: object, status: int, says: str
) -> None:
    """What is wrong, and what would be right."""
    answer = await client.post(f"{sandbox.places.control}/faults", json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]


async def test_only_json_is_taken(sandbox: Sandbox, client: Client) -> None:
    """A page in a browser cannot post a form here."""
    answer = await client.post(f"{sandbox.places.control}/faults", content='{"kind": "reset"}')
    assert answer.status_code == 400
    assert not sandbox.control.vendor("aws").faults.active()


async def test_bystanders_and_the_truth(sandbox: Sandbox, client: Client) -> None:
    """Somebody else's instance, and when things happened, on this machine's monotonic clock."""
    control = sandbox.places.control
    body = {"vendor": "aws", "name": "theirs", "marks": {"stability-probe": "somebody"}}
    made = (await client.post(f"{control}/bystanders", json=body)).json()["id"]
    assert made.startswith("i-")
    assert sandbox.control.instances("aws")[-1].marks == {"stability-probe": "somebody"}
    truth = (await client.get(f"{control}/instances/{made}")).json()
    assert truth["accepted"] < time.perf_counter()
    assert truth["gone"] is None
    assert (await client.get(f"{control}/instances/nobody")).status_code == 404


async def test_requests_are_remembered(sandbox: Sandbox, client: Client) -> None:
    """What was asked, in order, and what it got."""
    await client.get(sandbox.places.vendors["openstack"].endpoints["auth"] + "?a=b")
    (logged,) = (await client.get(f"{sandbox.places.control}/requests?vendor=openstack")).json()
    assert (logged["operation"], logged["status"], logged["path"]) == ("version", 200, "/identity/v3?a=b")


async def test_what_is_unknown_is_told(sandbox: Sandbox) -> None:
    """By name, with what there is."""
    with pytest.raises(UnknownToSandbox, match="no vendor moon"):
        sandbox.control.instances("moon")
    with pytest.raises(UnknownToSandbox, match="no vendor moon"):
        sandbox.control.clear("moon")
