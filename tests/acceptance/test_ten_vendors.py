"""All vendors in one agent, by the same probes: they differ by their files alone."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from probe.cli.playing import entry, monitoring
from probe.cloud import load_vendor_files
from probe.sandbox import Casting, Sandbox
from tests.cli.conftest import CLEAN
from tests.cli.serving import free_port

CONFIG = Path(__file__).parents[2] / "config"
FILES = load_vendor_files(CONFIG / "vendors")
SECONDS = 40.0
"""How long the agent has until each vendor was measured by each kind."""
PROBES: tuple[dict[str, object], ...] = (
    {
        "name": "lifecycle",
        "kind": "lifecycle",
        "vendors": "*",
        "every": "30s",
        "deadline": "24s",
        "options": {"size": "small", "image": "debian-12", "delete_deadline": "5s", "poll_grace": "5s"},
    },
    {"name": "read", "kind": "api", "vendors": "*", "every": "10s", "deadline": "5s", "options": {"operation": "list"}},
)
MONITORED = sorted(name for name, file in FILES.items() if file.monitoring is not None)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Every vendor there is a file for, played by the same character."""
    cast = [Casting(name=name, use=name, character="ideal") for name in FILES]
    sandbox = await Sandbox.start([CONFIG / "sandbox"], cast)
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def agent(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[str]:
    """`probe run` beside it; the URL of its page. It is told to stop at the end, and exits 0."""
    places, folder = sandbox.places.vendors, tmp_path
    listen = f"127.0.0.1:{free_port()}"
    more = [monitoring(name, places[name]) for name in MONITORED]
    written = {
        "agent": {"name": "ten", "listen": listen, "state": "state"},
        "vendors": {name: entry(place, FILES[place.use]) for name, place in places.items()},
        "probes": [*PROBES, *more],
        "guards": {"instances_at_once": 2, "per_day": 1000, "lease": "2m"},
    }
    (folder / "probe.yaml").write_text(json.dumps(written))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "probe", "run", "-c", "probe.yaml", cwd=folder, env=CLEAN
    )
    yield f"http://{listen}"
    process.terminate()
    assert await asyncio.wait_for(process.wait(), SECONDS) == 0


async def counted(url: str) -> Mapping[tuple[str, str, str], float]:
    """Runs by vendor, probe and outcome."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{url}/metrics")).text
    found: dict[tuple[str, str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "stability_runs_total":
                key = (sample.labels["vendor"], sample.labels["probe"], sample.labels["outcome"])
                found[key] = found.get(key, 0.0) + sample.value
    return found


async def until_all_were_measured(url: str) -> Mapping[tuple[str, str, str], float]:
    """The runs, when every vendor has one that went well of each probe, or when time is up."""
    wanted = {(name, probe, "ok") for name in FILES for probe in ("lifecycle", "read")}
    wanted |= {(name, f"monitoring-{name}", "ok") for name in MONITORED}
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS
    while True:
        try:
            runs = await counted(url)
        except httpx.TransportError:
            runs = {}
        missing = [key for key in wanted if not runs.get(key)]
        if not missing or loop.time() > end:
            assert not missing, f"not measured: {sorted(missing)}; there is: {sorted(k for k, n in runs.items() if n)}"
            return runs
        await asyncio.sleep(0.5)


async def test_every_vendor_is_measured_by_the_same_probes(sandbox: Sandbox, agent: str) -> None:
    """Renting, reading and monitoring go well at each, nothing goes wrong at any, and nothing stays rented."""
    assert len(FILES) >= 8
    runs = await until_all_were_measured(agent)
    assert {key: count for key, count in runs.items() if key[2] != "ok" and count} == {}
    loop = asyncio.get_running_loop()
    for name in FILES:
        end = loop.time() + SECONDS
        while {item.name for item in sandbox.control.instances(name)} != {"web-1", "probe-lookalike"}:
            assert loop.time() < end, name
            await asyncio.sleep(0.05)
