"""EC2, CloudWatch and STS from their file, against a server that checks signatures and permissions."""

import time
from datetime import UTC, datetime

import pytest

from probe.cloud import (
    MARK_AGENT,
    MARK_LEASE,
    Cloud,
    Order,
    VendorComplaint,
    VendorFile,
    Verdict,
    has_address,
    is_gone,
    poll,
)
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Fact
from probe.notation.templates import Template
from tests.cloud.entries import CLOCK, entry, real_cloud, watch
from tests.servers.moto import REGION, Key, Moto, moto, moto_url

__all__ = ["moto", "moto_url"]
pytestmark = pytest.mark.servers

MARKS = {MARK_AGENT: "agent-1", MARK_LEASE: "probe-1"}


def cloud_of(server: Moto, key: Key) -> Cloud:
    """The cloud on *server* for the holder of *key*."""
    credentials = {"access_key": key.access_key, "secret_key": key.secret_key}
    return real_cloud(entry("aws", credentials, server.endpoints, region=REGION))


def order(server: Moto, *, name: str = "probe-1", size: str = "small") -> Order:
    """An order that the server can fulfil."""
    return Order(name=name, size=size, image=server.image, marks=MARKS, token=name, user_data="#cloud-config\n")


async def test_an_instance_is_rented_seen_listed_and_given_back(moto: Moto) -> None:
    """The whole life of an instance passes through the file: create, get, list, delete, gone."""
    cloud, run = cloud_of(moto, moto.operator), watch()
    identifier = (await cloud.create(order(moto), run)).id
    assert run.facts[Fact.INSTANCE] == identifier
    assert run.facts[Fact.REQUEST_ID]
    seen = await poll(lambda: cloud.inspect(identifier, run), has_address, run, CLOCK, cloud.pace, 30.0)
    assert seen.view is not None
    assert seen.view.name == "probe-1"
    assert seen.view.addresses
    assert seen.view.marks.items() >= MARKS.items()
    assert seen.view.created_at == pytest.approx(time.time(), abs=60)
    assert [view.id for view in await cloud.inventory(run, {MARK_AGENT: "agent-1"})] == [identifier]
    await cloud.delete(identifier, run)
    gone = await poll(lambda: cloud.inspect(identifier, run), is_gone, run, CLOCK, cloud.pace, 30.0)
    assert gone.view is None or gone.view.state is InstanceState.GONE
    assert await cloud.inventory(run) == []
    assert not moto.instances("pending", "running", "stopping", "stopped")


async def test_whatever_the_create_brings_is_marked(moto: Moto) -> None:
    """Volumes and network interfaces carry the marks, too, since they may outlive the instance."""
    identifier = (await cloud_of(moto, moto.operator).create(order(moto), watch())).id
    ec2 = moto.client("ec2")
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [identifier]}])["Volumes"]
    tags = {tag["Key"]: tag["Value"] for tag in volumes[0]["Tags"]}
    assert tags.items() >= MARKS.items()
    attribute = ec2.describe_instance_attribute(InstanceId=identifier, Attribute="userData")
    assert attribute["UserData"]["Value"] == "I2Nsb3VkLWNvbmZpZwo="


async def test_a_disk_that_its_image_wants_to_stay_is_found_and_deleted(moto: Moto) -> None:
    """By its marks; while something uses it, it is not free, and a stranger's is not ours."""
    cloud, run = cloud_of(moto, moto.operator), watch()
    identifier = (await cloud.create(order(moto), run)).id
    ec2 = moto.client("ec2")
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)
    ec2.modify_instance_attribute(
        InstanceId=identifier, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": False}}]
    )
    (used,) = await cloud.residuals("volumes", run, {MARK_AGENT: "agent-1"})
    assert (used.free, used.marks.items() >= MARKS.items(), used.name) == (False, True, "probe-1")
    assert [one.id for one in await cloud.residuals("volumes", run)] == [used.id]
    assert len(await cloud.residuals("volumes", run, everything=True)) == 2
    with pytest.raises(VendorComplaint) as refused:
        await cloud.delete_residual("volumes", used.id, run)
    assert refused.value.verdict is Verdict.CONFLICT
    await cloud.delete(identifier, run)
    (left,) = await cloud.residuals("volumes", run)
    assert (left.id, left.free) == (used.id, True)
    await cloud.delete_residual("volumes", left.id, run)
    await cloud.delete_residual("volumes", left.id, run)
    assert await cloud.residuals("volumes", run) == []


