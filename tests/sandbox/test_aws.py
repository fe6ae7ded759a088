"""The pretend EC2 and CloudWatch, spoken to in their own wire format, and by Amazon's own library."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from probe.sandbox import Fault, FaultKind, Sandbox

Client = httpx.AsyncClient
NS = "{http://ec2.amazonaws.com/doc/2016-11-15/}"
TARGET = "GraniteServiceVersion20100801.GetMetricData"


async def send(
    sandbox: Sandbox, client: Client, endpoint: str, body: bytes, headers: Mapping[str, str], *, secret: str = ""
) -> httpx.Response:
    """A signed request."""
    place = sandbox.places.vendors["aws"]
    request = AWSRequest("POST", place.endpoints[endpoint] + "/", headers=dict(headers), data=body)
    service = {"api": "ec2", "monitoring": "monitoring", "identity": "sts"}[endpoint]
    signer = Credentials(place.credentials["access_key"], secret or place.credentials["secret_key"])
    SigV4Auth(signer, service, place.region).add_auth(request)
    return await client.post(str(request.url), content=body, headers=dict(request.headers.items()))


async def call(sandbox: Sandbox, client: Client, secret: str = "", **form: str) -> httpx.Response:
    """An action of EC2; `_` in a parameter's name stands for `.`."""
    pairs = {"Version": "2016-11-15", **{name.replace("_", "."): value for name, value in form.items()}}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await send(sandbox, client, "api", str(httpx.QueryParams(pairs)).encode(), headers, secret=secret)


async def run(sandbox: Sandbox, client: Client, key: str = "t1", image: str = "ami-1") -> httpx.Response:
    """RunInstances with our tags."""
    tags = {f"TagSpecification_1_Tag_1_{part}": value for part, value in (("Key", "probe"), ("Value", "ours"))}
    return await call(
        sandbox,
        client,
        Action="RunInstances",
        ImageId=image,
        InstanceType="t3.nano",
        MinCount="1",
        MaxCount="1",
        ClientToken=key,
        TagSpecification_1_ResourceType="instance",
        **tags,
    )


def texts(answer: httpx.Response, name: str) -> list[str]:
    """Every element of that name."""
    root = ET.fromstring(answer.text)  # noqa: S314 - our own answer
    return [element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name]


async def test_an_instance_lives_and_dies(sandbox: Sandbox, client: Client) -> None:
    """pending, running with an address, shutting-down, terminated and still shown."""
    made = await run(sandbox, client)
    assert made.headers["content-type"] == "text/xml;charset=UTF-8"
    (instance_id,) = texts(made, "instanceId")
    assert instance_id.startswith("i-")
    assert len(instance_id) == 19

    async def state() -> tuple[str, str]:
        answer = await call(sandbox, client, Action="DescribeInstances", InstanceId_1=instance_id)
        found = ET.fromstring(answer.text).find(f".//{NS}instanceState")  # noqa: S314 - our own answer
        assert found is not None
        return found.findtext(f"{NS}name", ""), found.findtext(f"{NS}code", "")

    assert await state() == ("pending", "0")
    await asyncio.sleep(0.35)
    assert await state() == ("running", "16")
    gone = await call(sandbox, client, Action="TerminateInstances", InstanceId_1=instance_id)
    assert texts(gone, "name") == ["shutting-down", "running"]
    await asyncio.sleep(0.25)
    assert await state() == ("terminated", "48")


async def test_the_same_key_is_the_same_instance(sandbox: Sandbox, client: Client) -> None:
    """Sent twice, rented once; with other arguments it is a mistake."""
    first, second = await run(sandbox, client), await run(sandbox, client)
    assert texts(first, "instanceId") == texts(second, "instanceId")
    other = await run(sandbox, client, image="ami-2")
    assert (other.status_code, texts(other, "Code")) == (400, ["IdempotentParameterMismatch"])
    assert len(sandbox.control.instances("aws")) == 1 + 2


async def test_filters_by_tag_and_state(sandbox: Sandbox, client: Client) -> None:
    """`tag:k`, `tag-key` and `instance-state-name`."""
    (ours,) = texts(await run(sandbox, client), "instanceId")

    async def found(name: str, value: str) -> list[str]:
        form = {"Filter_1_Name": name, "Filter_1_Value_1": value}
        return texts(await call(sandbox, client, Action="DescribeInstances", **form), "instanceId")

    assert await found("tag:probe", "ours") == [ours]
    assert await found("tag:probe", "theirs") == []
    assert await found("tag-key", "probe") == [ours]
    assert await found("instance-state-name", "pending") == [ours]
    assert len(await found("instance-state-name", "running")) == 2


async def test_pages_are_chained_by_a_token(sandbox: Sandbox, client: Client) -> None:
    """`NextToken` leads through everything once."""
    for number in range(3):
        await run(sandbox, client, key=f"t{number}")
    seen, token, pages = [], "", 0
    while pages == 0 or token:
        more = {"NextToken": token} if token else {}
        page = await call(sandbox, client, Action="DescribeInstances", MaxResults="2", **more)
        seen += texts(page, "instanceId")
        token, pages = "".join(texts(page, "nextToken")), pages + 1
    assert (len(seen), len(set(seen)), pages) == (5, 5, 3)


