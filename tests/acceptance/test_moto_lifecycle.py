"""The program against a real EC2 server: rent, be denied, be cut off, and leave nothing behind."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from probe.wire import Break, FaultyFront, Misconduct
from tests.cli.conftest import CLEAN
from tests.servers.moto import REGION, Key, Moto, moto, moto_url

__all__ = ["moto", "moto_url"]
pytestmark = pytest.mark.servers

CONFIGURATION = """\
agent: {{state: state}}
vendors:
  amazon:
    use: aws
    region: {region}
    endpoints: {endpoints}
    credentials: {{access_key: {{env: ACCESS_KEY}}, secret_key: {{env: SECRET_KEY}}}}
probes:
  - name: lifecycle
    kind: lifecycle
    vendors: [amazon]
    every: 5m
    deadline: 30s
    options: {{size: small, image: {image}, delete_deadline: 30s, poll_grace: 1s}}
  - {{name: read, kind: api, vendors: [amazon], every: 30s, deadline: 10s, options: {{operation: list}}}}
"""


class Program:
    """`probe` in a folder of its own, with a configuration for one server."""

    def __init__(self, folder: Path, server: Moto, key: Key) -> None:
        self._folder = folder
        self._key = key
        self.write(server.endpoints, server.image)

    def write(self, endpoints: dict[str, str], image: str) -> None:
        """Write the configuration."""
        text = CONFIGURATION.format(region=REGION, endpoints=json.dumps(endpoints), image=image)
        (self._folder / "c.yaml").write_text(text)

    async def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, while the loop of the test goes on."""
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "probe", *arguments, "-c", "c.yaml"],
            cwd=self._folder,
            env=CLEAN | {"ACCESS_KEY": self._key.access_key, "SECRET_KEY": self._key.secret_key},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )


def bystander(server: Moto) -> str:
    """A stranger's instance with a name that looks like ours; its id."""
    made = server.client("ec2").run_instances(
        ImageId=server.image,
        InstanceType="t3.nano",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "probe-0123abcd-0123456789ab"}]}
        ],
    )
    identifier: str = made["Instances"][0]["InstanceId"]
    return identifier


async def test_a_lifecycle_prints_its_phases_and_leaves_nothing(moto: Moto, tmp_path: Path) -> None:
    """`probe once lifecycle` shows accept to gone; the server holds no running instance afterwards."""
    ended = await Program(tmp_path, moto, moto.operator)("once", "lifecycle")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for phase in ("accept", "provision", "delete", "gone"):
        assert f"\n  {phase} " in ended.stdout
    assert len(moto.instances("terminated")) == 1
    assert moto.instances("pending", "running") == []


async def test_a_wrong_secret_is_denied_and_the_customers_fault(moto: Moto, tmp_path: Path) -> None:
    """A signature that does not match says nothing about the vendor; status 3: no run was valid."""
    program = Program(tmp_path, moto, Key(moto.operator.access_key, "not-the-secret"))
    for name in ("read", "lifecycle"):
        ended = await program("once", name, "--json")
        assert ended.stdout, ended.stderr
        said = json.loads(ended.stdout)
        assert (said["outcome"], said["blame"]) == ("denied", "customer")
        assert ended.returncode == 3
        assert "not-the-secret" not in ended.stdout + ended.stderr


async def test_a_missing_permission_is_denied(moto: Moto, tmp_path: Path) -> None:
    """Who may only read may not rent, and nothing stays in the ledger."""
    program = Program(tmp_path, moto, moto.reader)
    said = json.loads((await program("once", "lifecycle", "--json")).stdout)
    assert (said["outcome"], said["blame"], said["phases"].get("provision")) == ("denied", "customer", None)
    assert (await program("instances")).stdout == "nothing is rented\n"


async def test_cut_off_in_the_middle_nothing_is_lost(moto: Moto, tmp_path: Path) -> None:
    """With the network gone the run fails by the vendor's fault; the ledger knows, and a sweep gives it back."""
    stranger = bystander(moto)
    host, port = moto.url.removeprefix("http://").split(":")
    front = await FaultyFront.start((host, int(port)))

    def choose() -> Misconduct:
        rented = len(moto.instances("pending", "running")) > 1
        return Misconduct(Break.RESET if rented else Break.NEVER)

    front.choose = choose
    program = Program(tmp_path, moto, moto.operator)
    program.write(dict.fromkeys(moto.endpoints, f"http://{front.host}:{front.port}"), moto.image)

    said = json.loads((await program("once", "lifecycle", "--json")).stdout)
    assert said["outcome"] in {"broken", "refused"}
    assert said["blame"] == "vendor"
    held = await program("instances", "--json")
    (lease,) = [json.loads(line) for line in held.stdout.splitlines()]
    assert lease["vendor"] == "amazon"

    plan = await program("sweep", "--dry-run")
    assert plan.returncode == 1

    front.choose = Misconduct
    plan = await program("sweep", "--dry-run")
    assert plan.stdout.count("\ndelete ") == 1, plan.stdout + plan.stderr
    assert len(moto.instances("pending", "running")) == 2
    swept = await program("sweep", "--yes")
    assert swept.returncode == 0, swept.stdout + swept.stderr
    assert [left["InstanceId"] for left in moto.instances("pending", "running")] == [stranger]
    assert (await program("instances")).stdout == "nothing is rented\n"
    await front.stop()
