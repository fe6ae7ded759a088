"""Every request that linode.yaml makes of what is not public, judged by Linode's OpenAPI document."""

from pathlib import Path

import pytest

from tests.proof.prism import prism
from tests.proof.proving import Proof, prove
from tests.proof.rehearsal import rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

DOCUMENT = Path(__file__).parent / "specs" / "linode" / "openapi.json"
LINODE = Proof(
    # Types and regions are for everybody, and have no parameters in this document: nothing to be wrong.
    paths={
        "/v4/linode/instances": "/linode/instances",
        "/v4/images": "/images",
        "/v4/profile": "/profile",
    },
    required=("type", "region"),
    wrong={"page_size": "24"},
    identifier="(?<=/)[0-9]{8}",
    unchecked={
        "wrong metadata": "the document is older than metadata (user data)",
        "wrong metadata.user_data": "the same",
        "wrong firewall_id": "the document is older than that, too",
    },
)


async def test_linode_accepts_what_we_send_and_would_not_accept_less(tmp_path: Path) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await rehearse("linode", networks=({}, {"firewall_id": 38}))
    assert LINODE.summary(requests, {"[0-9]{8}": "ID"}) == {
        *("GET /profile", "GET /images", "GET /linode/instances", "GET /linode/instances/ID"),
        *("GET /linode/instances/ID/stats", "POST /linode/instances", "DELETE /linode/instances/ID"),
    }
    with prism(DOCUMENT, tmp_path) as server:
        assert await prove(LINODE, requests, server) > 30


async def test_our_list_is_filtered_by_a_header() -> None:
    """JSON in X-Filter, with the whole tag; which the document describes in words only."""
    lists = [request for request in await rehearse("linode") if request.url.path == "/v4/linode/instances"]
    filters = {request.headers["X-Filter"] for request in lists if "X-Filter" in request.headers}
    assert filters == {'{"tags": "probe=8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0001"}'}
