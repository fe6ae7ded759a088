"""The program against a real EC2 server: rent, be denied, be cut off, and leave nothing behind."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.wire import Break, FaultyFront, Misconduct
from tests.acceptance.program import Program
from tests.servers.moto import REGION, Key, Moto, moto, moto_url

__all__ = ["moto", "moto_url"]
pytestmark = pytest.mark.servers

CONFIGURATION = """\
agent: {{state: state}}
controls: {{checks: []}}
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
  - name: monitoring
    kind: monitoring
    vendors: [amazon]
    every: 1m
    deadline: 20s
    options: {{instance: i-0123456789abcdef0, max_age: 15m}}
"""


def configuration(server: Moto, url: str | None = None) -> str:
    """A configuration that speaks to *server*, by way of *url* if there is one."""
    endpoints = dict.fromkeys(server.endpoints, url or server.url)
    return CONFIGURATION.format(region=REGION, endpoints=json.dumps(endpoints), image=server.image)


def program(folder: Path, server: Moto, key: Key) -> Program:
    """The program, for the holder of *key*."""
    return Program(folder, configuration(server), ACCESS_KEY=key.access_key, SECRET_KEY=key.secret_key)


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
    ended = await program(tmp_path, moto, moto.operator)("once", "lifecycle")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for phase in ("accept", "provision", "delete", "gone"):
        assert f"\n  {phase} " in ended.stdout
    assert len(moto.instances("terminated")) == 1
    assert moto.instances("pending", "running") == []


async def test_reading_is_measured_on_the_wire(moto: Moto, tmp_path: Path) -> None:
    """An api probe has wire phases of its own operation."""
    said = await program(tmp_path, moto, moto.operator).once("read")
    assert said["outcome"] == "ok"
    assert {"connect", "send", "wait"} <= set(said["phases"])


async def test_monitoring_without_points_is_ok_and_old_points_are_not(moto: Moto, tmp_path: Path) -> None:
    """No points at all say nothing against the vendor; points older than `max_age` do."""
    probe = program(tmp_path, moto, moto.operator)
    assert (await probe.once("monitoring"))["outcome"] == "ok"
    moto.client("cloudwatch").put_metric_data(
        Namespace="AWS/EC2",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}],
                "Timestamp": datetime.now(UTC).timestamp() - 1_800,
                "Value": 1.0,
            }
        ],
    )
    said = await probe.once("monitoring")
    assert (said["outcome"], said["blame"]) == ("unexpected", "vendor")


async def test_a_wrong_secret_is_denied_and_the_customers_fault(moto: Moto, tmp_path: Path) -> None:
    """A signature that does not match says nothing about the vendor; status 3: no run was valid."""
    probe = program(tmp_path, moto, Key(moto.operator.access_key, "not-the-secret"))
    for name in ("read", "lifecycle", "monitoring"):
        ended = await probe("once", name, "--json")
        assert ended.stdout, ended.stderr
        said = json.loads(ended.stdout)
        assert (said["outcome"], said["blame"]) == ("denied", "customer")
        assert ended.returncode == 3
        assert "not-the-secret" not in ended.stdout + ended.stderr


async def test_a_missing_permission_is_denied(moto: Moto, tmp_path: Path) -> None:
    """Who may only read may not rent; nothing stays in the ledger but why the next order has to wait."""
    probe = program(tmp_path, moto, moto.reader)
    said = await probe.once("lifecycle")
    assert (said["outcome"], said["blame"], said["phases"].get("provision")) == ("denied", "customer", None)
    listed = (await probe("instances")).stdout
    assert listed.startswith("nothing is rented\n")
    assert "UnauthorizedOperation" in listed or "AccessDenied" in listed


async def test_cut_off_in_the_middle_nothing_is_lost(moto: Moto, tmp_path: Path) -> None:
    """With the network gone the run fails by the vendor's fault; the ledger knows, and a sweep gives it back."""
    stranger = bystander(moto)
    host, port = moto.url.removeprefix("http://").split(":")
    front = await FaultyFront.start((host, int(port)))

    def choose() -> Misconduct:
        rented = len(moto.instances("pending", "running")) > 1
        return Misconduct(Break.RESET if rented else Break.NEVER)

    front.choose = choose
    probe = program(tmp_path, moto, moto.operator)
    probe.write(configuration(moto, f"http://{front.host}:{front.port}"))

    said = await probe.once("lifecycle")
    assert said["outcome"] in {"broken", "refused"}
    assert said["blame"] == "vendor"
    held = await probe("instances", "--json")
    (lease,) = [json.loads(line) for line in held.stdout.splitlines()]
    assert lease["vendor"] == "amazon"
    assert (await probe("sweep", "--dry-run")).returncode == 1

    front.choose = Misconduct
    plan = await probe("sweep", "--dry-run")
    assert plan.stdout.count("\ndelete ") == 1, plan.stdout + plan.stderr
    assert len(moto.instances("pending", "running")) == 2
    swept = await probe("sweep", "--yes")
    assert swept.returncode == 0, swept.stdout + swept.stderr
    assert [left["InstanceId"] for left in moto.instances("pending", "running")] == [stranger]
    assert (await probe("instances")).stdout == "nothing is rented\n"
    await front.stop()
