"""`probe vendors NAME --try OPERATION`: one call, shown, that changes nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.model.secret import MASK
from probe.sandbox import Casting, Sandbox
from tests.cli.conftest import CLEAN, Probe

CONFIG = Path(__file__).parents[2] / "config"
ENTRIES = """\
agent: {{state: state}}
vendors:
  mine:
    use: openstack
    region: {region}
    endpoints: {{auth: "{auth}"}}
    credentials: {{application_credential_id: {{file: {id}}}, application_credential_secret: {{file: {secret}}}}}
  unset:
    use: openstack
    region: {region}
    endpoints: {{auth: "{auth}"}}
    credentials: {{application_credential_id: {{env: NOT_SET_A}}, application_credential_secret: {{env: NOT_SET_B}}}}
probes:
  - {{name: read, kind: api, vendors: "*", every: 1m, deadline: 5s, options: {{operation: list}}}}
"""


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A pretend vendor, and a configuration with one entry that is complete and one that is not."""
    cast = [Casting(name="mine", use="openstack", character="ideal")]
    sandbox = await Sandbox.start([CONFIG / "sandbox"], cast, folder=tmp_path / "sandbox")
    place = sandbox.places.vendors["mine"]
    words = {"id": "application_credential_id", "secret": "application_credential_secret"}
    files = {word: place.files[name] for word, name in words.items()}
    text = ENTRIES.format(region=place.region, auth=place.endpoints["auth"], **files)
    (tmp_path / "c.yaml").write_text(text)
    yield sandbox
    await sandbox.stop()


async def tried(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The status of `probe vendors …` in *folder*, what it said, and what it complained about."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "probe", "vendors", *arguments, "-c", "c.yaml",
        cwd=folder, env=CLEAN, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(), complained.decode()


@pytest.mark.usefixtures("vendor")
async def test_a_call_is_shown_without_its_secrets(tmp_path: Path) -> None:
    """Request and answer are there to be read, token and secret are not; an entry without its secrets is left out."""
    status, said, complained = await tried(tmp_path, "openstack", "--try", "sizes")
    assert status == 0, complained
    assert "sizes/mine/RegionOne  api  ok" in said
    assert "/compute/v2.1/flavors?limit=1" in said
    assert '"flavors"' in said
    assert "NOT_SET_A" in complained
    assert "sandbox-secret-of-openstack" not in said + complained
    asked = [line for line in said.splitlines() if line.strip().lower().startswith("> x-auth-token:")]
    assert asked
    assert all(line.endswith(MASK) for line in asked)


async def test_a_call_that_is_denied_is_nobody_elses_fault(vendor: Sandbox, tmp_path: Path) -> None:
    """A wrong secret: status 3, and the vendor's own words are shown."""
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-secret-at-all")
    text = (tmp_path / "c.yaml").read_text()
    secret = vendor.places.vendors["mine"].files["application_credential_secret"]
    (tmp_path / "c.yaml").write_text(text.replace(str(secret), str(wrong)))
    status, said, _ = await tried(tmp_path, "openstack", "--try", "sizes", "--vendor", "mine")
    assert status == 3
    assert "denied (blame: customer, in phase auth)" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["openstack", "--try", "sises"], "openstack has no read operation `sises`; it has: list, probe, sizes"),
        (["aws", "--try", "probe"], "no vendor entry of the configuration uses `aws`: write one under `vendors:`"),
        (["openstack", "--try", "probe", "--vendor", "other"], "no vendor entry `other` uses `openstack`; those that"),
        (["openstack", "--try", "probe", "--vendor", "unset"], "its credentials are not complete: set what is named"),
        (["--try", "probe"], "name the vendor file"),
        (["openstack", "--vendor", "mine"], "--vendor says where to try an operation"),
    ],
)
def test_what_cannot_be_tried_is_told_with_a_way_out(
    arguments: list[str], sentence: str, probe: Probe, tmp_path: Path
) -> None:
    """Status 2 and one sentence, whatever the mistake was."""
    places = {"region": "R", "auth": "http://127.0.0.1:1", "id": "id", "secret": "secret"}
    for name in ("id", "secret"):
        (tmp_path / name).write_text("something-long-enough")
    (tmp_path / "c.yaml").write_text(ENTRIES.format(**places))
    ended = probe("vendors", *arguments, "-c", "c.yaml")
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
