"""Every request that hetzner.yaml makes, judged by Hetzner's OpenAPI document."""

from pathlib import Path

import pytest

from tests.proof.prism import prism
from tests.proof.proving import Proof, prove
from tests.proof.rehearsal import rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

HETZNER = Proof(
    paths={"/v1": ""},
    required=("name", "server_type", "image"),
    wrong={"per_page": "many", "page": "second", "type": "weather"},
    identifier="(?<=/)[0-9]{8,}",
)
NETWORKS: tuple[dict[str, object], ...] = (
    {},
    {
        "ssh_keys": ["mine"],
        "public_net": {"enable_ipv4": True, "enable_ipv6": False},
        "networks": [4711],
        "firewalls": [{"firewall": 38}],
    },
)


async def test_hetzner_accepts_what_we_send_and_would_not_accept_less(specs: Path, tmp_path: Path) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await rehearse("hetzner", networks=NETWORKS, series={"server": "41470011", "type": "disk"})
    assert HETZNER.summary(requests, {"[0-9]{8,}": "ID"}) == {
        *("GET /locations", "GET /server_types", "GET /images", "GET /networks", "GET /firewalls", "GET /primary_ips"),
        *("GET /pricing", "GET /actions/ID", "GET /servers", "GET /servers/ID", "GET /servers/ID/metrics"),
        *("POST /servers", "DELETE /servers/ID"),
    }
    with prism(specs / "hetzner" / "openapi.json", tmp_path) as server:
        assert await prove(HETZNER, requests, server) > 40
