"""A pretend vendor that commands rent from, and a configuration that knows it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.sandbox import Casting, Sandbox

CONFIG = Path(__file__).parents[2] / "config"
LIFE = """\
agent: {{state: state, grace: 10s}}
vendors:
  cloud:
    use: openstack
    region: {region}
    endpoints: {{auth: "{auth}"}}
    credentials: {{application_credential_id: {{file: {id}}}, application_credential_secret: {{file: {secret}}}}}
probes:
  - {{name: life, kind: lifecycle, vendors: "*", every: 1h, deadline: 1m, options: {{size: small, image: debian-12}}}}
"""


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A pretend vendor that builds for three seconds, and a configuration that knows it."""
    cast = [Casting(name="cloud", use="openstack", character="ideal")]
    sandbox = await Sandbox.start([CONFIG / "sandbox"], cast, folder=tmp_path / "sandbox")
    place = sandbox.places.vendors["cloud"]
    words = {"id": "application_credential_id", "secret": "application_credential_secret"}
    told = {word: place.files[name] for word, name in words.items()}
    text = LIFE.format(region=place.region, auth=place.endpoints["auth"], **told)
    (tmp_path / "c.yaml").write_text(text)
    yield sandbox
    await sandbox.stop()
