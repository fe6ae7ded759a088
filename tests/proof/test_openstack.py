"""Every request that openstack.yaml makes of Nova, judged by Nova's own OpenAPI document."""

from pathlib import Path

import pytest

from tests.proof.prism import prism
from tests.proof.proving import Proof, prove
from tests.proof.rehearsal import AGENT, rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

NOVA = Proof(
    credential="X-Auth-Token",
    paths={"/compute/v2.1": "/v2.1"},
    required=("server", "server.flavorRef", "server.name"),
    wrong={"limit": "many"},
)
NETWORKS: tuple[dict[str, object], ...] = ({}, {"networks": [{"uuid": AGENT}], "security_groups": [{"name": "ssh"}]})


async def test_nova_accepts_what_we_send_and_would_not_accept_less(specs: Path, tmp_path: Path) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await rehearse("openstack", networks=NETWORKS)
    assert NOVA.summary(requests, {"servers/[0-9a-f-]{36}": "servers/ID"}) == {
        "GET /v2.1/flavors",
        "GET /v2.1/limits",
        "POST /v2.1/servers",
        "GET /v2.1/servers/ID",
        "GET /v2.1/servers/detail",
        "DELETE /v2.1/servers/ID",
    }
    with prism(specs / "openstack" / "nova.json", tmp_path) as server:
        assert await prove(NOVA, requests, server) > 20
