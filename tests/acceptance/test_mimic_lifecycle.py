"""The program against Rackspace's own imitation of its cloud."""

import json
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.servers.mimic import REGION, Mimic, mimic

__all__ = ["mimic"]
pytestmark = pytest.mark.servers

CONFIGURATION = """\
agent: {{state: state}}
controls: {{checks: []}}
vendors:
  rackspace:
    use: rackspace
    region: {region}
    endpoints: {endpoints}
    credentials: {{username: {{env: RACKSPACE_USER}}, api_key: {{env: RACKSPACE_KEY}}}}
probes:
  - name: lifecycle
    kind: lifecycle
    vendors: "*"
    every: 5m
    deadline: 30s
    options: {{size: "2", image: 00000000-0000-0000-0000-000000000001, delete_deadline: 30s}}
  - {{name: read, kind: api, vendors: "*", every: 30s, deadline: 10s, options: {{operation: list}}}}
  - {{name: monitoring, kind: monitoring, vendors: "*", every: 1m, deadline: 20s, options: {{series: {series}}}}}
"""


def program(folder: Path, server: Mimic, user: str) -> Program:
    """The program, as *user*, with a check to ask for."""
    text = CONFIGURATION.format(
        region=REGION, endpoints=json.dumps(server.endpoints), series=json.dumps(server.check(user))
    )
    return Program(folder, text, RACKSPACE_USER=user, RACKSPACE_KEY="any-key")


async def test_a_lifecycle_leaves_nothing(mimic: Mimic, tmp_path: Path) -> None:
    """Accept to gone, and no server afterwards."""
    probe = program(tmp_path, mimic, "life")
    ended = await probe("once", "lifecycle")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for phase in ("accept", "provision", "delete", "gone"):
        assert f"\n  {phase} " in ended.stdout
    assert mimic.servers("life") == []
    assert (await probe("instances")).stdout == "nothing is rented\n"


async def test_the_servers_api_and_the_monitoring_are_measured(mimic: Mimic, tmp_path: Path) -> None:
    """Both answer, and authentication is a phase of its own."""
    probe = program(tmp_path, mimic, "reader")
    for name in ("read", "monitoring"):
        said = await probe.once(name)
        assert said["outcome"] == "ok", said
        assert "auth" in said["phases"]
    assert "query" in (await probe.once("monitoring"))["phases"]
