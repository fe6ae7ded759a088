"""Every request that azure.yaml makes of compute and network, judged by Azure's OpenAPI documents."""

import json
from pathlib import Path

import httpx
import pytest

from tests.cloud.entries import Scene, entry
from tests.fakes.vendor import answer
from tests.proof.prism import prism
from tests.proof.proving import Proof, prove
from tests.proof.rehearsal import rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]

OLD = "1999-01-01"
COMPUTE = Proof(
    paths={"/manager": ""},
    required=("properties.storageProfile.osDisk.createOption",),
    wrong={"api-version": OLD, "$expand": "everything", "forceDeletion": "perhaps"},
)
NETWORK = Proof(paths={"/manager": ""}, wrong={"api-version": OLD})
NETWORKS: tuple[dict[str, object], ...] = (
    {},
    {"security_group": {"id": "/subscriptions/x/y"}, "virtual_network": "n", "subnet": "s", "public_address": None},
)
SUBSCRIPTION = "fed9fe4c-5871-4957-ab75-5bc63c8bf9c1"
LEASE = "probe-0a1b2c3d-0123456789ab"
GROUP = "/subscriptions/ID/resourceGroups/probe/providers"


async def left_over() -> list[httpx.Request]:
    """What is asked when a disk and an interface outlived their machine."""
    account = {"tenant": "t", "subscription": SUBSCRIPTION, "resource_group": "probe"}
    endpoints = {"api": "http://127.0.0.1:1/manager"}
    chosen = entry("azure", {"client_id": "i", "client_secret": "s"}, endpoints, region="westeurope", account=account)
    token = answer(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 3599})
    scene = Scene(chosen, token, answer(202))
    await scene.cloud.delete_residual("disks", "osdisk_1f", scene.watch)
    interface = f"{GROUP.replace('ID', SUBSCRIPTION)}/Microsoft.Network/networkInterfaces/{LEASE}"
    await scene.cloud.delete_residual("interfaces", interface, scene.watch)
    return scene.wire.asked


def without_answers(document: Path, folder: Path) -> Path:
    """A copy of *document* in which answers are empty: Prism cannot make up an interface, whose schema goes in circles.

    What it says of requests stays.
    """
    content = json.loads(document.read_text("utf-8"))
    for path in content["paths"].values():
        for method in {"get", "delete"} & path.keys():
            path[method]["responses"] = {"200": {"description": "empty"}}
    copied = folder / document.name
    copied.write_text(json.dumps(content), "utf-8")
    return copied


async def test_azure_accepts_what_we_send_and_would_not_accept_less(specs: Path, tmp_path: Path) -> None:
    """Each request fits the documents, and each spoilt copy of it does not."""
    requests = await rehearse("azure", networks=NETWORKS, series={"name": "web-1", "metric": "Network In Total"})
    requests += await left_over()
    names = {"[0-9a-f]{8}-[0-9a-f-]{27}": "ID", "probe-[0-9a-f]{8}-[0-9a-f]{12}": "NAME", "osdisk_[0-9a-f]+": "DISK"}
    assert COMPUTE.summary(requests, names) == {
        f"PUT {GROUP}/Microsoft.Compute/virtualMachines/NAME",
        f"GET {GROUP}/Microsoft.Compute/virtualMachines/NAME",
        f"GET {GROUP}/Microsoft.Compute/virtualMachines",
        f"DELETE {GROUP}/Microsoft.Compute/virtualMachines/NAME",
        f"GET {GROUP}/Microsoft.Compute/disks",
        f"DELETE {GROUP}/Microsoft.Compute/disks/DISK",
        f"DELETE {GROUP}/Microsoft.Network/networkInterfaces/NAME",
        f"GET {GROUP}/Microsoft.Network/networkInterfaces/NAME",
        f"GET {GROUP}/Microsoft.Network/publicIPAddresses/NAME",
        f"GET {GROUP}/Microsoft.Network/networkInterfaces",
        f"GET {GROUP}/Microsoft.Network/virtualNetworks",
        "GET /subscriptions/ID/providers/Microsoft.Compute/locations/westeurope/usages",
        "GET /subscriptions/ID/providers/Microsoft.Compute/locations/westeurope/operations/ID",
    }
    # Where an operation goes on is Azure's own word and stands in no document.
    compute = [r for r in requests if "/Microsoft.Compute/" in r.url.path and "/operations/" not in r.url.path]
    network = [r for r in requests if "/Microsoft.Network/" in r.url.path]
    with prism(specs / "azure" / "compute.json", tmp_path) as server:
        assert await prove(COMPUTE, compute, server) > 60
    with prism(without_answers(specs / "azure" / "network.json", tmp_path), tmp_path) as server:
        assert await prove(NETWORK, network, server) >= 8