@pytest.mark.parametrize("endpoint", ["api", "monitoring", "identity"])
async def test_a_wrong_secret_is_denied_everywhere(sandbox: Sandbox, client: Client, endpoint: str) -> None:
    """Each of the three services says so in its own words."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Amz-Target": TARGET}
    body = {"api": b"Action=DescribeRegions", "monitoring": b"{}", "identity": b"Action=GetCallerIdentity"}[endpoint]
    answer = await send(sandbox, client, endpoint, body, headers, secret="wrong")
    code = {"api": "AuthFailure", "monitoring": "SignatureDoesNotMatch", "identity": "SignatureDoesNotMatch"}
    assert answer.status_code in {401, 403}
    assert code[endpoint] in answer.text


async def test_what_is_not_there_is_not_found_in_ec2s_words(sandbox: Sandbox, client: Client) -> None:
    """400 InvalidInstanceID.NotFound."""
    answer = await call(sandbox, client, Action="DescribeInstances", InstanceId_1="i-0")
    assert (answer.status_code, texts(answer, "Code")) == (400, ["InvalidInstanceID.NotFound"])
    assert texts(answer, "Message") == ["The instance ID 'i-0' does not exist"]


async def test_a_dry_run_rents_nothing(sandbox: Sandbox, client: Client) -> None:
    """412 says that it would have worked."""
    answer = await call(sandbox, client, Action="RunInstances", DryRun="true")
    assert (answer.status_code, texts(answer, "Code")) == (412, ["DryRunOperation"])
    assert len(sandbox.control.instances("aws")) == 2


async def test_metric_data_come_newest_first(sandbox: Sandbox, client: Client) -> None:
    """JSON 1.0, epoch seconds."""
    dimensions = [{"Name": "InstanceId", "Value": sandbox.control.instances("aws")[0].instance_id}]
    metric = {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Dimensions": dimensions}
    now = time.time()
    query = {
        "StartTime": now - 600,
        "EndTime": now,
        "MetricDataQueries": [{"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}],
    }
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": TARGET}
    answer = await send(sandbox, client, "monitoring", json.dumps(query).encode(), headers)
    (result,) = answer.json()["MetricDataResults"]
    times = result["Timestamps"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("q", "CPUUtilization", "Complete")
    assert len(times) == len(result["Values"])
    assert times == sorted(times, reverse=True)
    assert now - 65 - 5 <= times[0] <= now - 5


async def test_capacity_quota_and_throttling_have_ec2s_signals(sandbox: Sandbox, client: Client) -> None:
    """Throttling is a 503, capacity a 500, quota a 400."""
    expected = {
        FaultKind.CAPACITY: (500, "InsufficientInstanceCapacity"),
        FaultKind.QUOTA: (400, "VcpuLimitExceeded"),
        FaultKind.THROTTLED: (503, "RequestLimitExceeded"),
        FaultKind.ERROR: (500, "InternalError"),
        FaultKind.DENIED: (401, "AuthFailure"),
    }
    for kind, (status, code) in expected.items():
        sandbox.control.inject(Fault(kind=kind, vendor="aws", operation="create", count=1))
        answer = await run(sandbox, client)
        assert (answer.status_code, texts(answer, "Code")) == (status, [code])
    assert len(sandbox.control.instances("aws")) == 2


async def test_amazons_own_library_is_fooled(sandbox: Sandbox) -> None:
    """boto3 runs a whole life, with its waiters, and reads its errors."""
    place = sandbox.places.vendors["aws"]

    def life() -> None:
        ec2: Any = boto3.client(
            "ec2",
            region_name=place.region,
            endpoint_url=place.endpoints["api"],
            aws_access_key_id=place.credentials["access_key"],
            aws_secret_access_key=place.credentials["secret_key"],
            config=Config(retries={"total_max_attempts": 1}),
        )
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "probe", "Value": "ours"}]}]
        made = ec2.run_instances(
            ImageId="ami-1", InstanceType="t3.nano", MinCount=1, MaxCount=1, TagSpecifications=tags
        )
        instance_id = made["Instances"][0]["InstanceId"]
        waiting = {"Delay": 0.1, "MaxAttempts": 50}
        ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig=waiting)
        pages = ec2.get_paginator("describe_instances").paginate(Filters=[{"Name": "tag:probe", "Values": ["ours"]}])
        (found,) = [item for page in pages for group in page["Reservations"] for item in group["Instances"]]
        assert (found["Tags"], found["State"]["Code"]) == ([{"Key": "probe", "Value": "ours"}], 16)
        assert abs(found["LaunchTime"].timestamp() - time.time()) < 60
        ec2.terminate_instances(InstanceIds=[instance_id])
        ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig=waiting)
        with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
            ec2.describe_instances(InstanceIds=["i-0"])
        ec2.close()

    await asyncio.to_thread(life)
