"""What a cloud makes of a vendor's answers."""

import base64
from urllib.parse import parse_qs

import httpx
import pytest

from probe.cloud import MARK_AGENT, Cloud, Order, VendorComplaint, Verdict
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact
from tests.cloud.entries import AWS_KEYS, FILES, Scene, entry, openstack, token_answer
from tests.fakes.vendor import answer

SERVER = {
    "id": "s-1",
    "name": "probe-1",
    "status": "ACTIVE",
    "created": "2027-01-15T08:00:00Z",
    "metadata": {MARK_AGENT: "agent-1"},
    "addresses": {
        "net": [
            {"addr": "10.0.0.5", "version": 4, "OS-EXT-IPS:type": "fixed"},
            {"addr": "192.0.2.7", "version": 4, "OS-EXT-IPS:type": "floating"},
        ]
    },
}
NONE_FOUND = answer(200, {"flavors": [], "images": []})
UNAUTHORIZED = answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "expired"}})
MISSING = answer(404, {"itemNotFound": {"code": 404, "message": "no such server"}})


def order(**changes: object) -> Order:
    """An order."""
    given: dict[str, object] = {"size": "m1", "image": "debian", "user_data": "#cloud-config\n", "network": {}}
    given |= changes
    return Order(
        name="probe-1",
        size=str(given["size"]),
        image=str(given["image"]),
        marks={MARK_AGENT: "agent-1"},
        token="t",
        user_data=str(given["user_data"]),
        network=dict(given["network"]) if isinstance(given["network"], dict) else {},
    )


async def test_an_order_is_written_as_the_vendor_wants_it() -> None:
    """Marks, user data, sizes and networks stand where the file puts them; what is not given is not sent."""
    scene = Scene(openstack(), token_answer(), NONE_FOUND, NONE_FOUND, answer(202, {"server": {"id": "s-1"}}))
    assert (await scene.cloud.create(order(), scene.watch)).id == "s-1"
    assert scene.wire.body() == {
        "server": {
            "name": "probe-1",
            "flavorRef": "m1",
            "imageRef": "debian",
            "networks": "auto",
            "metadata": {MARK_AGENT: "agent-1"},
            "user_data": base64.b64encode(b"#cloud-config\n").decode(),
        }
    }
    assert scene.watch.facts[Fact.INSTANCE] == "s-1"


async def test_the_orders_network_wins_over_the_entrys() -> None:
    """Network options come from the file's defaults, the entry and the order, the later the stronger."""
    chosen = openstack(network={"networks": "none", "security_groups": [{"name": "ssh"}]})
    scene = Scene(chosen, token_answer(), NONE_FOUND, NONE_FOUND, answer(202, {"server": {"id": "s-1"}}))
    await scene.cloud.create(order(user_data="", network={"networks": [{"uuid": "n-1"}]}), scene.watch)
    server = scene.wire.body()["server"]
    assert isinstance(server, dict)
    assert (server["networks"], server["security_groups"]) == ([{"uuid": "n-1"}], [{"name": "ssh"}])
    assert "user_data" not in server


async def test_names_of_sizes_and_images_become_identifiers_once() -> None:
    """Where the vendor wants identifiers its lists are asked, and what they said is remembered for an hour."""
    flavors = answer(200, {"flavors": [{"id": "f-0", "name": "big"}, {"id": "f-1", "name": "m1"}]})
    images = answer(200, {"images": [{"id": "i-1", "name": "debian"}]})
    created = answer(202, {"server": {"id": "s-1"}})
    scene = Scene(openstack(), token_answer(life=90_000), flavors, images, created, flavors, images)
    assert await scene.cloud.resolve("m1", "debian", scene.watch) == ("f-1", "i-1")
    await scene.cloud.create(order(), scene.watch)
    server = scene.wire.body()["server"]
    assert isinstance(server, dict)
    assert (server["flavorRef"], server["imageRef"]) == ("f-1", "i-1")
    assert [operation for operation, _ in scene.codes] == ["auth", "sizes", "images", "create"]
    scene.clock.pass_time(3_601)
    await scene.cloud.resolve("m1", "debian", scene.watch)
    assert [operation for operation, _ in scene.codes][4:] == ["sizes", "images"]


async def test_what_was_found_is_not_looked_up_again() -> None:
    """An order names what was found for it: no list is asked between the decision to order and the order."""
    flavors = answer(200, {"flavors": [{"id": "f-1", "name": "m1"}]})
    images = answer(200, {"images": [{"id": "i-1", "name": "debian"}]})
    scene = Scene(openstack(), token_answer(), flavors, images, answer(202, {"server": {"id": "s-1"}}))
    size, image = await scene.cloud.resolve("m1", "debian", scene.watch)
    await scene.cloud.create(order(size=size, image=image), scene.watch)
    assert [operation for operation, _ in scene.codes] == ["auth", "sizes", "images", "create"]


