"""The pretend Google Compute Engine, spoken to by Google's own library."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from probe.sandbox import Fault, FaultKind, Sandbox
from tests.sandbox.official import live

PLAYS: Final = ("gce",)
RESIDENT: Final = "web-1"
ZONE: Final = "europe-west1-b"
SCOPES: Final = ["https://www.googleapis.com/auth/compute", "https://www.googleapis.com/auth/monitoring.read"]


class Google:
    """google-api-python-client in the words of `Sdk`."""

    def __init__(self, compute: Any, monitoring: Any, project: str) -> None:
        self.compute = compute
        self.monitoring = monitoring
        self.place = {"project": project, "zone": ZONE}
        self.operations: dict[str, str] = {}

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent an instance, which is called by its name."""
        body = {
            "name": name,
            "machineType": f"zones/{ZONE}/machineTypes/e2-micro",
            "labels": dict(marks),
            "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": "debian"}}],
            "networkInterfaces": [
                {"network": "global/networks/default", "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}
            ],
        }
        operation = self.compute.instances().insert(**self.place, body=body).execute()
        assert (operation["kind"], operation["operationType"]) == ("compute#operation", "insert")
        self.operations[name] = operation["name"]
        return name

    def operation(self, name: str) -> Any:
        """How the making of an instance stands."""
        return self.compute.zoneOperations().get(**self.place, operation=self.operations[name]).execute()

    def wait(self, instance_id: str) -> None:
        """Until its operation is done."""
        while self.operation(instance_id)["status"] != "DONE":
            time.sleep(0.05)

    def state(self, instance_id: str) -> str | None:
        """Its status."""
        try:
            shown = self.compute.instances().get(**self.place, instance=instance_id).execute()
        except HttpError as error:
            if error.status_code != HTTPStatus.NOT_FOUND:
                raise
            return None
        return str(shown["status"])

    def addresses(self, instance_id: str) -> list[str]:
        """Its public addresses."""
        shown = self.compute.instances().get(**self.place, instance=instance_id).execute()
        return [access["natIP"] for card in shown["networkInterfaces"] for access in card["accessConfigs"]]

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """By a label."""
        key, value = next(iter(marks.items()))
        return {item["name"] for item in self._listed(filter=f"labels.{key}={value}")}

    def everything(self) -> set[str]:
        """In whatever zone, over pages of 2."""
        api, names = self.compute.instances(), set()
        request = api.aggregatedList(project=self.place["project"], maxResults=2)
        while request is not None:
            answer = request.execute()
            names |= {item["name"] for zone in answer["items"].values() for item in zone.get("instances", ())}
            request = api.aggregatedList_next(request, answer)
        return names

    def points(self, instance_id: str) -> int:
        """Of its processor."""
        now = time.time()
        answer = (
            self.monitoring.projects()
            .timeSeries()
            .list(
                name=f"projects/{self.place['project']}",
                filter=f'metric.type="compute.googleapis.com/instance/cpu/utilization" '
                f'AND metric.labels.instance_name="{instance_id}"',
                interval_startTime=stamp(now - 3600),
                interval_endTime=stamp(now),
            )
            .execute()
        )
        (series,) = answer["timeSeries"]
        ends = [point["interval"]["endTime"] for point in series["points"]]
        assert ends == sorted(ends, reverse=True)
        return len(ends)

    def delete(self, instance_id: str) -> None:
        """Give it back."""
        operation = self.compute.instances().delete(**self.place, instance=instance_id).execute()
        assert operation["operationType"] == "delete"

    def _listed(self, **how: str) -> Iterator[Any]:
        api = self.compute.instances()
        request = api.list(**self.place, maxResults=2, **how)
        while request is not None:
            answer = request.execute()
            yield from answer.get("items", ())
            request = api.list_next(request, answer)


def stamp(seconds: float) -> str:
    """A moment as Google writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def library(sandbox: Sandbox, **changes: str) -> Iterator[Google]:
    """Google's library with the sandbox's key file, pointed at the sandbox."""
    place = sandbox.places.vendors["gce"]
    key = json.loads(place.credentials["service_account"])
    key |= {"token_uri": place.endpoints["auth"], **changes}
    credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        key, scopes=SCOPES
    )
    root, _, _ = place.endpoints["api"].partition("/compute/")
    made = [
        build(name, version, credentials=credentials, client_options={"api_endpoint": f"{root}/{path}"})
        for name, version, path in (("compute", "v1", "compute/v1/"), ("monitoring", "v3", ""))
    ]
    try:
        yield Google(made[0], made[1], place.account["project"])
    finally:
        for service in made:
            service.close()


async def test_googles_own_library_is_fooled(sandbox: Sandbox) -> None:
    """A whole life: an assertion for a token, operations, labels, pages, the aggregated list, time series, 404."""
    with library(sandbox) as google:
        await live(google, RESIDENT, ready="RUNNING")


async def test_an_assertion_of_another_service_account_is_refused(sandbox: Sandbox) -> None:
    """As Google refuses it, and its library understands it."""
    another = "somebody@else.iam.gserviceaccount.com"
    with library(sandbox, client_email=another) as google, pytest.raises(RefreshError, match="invalid_grant"):
        await asyncio.to_thread(google.everything)


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        (FaultKind.QUOTA, 403, "quotaExceeded"),
        (FaultKind.THROTTLED, 403, "rateLimitExceeded"),
        (FaultKind.ERROR, 503, "backendError"),
    ],
)
async def test_its_refusals_are_googles(sandbox: Sandbox, kind: FaultKind, status: int, reason: str) -> None:
    """As the library reads them; nothing is rented."""
    with library(sandbox) as google:
        sandbox.control.inject(Fault(kind=kind, operation="create", count=1))
        refused = await asyncio.to_thread(_refusal, lambda: google.create("n", {}))
    assert (refused.status_code, refused.error_details[0]["reason"]) == (status, reason)
    assert len(sandbox.control.instances("gce")) == 2


async def test_the_same_name_again_is_refused(sandbox: Sandbox) -> None:
    """Names are unique in a zone."""
    with library(sandbox) as google:
        await asyncio.to_thread(google.create, "twin", {})
        refused = await asyncio.to_thread(_refusal, lambda: google.create("twin", {}))
    assert (refused.status_code, refused.error_details[0]["reason"]) == (409, "alreadyExists")


async def test_no_room_is_told_by_the_operation_in_a_200(sandbox: Sandbox) -> None:
    """The create itself is answered as if nothing were wrong."""
    with library(sandbox) as google:
        sandbox.control.inject(Fault(kind=FaultKind.CAPACITY, count=1))

        def build_one() -> Any:
            google.wait(google.create("n", {}))
            return google.operation("n")

        operation = await asyncio.to_thread(build_one)
    assert operation["error"]["errors"][0]["code"] == "ZONE_RESOURCE_POOL_EXHAUSTED"


def _refusal(call: Callable[[], object]) -> HttpError:
    with pytest.raises(HttpError) as refused:
        call()
    return refused.value
