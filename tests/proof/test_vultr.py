"""What vultr.yaml asks about the account and instances, judged by the names and types of Vultr's OpenAPI document."""

from pathlib import Path

import pytest

from tests.proof.prism import prism
from tests.proof.proving import Proof, prove
from tests.proof.rehearsal import AGENT, rehearse

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

DOCUMENT = Path(__file__).parent / "specs" / "vultr" / "openapi.json"
VULTR = Proof(
    # Regions, plans and systems are for everybody: nothing to be wrong.
    paths={"/v2/instances": "/instances", "/v2/account": "/account"},
    required=("region", "plan"),
    wrong={"per_page": "many"},
)


async def test_vultr_accepts_what_we_send_and_would_not_accept_less(tmp_path: Path) -> None:
    """Each request fits the document, and each spoilt copy of it does not."""
    requests = await rehearse("vultr", networks=({}, {"firewall_group_id": AGENT}))
    assert VULTR.summary(requests, {"instances/[0-9a-f-]{36}": "instances/ID"}) == {
        *("GET /account", "GET /instances", "GET /instances/ID", "POST /instances", "DELETE /instances/ID"),
    }
    with prism(DOCUMENT, tmp_path) as server:
        assert await prove(VULTR, requests, server) > 20