async def test_an_alias_is_the_profiles_before_it_is_the_files() -> None:
    """A particular cloud may call a size otherwise than its family."""
    flex = Scene(openstack(profile="rackspace-flex", region="DFW3", endpoints={}), token_answer())
    assert flex.cloud.entry.size("small") == "gp.0.1.2"
    assert flex.cloud.entry.image("Fedora 40") == "Fedora 40"
    aws = Scene(entry("aws", AWS_KEYS), answer(200, ""))
    assert aws.cloud.entry.size("small") == "t3.nano"


@pytest.mark.parametrize(
    "failure",
    [ProbeFailed(Outcome.TIMEOUT, "lost"), ProbeFailed(Outcome.BROKEN, "reset"), answer(500, {}), answer(429, {})],
)
async def test_a_create_is_sent_once(failure: httpx.Response | ProbeFailed) -> None:
    """Whatever comes back, or does not, a create is never repeated."""
    scene = Scene(openstack(), token_answer(), NONE_FOUND, NONE_FOUND, failure)
    with pytest.raises(ProbeFailed):
        await scene.cloud.create(order(), scene.watch)
    assert [operation for operation, _ in scene.codes].count("create") == 1


async def test_a_refused_token_is_renewed_once_and_the_call_repeated() -> None:
    """A 401 in mid-run is not the vendor's failure, not even on a create, which it has certainly not done."""
    created = answer(202, {"server": {"id": "s-1"}})
    scene = Scene(openstack(), token_answer("old"), NONE_FOUND, NONE_FOUND, UNAUTHORIZED, token_answer("new"), created)
    assert (await scene.cloud.create(order(), scene.watch)).id == "s-1"
    assert [request.headers.get("X-Auth-Token") for request in scene.wire.asked] == [
        None, "old", "old", "old", None, "new",
    ]  # fmt: skip
    assert scene.codes[-3:] == [("create", "4xx"), ("auth", "2xx"), ("create", "2xx")]


async def test_a_token_that_is_refused_again_is_denied() -> None:
    """Renewal is tried once."""
    scene = Scene(openstack(), token_answer(), UNAUTHORIZED, token_answer(), UNAUTHORIZED)
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.read("probe", scene.watch)
    assert failed.value.outcome is Outcome.DENIED
    assert len(scene.wire.asked) == 4


async def test_only_the_repetitions_phases_count() -> None:
    """What the refused attempt took is not what the operation took."""
    scene = Scene(openstack(), token_answer(), UNAUTHORIZED, token_answer(), answer(200, {}))
    await scene.cloud.read("probe", scene.watch)
    assert scene.watch.phases[Phase.WAIT] == pytest.approx(0.1)
    assert scene.watch.phases[Phase.AUTH] == pytest.approx(0.2)


async def test_an_instance_is_read() -> None:
    """Every field of a view comes from the file's paths."""
    scene = Scene(openstack(), token_answer(), answer(200, {"server": SERVER}))
    view = await scene.cloud.inspect("s-1", scene.watch)
    assert view is not None
    assert (view.id, view.name, view.state) == ("s-1", "probe-1", InstanceState.READY)
    assert view.addresses == ("192.0.2.7", "10.0.0.5")
    assert view.marks == {MARK_AGENT: "agent-1"}
    assert view.created_at == 1_799_996_400 + 3_600
    assert str(scene.wire.asked[-1].url) == "https://nova.example/v2.1/servers/s-1"
    assert scene.wire.asked[-1].headers["OpenStack-API-Version"] == "compute 2.37"


async def test_a_polls_wire_phases_are_not_the_runs() -> None:
    """The many exchanges of an instance's life count in the API's metrics only."""
    scene = Scene(openstack(), token_answer(), answer(200, {"server": SERVER}, {"x-openstack-request-id": "req-1"}))
    await scene.cloud.authenticate(scene.watch)
    await scene.cloud.inspect("s-1", scene.watch)
    assert set(scene.watch.phases) == {Phase.AUTH}
    assert scene.watch.facts[Fact.REQUEST_ID] == "req-1"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("BUILD", InstanceState.PENDING),
        ("ACTIVE", InstanceState.READY),
        ("ERROR", InstanceState.FAILED),
        ("DELETED", InstanceState.GONE),
        ("VERIFY_RESIZE", InstanceState.UNKNOWN),
        (None, InstanceState.UNKNOWN),
    ],
)
async def test_states(status: str | None, state: InstanceState) -> None:
    """A word that the file does not know is unknown, which is not yet."""
    scene = Scene(openstack(), token_answer(), answer(200, {"server": {**SERVER, "status": status}}))
    view = await scene.cloud.inspect("s-1", scene.watch)
    assert view is not None
    assert view.state is state


