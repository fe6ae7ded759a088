"""Every request that digitalocean.yaml makes, judged by DigitalOcean's OpenAPI document."""

from pathlib import Path

import pytest

from tests.proof.prism import prism
from tests.proof.proving import Proof, prove
from tests.proof.rehearsal import AGENT, rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

DIGITALOCEAN = Proof(
    paths={"/v2": "/v2"},
    required=("name", "size", "image"),
    wrong={"per_page": "many", "page": "second", "type": "weather"},
    identifier="(?<=/)[0-9]{9,}",
)
NETWORKS: tuple[dict[str, object], ...] = ({}, {"ssh_keys": [289794], "vpc_uuid": AGENT, "ipv6": True})


async def test_digitalocean_accepts_what_we_send_and_would_not_accept_less(specs: Path, tmp_path: Path) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await rehearse("digitalocean", networks=NETWORKS, series={"droplet": "355100011", "metric": "load_5"})
    assert DIGITALOCEAN.summary(requests, {"[0-9]{9,}": "ID"}) == {
        *("GET /v2/account", "GET /v2/sizes", "GET /v2/images", "GET /v2/regions", "GET /v2/vpcs", "GET /v2/firewalls"),
        *(
            "GET /v2/actions",
            "GET /v2/actions/ID",
            "GET /v2/monitoring/metrics/droplet/load_1",
            "GET /v2/monitoring/metrics/droplet/load_5",
        ),
        *("GET /v2/droplets", "GET /v2/droplets/ID", "POST /v2/droplets", "DELETE /v2/droplets/ID"),
    }
    with prism(specs / "digitalocean" / "openapi.json", tmp_path) as server:
        assert await prove(DIGITALOCEAN, requests, server) > 40
