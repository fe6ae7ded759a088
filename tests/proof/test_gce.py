"""Every request that gce.yaml makes, judged by Google's documents.

Prism judges those to Compute Engine by the OpenAPI document that was made of its discovery document. That document is
older than the dead man's switch, looks closely at types only, and knows no Cloud Monitoring; therefore the discovery
documents of today, which google-api-python-client carries along, judge everything once more.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.proof.discovery import Discovery
from tests.proof.prism import prism
from tests.proof.proving import Proof, prove, spoilt
from tests.proof.rehearsal import rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

PROJECT: Final = "/projects/pretend-123456"
COMPUTE: Final = f"/compute/v1{PROJECT}"
MONITORING: Final = f"/v3{PROJECT}"
NETWORKS: Final[tuple[Mapping[str, object], ...]] = (
    {},
    {
        "network": "global/networks/own",
        "subnetwork": "regions/europe-west1/subnetworks/own",
        "access": [],
        "tags": {"items": ["ssh"]},
    },
)
SERIES: Final = {
    "filter": 'metric.type="compute.googleapis.com/instance/uptime" AND metric.labels.instance_name="web-1"'
}
NAMES: Final = {"operation-[0-9a-f]+": "OPERATION", "instances/probe-[0-9a-f-]+": "instances/NAME", PROJECT: ""}
LIFE: Final = {
    "POST /zones/europe-west1-b/instances",
    "GET /zones/europe-west1-b/operations/OPERATION",
    "GET /zones/europe-west1-b/instances/NAME",
    "GET /zones/europe-west1-b/instances",
    "DELETE /zones/europe-west1-b/instances/NAME",
    "GET /zones/europe-west1-b/machineTypes",
    "GET /regions",
    "GET /aggregated/instances",
    "GET /zones/europe-west1-b/operations",
}

OPEN: Final = "any list of objects will do: the document requires nothing of them, and forbids nothing in them"
GCE: Final = Proof(
    paths={COMPUTE: PROJECT},
    wrong={"maxResults": "many"},
    unchecked={
        "wrong disks": OPEN,
        "wrong networkInterfaces": OPEN,
        "wrong networkInterfaces.0.accessConfigs": OPEN,
        "wrong metadata.items": OPEN,
        "wrong scheduling.maxRunDuration*": "the document is older than the dead man's switch",
    },
)
TODAY: Final = Proof(
    paths={COMPUTE: COMPUTE, MONITORING: MONITORING},
    wrong={
        "maxResults": "many",
        "view": "BRIEF",
        "interval.startTime": "yesterday",
        "interval.endTime": "now",
    },
    identifier="europe-west1-b|(?<=instances/)probe-[0-9a-f-]+|operation-[0-9a-f]+",
)


async def requested() -> list[httpx.Request]:
    """What the file makes of all that the agent can want."""
    return await rehearse("gce", networks=NETWORKS, series=SERIES)


async def test_compute_engine_accepts_what_we_send_and_would_not_accept_less(specs: Path, tmp_path: Path) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await requested()
    assert GCE.summary(requests, NAMES) == LIFE
    with prism(specs / "gce" / "openapi.json", tmp_path) as server:
        assert await prove(GCE, requests, server) > 30


async def test_google_as_it_is_today_accepts_it_and_would_not_accept_less() -> None:
    """By the discovery documents: the dead man's switch and Cloud Monitoring, too; nothing that they do not know."""
    judges = {COMPUTE: Discovery("compute.v1"), MONITORING: Discovery("monitoring.v3")}
    requests = [request for request in await requested() if TODAY.judged(request)]
    assert TODAY.summary(requests, {**NAMES, "^/compute/v1|^/v3": ""}) == {*LIFE, "GET /timeSeries"}
    refused, passed = 0, set[str]()
    for request in requests:
        judge = next(judge for path, judge in judges.items() if request.url.path.startswith(path))
        assert judge.complaint(request) == "", f"{request.method} {request.url} {request.content.decode()}"
        before = refused
        for what, wrong in spoilt(TODAY, request):
            if judge.complaint(wrong):
                refused += 1
            else:
                passed.add(f"{request.method} {request.url.path} with {what}")
        assert refused > before
    assert passed == set()
    assert refused > 50