async def test_what_the_vendor_does_not_know_is_not_there() -> None:
    """Not found is None for inspect, and fine for delete."""
    scene = Scene(openstack(), token_answer(), MISSING)
    assert await scene.cloud.inspect("s-1", scene.watch) is None
    await scene.cloud.delete("s-1", scene.watch)


@pytest.mark.parametrize("body", [None, {}, [], {"server": None}, {"server": {}}, {"server": "s-1"}])
async def test_an_answer_without_the_instance_is_not_its_absence(body: object) -> None:
    """Only the vendor's own word for "not found" says that something is gone: a lease is settled by it."""
    scene = Scene(openstack(), token_answer(), answer(200, body))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.inspect("s-1", scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_an_inventory_holds_what_carries_the_marks_whatever_the_vendor_filters() -> None:
    """A server-side filter is an optimisation: strangers and what is gone are dropped on our side."""
    servers = [
        SERVER,
        {**SERVER, "id": "s-2", "metadata": {MARK_AGENT: "agent-2"}},
        {**SERVER, "id": "s-3", "metadata": {"name": "probe-1"}},
        {**SERVER, "id": "s-4", "metadata": None},
        {"strange": "shape"},
        5,
        {**SERVER, "id": "s-5", "status": "DELETED"},
    ]
    scene = Scene(openstack(), token_answer(), answer(200, {"servers": servers}))
    assert [view.id for view in await scene.cloud.inventory(scene.watch)] == ["s-1", "s-2"]
    assert "metadata" not in scene.wire.asked[-1].url.params
    assert [view.id for view in await scene.cloud.inventory(scene.watch, {MARK_AGENT: "agent-1"})] == ["s-1"]
    assert scene.wire.asked[-1].url.params["metadata"] == '{"stability-probe":"agent-1"}'


async def test_an_inventory_is_complete_or_fails() -> None:
    """A page that cannot be had leaves no half inventory."""
    more = {
        "servers": [SERVER],
        "servers_links": [{"rel": "next", "href": "https://nova.example/v2.1/servers/detail?marker=s-1"}],
    }
    scene = Scene(openstack(), token_answer(), answer(200, more), answer(503, {}))
    with pytest.raises(VendorComplaint):
        await scene.cloud.inventory(scene.watch)


NAMELESS = {key: value for key, value in SERVER.items() if key != "id"}


@pytest.mark.parametrize("body", [{"servers": "none"}, {"servers": [NAMELESS]}, {"servers": {"id": "s-1"}}, [], None])
async def test_a_list_of_another_shape_is_the_vendors_error(body: object) -> None:
    """An answer that is not what it must be is unparseable, never a crash."""
    scene = Scene(openstack(), token_answer(), answer(200, body))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.inventory(scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"server": {"status": "BUILD"}}', b'{"server": 7}', b"[]"])
async def test_a_created_instance_without_an_identifier_is_the_vendors_error(body: bytes) -> None:
    """A success that does not say what it made cannot be used."""
    scene = Scene(openstack(), token_answer(), NONE_FOUND, NONE_FOUND, answer(202, body))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.create(order(), scene.watch)
    assert failed.value.verdict is Verdict.VENDOR_ERROR


async def test_an_error_inside_a_success_is_an_error() -> None:
    """CloudWatch says 200 and tells of a failure inside."""
    body = {"MetricDataResults": [{"StatusCode": "InternalError", "Timestamps": [], "Values": []}]}
    scene = Scene(entry("aws", AWS_KEYS), answer(200, body))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.datapoints({"instance": "i-1"}, scene.watch, 0.0)
    assert (failed.value.outcome, failed.value.code) == (Outcome.VENDOR_ERROR, "InternalError")


@pytest.mark.parametrize("times", [[1.0], "x", [None, None], [{}, {}]])
async def test_datapoints_of_another_shape_are_the_vendors_error(times: object) -> None:
    """Times without values, or times that are none, are unparseable."""
    body = {"MetricDataResults": [{"StatusCode": "Complete", "Timestamps": times, "Values": [1, 2]}]}
    scene = Scene(entry("aws", AWS_KEYS), answer(200, body))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.datapoints({"instance": "i-1"}, scene.watch, 0.0)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_a_subject_that_the_vendor_does_not_know_is_the_configurations_mistake() -> None:
    """The configuration names the series; its not being there is not the vendor's fault."""
    rackspace = Scene(
        entry("rackspace", {"username": "u", "api_key": "k"}, {"monitoring": "https://m.example"}, region="DFW"),
        answer(200, {"access": {"token": {"id": "t", "expires": "2030-01-01T00:00:00Z"}, "serviceCatalog": []}}),
        answer(404, {"type": "notFoundError", "code": 404, "message": "Object does not exist"}),
    )
    series = {"entity": "en1", "check": "ch1", "metric": "mzord.available"}
    with pytest.raises(VendorComplaint) as failed:
        await rackspace.cloud.datapoints({"series": series}, rackspace.watch, 0.0)
    assert failed.value.outcome is Outcome.INVALID


async def test_a_query_spans_its_exchange_but_not_authentication() -> None:
    """Phase query is the whole query; a token that had to be fetched is phase auth."""
    measures = [["2027-01-15T07:55:00+00:00", 300.0, 0.5], ["2027-01-15T07:50:00+00:00", 300.0, 0.7]]
    scene = Scene(openstack(endpoints={"auth": "https://keystone.example/v3", "monitoring": "https://g.example"}),
                  token_answer(), answer(200, measures))  # fmt: skip
    points = await scene.cloud.datapoints({"instance": "s-1"}, scene.watch, scene.clock.wall() - 3600)
    assert (points.count, points.value) == (2, 0.5)
    assert points.newest == pytest.approx(scene.clock.wall(), abs=600)
    assert scene.watch.phases[Phase.AUTH] == pytest.approx(0.1)
    assert scene.watch.phases[Phase.QUERY] == pytest.approx(0.1)


async def test_a_cloud_without_a_service_is_told_so() -> None:
    """A catalog that has no Gnocchi is no fault of the vendor."""
    scene = Scene(openstack(), token_answer())
    with pytest.raises(ProbeFailed, match="no endpoint `monitoring`") as failed:
        await scene.cloud.datapoints({"instance": "s-1"}, scene.watch, 0.0)
    assert failed.value.outcome is Outcome.INVALID


async def test_ec2_is_asked_in_its_own_words() -> None:
    """Nested form parameters are numbered, and marks become tags on all that may outlive the instance."""
    body = "<R><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet></R>"
    scene = Scene(entry("aws", AWS_KEYS), answer(200, body))
    await scene.cloud.create(order(size="small", image="ami-1", network={"security_groups": ["sg-1"]}), scene.watch)
    sent = {key: values[0] for key, values in parse_qs(scene.wire.asked[0].content.decode()).items()}
    assert sent["Action"] == "RunInstances"
    assert sent["Version"] == "2016-11-15"
    assert sent["ClientToken"] == "t"
    assert sent["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert sent["SecurityGroupId.1"] == "sg-1"
    assert "SubnetId" not in sent
    for number, kind in enumerate(("instance", "volume", "network-interface"), start=1):
        assert sent[f"TagSpecification.{number}.ResourceType"] == kind
        assert sent[f"TagSpecification.{number}.Tag.1.Key"] == MARK_AGENT
        assert sent[f"TagSpecification.{number}.Tag.2.Value"] == "probe-1"


@pytest.mark.parametrize("identifier", ["..", ".", ""])
async def test_an_identifier_that_leads_elsewhere_is_not_sent(identifier: str) -> None:
    """What a vendor once gave us cannot lead a request to another path."""
    scene = Scene(openstack(), token_answer(), MISSING)
    with pytest.raises(ProbeFailed) as refused:
        await scene.cloud.delete(identifier, scene.watch)
    assert refused.value.outcome is Outcome.INVALID


@pytest.mark.parametrize(("identifier", "sent"), [("a/b", b"a%2Fb"), ("a?b#c", b"a%3Fb%23c"), ("ä", b"%C3%A4")])
async def test_an_identifier_is_one_segment_of_a_path(identifier: str, sent: bytes) -> None:
    """Quoting is the path's business."""
    scene = Scene(openstack(), token_answer(), MISSING)
    await scene.cloud.delete(identifier, scene.watch)
    assert scene.wire.asked[-1].url.raw_path == b"/v2.1/servers/" + sent


def test_what_a_cloud_tells_of_itself() -> None:
    """Names, operations and paces come from the entry and its file."""
    cloud: Cloud = Scene(openstack(), token_answer()).cloud
    assert (cloud.name, cloud.region, cloud.file) == ("test-openstack", "RegionOne", FILES["openstack"])
    assert cloud.read_operations()[:2] == ("list", "probe")
    assert (cloud.pace.first, cloud.not_found_grace, cloud.list_delay) == (0.5, 10.0, 10.0)
