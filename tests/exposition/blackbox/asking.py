"""Asks `/probe`, the peer's and ours, and reads the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route

from probe.exposition.blackbox import Prober, prober_endpoint
from probe.exposition.doors import Doors
from probe.model.meter import Meter
from probe.settings import Configuration, load
from probe.wire import RealClock, Wire

Told = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""Values by metric and labels."""

PROBES = "probes: [{name: a, kind: http, every: 15s, deadline: 5s, targets: [{url: 'http://127.0.0.1:1/'}]}]\n"


def configured(folder: Path, blackbox: str) -> Configuration:
    """A configuration in *folder* that names modules as *blackbox* says."""
    (folder / "probe.yaml").write_text(f"{PROBES}blackbox: {blackbox}\n", "utf-8")
    return load(folder / "probe.yaml", environ={})


@asynccontextmanager
async def ours(
    configuration: Configuration, doors: Doors | None = None, most: int | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of our `/probe`, which has so many probes on at *most*."""
    clock = RealClock()
    wire = Wire(clock, Meter())
    prober = Prober(wire, clock, lambda: configuration.blackbox, configuration.redactor, most)
    app = Starlette(routes=[Route("/probe", prober_endpoint(prober, doors or Doors(loopback=True)))])
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            yield client
    finally:
        await wire.close()


async def ask(client: httpx.AsyncClient, module: str, target: str) -> Told:
    """What `/probe` says of *target*."""
    answer = await client.get("/probe", params={"module": module, "target": target})
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def read(text: str) -> Told:
    """The metrics in *text*."""
    told: Told = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        for sample in family.samples:
            told.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return told