async def test_a_look_alike_without_our_mark_is_not_in_the_inventory(moto: Moto) -> None:
    """What only has a name like ours is not ours."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "probe-1"}]}]
    moto.client("ec2").run_instances(
        ImageId=moto.image, InstanceType="t3.nano", MinCount=1, MaxCount=1, TagSpecifications=tags
    )
    assert await cloud_of(moto, moto.operator).inventory(watch()) == []


async def test_a_list_of_several_pages_is_read_to_its_end(moto: Moto) -> None:
    """An inventory is complete: every page is asked for."""
    cloud = cloud_of(moto, moto.operator)
    made = {(await cloud.create(order(moto, name=f"probe-{n}"), watch())).id for n in range(7)}
    file = with_pages_of(5, cloud.file)
    key = {"access_key": moto.operator.access_key, "secret_key": moto.operator.secret_key}
    paged = real_cloud(entry("aws", key, moto.endpoints, region=REGION, file=file))
    assert {view.id for view in await paged.inventory(watch())} == made


def with_pages_of(size: int, file: VendorFile) -> VendorFile:
    """*file*, but its list asks for pages of *size*."""
    assert file.instances is not None
    form = file.instances.list.form
    assert form is not None
    assert isinstance(form.source, dict)
    listing = file.instances.list.model_copy(update={"form": Template.parse({**form.source, "MaxResults": size})})
    return file.model_copy(update={"instances": file.instances.model_copy(update={"list": listing})})


async def test_an_instance_that_never_was_is_not_found(moto: Moto) -> None:
    """EC2's code for it is known to the file; deleting it is fine."""
    cloud = cloud_of(moto, moto.operator)
    assert await cloud.inspect("i-0123456789abcdef0", watch()) is None
    await cloud.delete("i-0123456789abcdef0", watch())


@pytest.mark.parametrize("operation", ["probe", "list", "identity"])
async def test_a_read_accounts_the_wires_phases(moto: Moto, operation: str) -> None:
    """A read operation is one exchange, measured phase by phase."""
    run = watch()
    answer = await cloud_of(moto, moto.operator).read(operation, run)
    assert answer.status == 200
    assert {Phase.CONNECT, Phase.SEND, Phase.WAIT} <= run.phases.keys()
    assert Phase.AUTH not in run.phases


@pytest.mark.parametrize("operation", ["probe", "list", "identity"])
async def test_a_wrong_secret_is_denied(moto: Moto, operation: str) -> None:
    """A signature that is not right is refused by all three services, each in words of its own."""
    cloud = cloud_of(moto, Key(moto.operator.access_key, "wrong"))
    with pytest.raises(VendorComplaint) as failed:
        await cloud.read(operation, watch())
    assert failed.value.outcome is Outcome.DENIED


async def test_an_unknown_key_is_denied(moto: Moto) -> None:
    """A key that nobody has is refused."""
    with pytest.raises(VendorComplaint) as failed:
        await cloud_of(moto, Key("AKIAIOSFODNN7EXAMPLE", "any")).read("probe", watch())
    assert failed.value.outcome is Outcome.DENIED


async def test_a_missing_permission_is_denied(moto: Moto) -> None:
    """Who may only read can read, and cannot rent or ask for datapoints."""
    cloud = cloud_of(moto, moto.reader)
    await cloud.read("list", watch())
    with pytest.raises(VendorComplaint) as failed:
        await cloud.create(order(moto), watch())
    assert failed.value.outcome is Outcome.DENIED
    with pytest.raises(VendorComplaint) as unasked:
        await cloud.datapoints({"instance": "i-1"}, watch(), time.time() - 3600)
    assert unasked.value.outcome is Outcome.DENIED
    assert moto.instances() == []


async def test_a_size_that_there_is_not_is_our_mistake(moto: Moto) -> None:
    """A request that is wrong is the customer's fault, not the vendor's."""
    with pytest.raises(VendorComplaint) as failed:
        await cloud_of(moto, moto.operator).create(order(moto, size="t3.gigantic"), watch())
    assert failed.value.verdict is Verdict.INVALID


async def test_datapoints_of_an_instance(moto: Moto) -> None:
    """The newest datapoint, its value and the number of all come back, whatever their order."""
    now = int(time.time()) // 60 * 60
    data = [
        {
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
            "Timestamp": datetime.fromtimestamp(now - age, UTC),
            "Value": float(age),
        }
        for age in (120, 600, 300)
    ]
    moto.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=data)
    run = watch()
    points = await cloud_of(moto, moto.operator).datapoints({"instance": "i-1"}, run, now - 3600)
    assert (points.newest, points.count, points.value) == (now - 120, 3, 120.0)
    assert run.phases[Phase.QUERY] >= run.phases[Phase.WAIT]


async def test_datapoints_of_a_series(moto: Moto) -> None:
    """Any metric can be asked for by its namespace, name and dimensions."""
    now = int(time.time()) // 60 * 60
    point = {
        "MetricName": "orders",
        "Dimensions": [{"Name": "shop", "Value": "north"}],
        "Timestamp": datetime.fromtimestamp(now - 60, UTC),
        "Value": 7.0,
    }
    moto.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[point])
    series = {"namespace": "Shop", "metric": "orders", "dimensions": {"shop": "north"}}
    points = await cloud_of(moto, moto.operator).datapoints({"series": series}, watch(), now - 3600)
    assert (points.newest, points.value) == (now - 60, 7.0)


async def test_no_datapoints_are_an_answer(moto: Moto) -> None:
    """That there is nothing is no failure."""
    points = await cloud_of(moto, moto.operator).datapoints({"instance": "i-none"}, watch(), time.time() - 3600)
    assert (points.newest, points.count, points.value) == (None, 0, None)
