"""The configuration that points an agent at a sandbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from probe.sandbox import Places, Sandbox, demo_configuration
from probe.settings import load
from tests.sandbox.conftest import DATA

TEMPLATE = (DATA.parent / "demo.yaml").read_text()
LISTEN = "127.0.0.1:9781"


@pytest.fixture
async def places() -> AsyncIterator[Places]:
    """Where a sandbox of the demo's vendors is."""
    sandbox = await Sandbox.start([DATA])
    yield sandbox.places
    await sandbox.stop()


async def test_the_agent_takes_it_without_complaint(places: Places, tmp_path: Path) -> None:
    """Every kind there is, every 20 s, within the budgets that are asked for."""
    file = tmp_path / "demo.yaml"
    file.write_text(demo_configuration(TEMPLATE, places, listen=LISTEN, state=tmp_path / "state"))
    configuration = load(file)
    jobs = configuration.expand()
    assert {job.kind.kind for job in jobs} == {"http", "tcp", "tls", "dns", "flow", "api", "lifecycle", "monitoring"}
    assert {job.every for job in jobs} == {20.0}
    assert len({str(job.target) for job in jobs}) == len(jobs)


def _private_text(file: str) -> str:
    assert Path(file).stat().st_mode & 0o077 == 0
    return Path(file).read_text()


async def test_secrets_are_in_private_files(places: Places, tmp_path: Path) -> None:
    """Not one of them stands in the configuration."""
    text = demo_configuration(TEMPLATE, places, listen=LISTEN, state=tmp_path)
    for vendor in places.vendors.values():
        assert {name: _private_text(file) for name, file in vendor.files.items()} == vendor.credentials
    secret = places.vendors["sandbox-slow"].credentials["secret_key"]
    assert secret not in text


async def test_without_addresses_for_instances_nothing_is_reached(places: Places, tmp_path: Path) -> None:
    """A line that uses what the machine lacks is left out."""
    text = demo_configuration(TEMPLATE, replace(places, reach=0), listen=LISTEN, state=tmp_path)
    assert "reach" not in text


async def test_a_template_that_wants_more_is_refused(places: Places, tmp_path: Path) -> None:
    """Nothing is left unfilled."""
    with pytest.raises(LookupError, match="moon"):
        demo_configuration("x: ${moon}", places, listen=LISTEN, state=tmp_path)


async def test_places_survive_the_way_between_processes(places: Places) -> None:
    """As one line of text."""
    assert Places.from_json(places.to_json()) == places
    assert "\n" not in places.to_json()
