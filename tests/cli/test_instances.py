"""What `probe instances` tells of a ledger: leases, what came with them, and breakers that are open."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from probe.model.instance import LeaseState
from probe.model.outcome import Outcome, ProbeFailed
from probe.rental.breaker import opening
from probe.store import Residual, Store
from tests.cli.test_owning import said
from tests.fakes.leases import a_lease

CONFIGURATION = """\
agent: {state: state}
probes:
  - {name: shop, kind: http, every: 1m, deadline: 1s, targets: [{url: 'http://127.0.0.1:1/'}]}
"""
LEAKED, SETTLED = "probe-00000000-00000000000a", "probe-00000000-00000000000b"


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """Where an agent leaked an instance with its disk, and was denied orders elsewhere."""
    (tmp_path / "c.yaml").write_text(CONFIGURATION)
    now = time.time()
    async with await Store.open(tmp_path / "state") as store:
        times: dict[str, Any] = {"intended_at": now - 7200.0, "expires_at": now - 5400.0}
        asked = {"delete_requested_at": now - 3600.0, "instance_id": "i-1", "handed_over": True, "note": "stays"}
        await store.ledger.intend(a_lease(LEAKED, state=LeaseState.LEAKED, **times, **asked))
        await store.ledger.intend(a_lease(SETTLED, state=LeaseState.GONE, **times))
        await store.residuals.note([Residual(LEAKED, "disks", "d-1", "i-1", "acme", "north")], now)
        denied = opening("beta", ProbeFailed(Outcome.DENIED, "no such key"), now)
        assert denied is not None
        await store.breakers.turn("beta", denied)
    return tmp_path


async def test_residuals_and_breakers_are_told_beside_the_leases(folder: Path) -> None:
    """With what a person needs to find them, and why nothing is rented."""
    status, text = await said(folder, "instances")
    assert status == 0
    assert LEAKED in text
    assert SETTLED not in text
    residuals, breakers = text.partition("what came with it")[2].split("open breakers")
    assert residuals.splitlines()[2].split() == ["acme", "north", "disks", "d-1", LEAKED]
    told = [line.split() for line in breakers.splitlines()[2:]]
    assert [line[:2] for line in told] == [["acme", "leaks"], ["acme", "deletes"], ["beta", "denied"]]
    assert "no such key" in breakers
    assert SETTLED in (await said(folder, "instances", "--all"))[1]


async def test_every_line_of_json_says_what_it_is(folder: Path) -> None:
    """A program that looks for one type passes the others over."""
    status, text = await said(folder, "instances", "--json")
    lines = [json.loads(line) for line in text.splitlines()]
    assert status == 0
    assert [line["type"] for line in lines] == ["lease", "residual", "breaker", "breaker", "breaker"]
    lease, residual, leaks, deletes, denied = lines
    assert (lease["key"], lease["state"], lease["instance_id"]) == (LEAKED, "leaked", "i-1")
    del residual["noted_at"]
    assert residual == {
        "type": "residual", "vendor": "acme", "region": "north", "lease": LEAKED, "kind": "disks", "id": "d-1",
        "instance_id": "i-1", "account": "", "ordered_at": None,
    }  # fmt: skip
    assert [(one["vendor"], one["cause"], one["forbids"]) for one in (leaks, deletes, denied)] == [
        ("acme", "leaks", True),
        ("acme", "deletes", True),
        ("beta", "denied", True),
    ]
    assert denied["until"] > time.time()
    assert leaks["until"] is None


async def test_a_folder_without_a_ledger_holds_nothing(tmp_path: Path) -> None:
    """It is no mistake to ask."""
    (tmp_path / "c.yaml").write_text(CONFIGURATION)
    assert await said(tmp_path, "instances") == (0, "nothing is rented\n")
    assert await said(tmp_path, "instances", "--json") == (0, "")
