"""What goes on at a vendor after it acknowledged a call: handles, steps, chains of reads, ways to delete, leftovers."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from probe.cloud import MARK_AGENT, MARK_LEASE, Order, VendorComplaint, VendorEntry, Verdict
from probe.cloud.file.checks import flaws
from probe.cloud.file.vendor import VendorFile
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from tests.cloud.entries import ACME, ACME_INSTANCES, Scene, renting
from tests.fakes.vendor import answer

MARKS = {MARK_AGENT: "a-1", MARK_LEASE: "probe-1"}
ORDER = Order(name="probe-1", size="s", image="i", marks=MARKS, token="t")
CREATE = ACME_INSTANCES["create"]
RULES = {
    "errors": {
        "code": "error.code",
        "rules": [{"code": "STOCKOUT", "is": "capacity"}, {"status": 404, "is": "not_found"}],
    }
}
ACTION: dict[str, Any] = {
    "get": "api:/actions/${action}",
    "extract": {"action": "action.id"},
    "done": ["status == 'done'"],
    "failed": ["status == 'done' && error"],
    "code": "error.code",
    "message": "error.text",
}


def working(handle: dict[str, Any] | None = None, **parts: object) -> VendorEntry:
    """A vendor whose create is only acknowledged."""
    return renting(file=RULES, create=CREATE | {"handle": handle or ACTION}, **parts)


async def test_work_is_followed_to_its_end() -> None:
    """The answer to the create names it; it is asked for until it is done."""
    scene = Scene(
        working(),
        answer(201, {"id": "1", "action": {"id": 7}}),
        answer(200, {"status": "run"}),
        answer(200, {"status": "done"}),
    )
    created = await scene.cloud.create(ORDER, scene.watch)
    first = await scene.cloud.follow(created.handles, scene.watch)
    assert (first.pending, first.failure) == (created.handles, None)
    second = await scene.cloud.follow(first.pending, scene.watch)
    assert (second.pending, second.failure) == ((), None)
    assert [request.url.path for request in scene.wire.asked[1:]] == ["/v1/actions/7"] * 2
    assert scene.codes[1:] == [("create_handle", "2xx")] * 2


@pytest.mark.parametrize(
    ("error", "verdict", "unmatched"),
    [
        ({"code": "STOCKOUT", "text": "no room"}, Verdict.CAPACITY, 0),
        ({"code": "NEW"}, Verdict.VENDOR_ERROR, 1),
        ({"code": ["x"], "text": {}}, Verdict.VENDOR_ERROR, 1),
    ],
)
async def test_work_that_failed_is_judged_by_the_error_rules(error: object, verdict: Verdict, unmatched: int) -> None:
    """A failure inside an answer that says 200 is a failure; what no rule knows is the vendor's, and is counted."""
    finished = answer(200, {"status": "done", "error": error})
    scene = Scene(working(), answer(201, {"id": "1", "action": {"id": 7}}), finished)
    created = await scene.cloud.create(ORDER, scene.watch)
    failure = (await scene.cloud.follow(created.handles, scene.watch)).failure
    assert failure is not None
    assert (failure.verdict, scene.meter.unmatched) == (verdict, unmatched)


async def test_several_works_are_followed_each() -> None:
    """An answer may name more than one; those that are done are asked for no more."""
    several = {"get": "api:/actions/${handle}", "each": "[action, next[]][].id", "done": ["status == 'done'"]}

    def stand(request: httpx.Request) -> httpx.Response:
        return answer(200, {"status": "done" if request.url.path.endswith("/2") else "run"})

    scene = Scene(
        working(several), answer(201, {"id": "1", "action": {"id": 1}, "next": [{"id": 2}, {"id": 3}]}), stand
    )
    created = await scene.cloud.create(ORDER, scene.watch)
    assert len(created.handles) == 3
    progress = await scene.cloud.follow(created.handles, scene.watch)
    assert [handle.values["handle"] for handle in progress.pending] == [1, 3]


@pytest.mark.parametrize("found", ["no list", {"id": 1}, [{}, None, ""], None, "join(',', @)"])
async def test_several_works_of_another_shape_are_none(found: object) -> None:
    """The create was done all the same: its identifier is not lost."""
    each = found if isinstance(found, str) and found.startswith("join") else "works"
    several = {"get": "api:/actions/${handle}", "each": each, "done": ["status == 'done'"]}
    scene = Scene(working(several), answer(201, {"id": "1", "works": found}))
    created = await scene.cloud.create(ORDER, scene.watch)
    assert (created.id, created.handles) == ("1", ())


@pytest.mark.parametrize("body", [{"id": "1"}, {"id": "1", "action": None}, {"id": "1", "action": {"id": {}}}])
async def test_an_answer_that_names_no_work_has_none(body: object) -> None:
    """Then it is done already, or the instance itself shows how it goes."""
    scene = Scene(working(), answer(201, body))
    assert (await scene.cloud.create(ORDER, scene.watch)).handles == ()


async def test_work_that_the_vendor_knows_no_more_is_over() -> None:
    """It forgets them after a while; what it was done to shows how it ended. Other errors are no end."""
    scene = Scene(working(), answer(201, {"id": "1", "action": {"id": 7}}), answer(404, {}), answer(503, {}))
    created = await scene.cloud.create(ORDER, scene.watch)
    assert (await scene.cloud.follow(created.handles, scene.watch)).pending == ()
    with pytest.raises(VendorComplaint):
        await scene.cloud.follow(created.handles, scene.watch)


HEADER = {
    "get": "api:${url}",
    "from_header": {"url": ["Azure-AsyncOperation", "Location"]},
    "done": ["status == 'Succeeded'"],
}


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("https://api.acme.example/v1/ops/9?api-version=1", "https://api.acme.example/v1/ops/9?api-version=1"),
        ("http://api.acme.example:8443/inside/ops/9", "https://api.acme.example/inside/ops/9"),
        ("/ops/9", "https://api.acme.example/v1/ops/9"),
    ],
)
async def test_a_vendor_may_say_where_its_work_is_asked_for(place: str, asked: str) -> None:
    """In a header, as a URL of its own host or as a path."""
    done = answer(200, {"status": "Succeeded"})
    scene = Scene(working(HEADER), answer(201, {"id": "1"}, {"Azure-AsyncOperation": place, "Location": "/x"}), done)
    created = await scene.cloud.create(ORDER, scene.watch)
    assert (await scene.cloud.follow(created.handles, scene.watch)).pending == ()
    assert str(scene.wire.asked[-1].url) == asked
    assert scene.wire.asked[-1].headers["Authorization"] == "Bearer b-1"


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/ops/9",
        "//evil.example/ops",
        "https://api.acme.example@evil.example/",
        "https://api.acme.example.evil.example/",
        "ftp:x",
        "ops/9",
        "/../../x",
        "/a/%2e%2e/b",
        "https://[x",
        "/" + "x" * 20_000,
    ],
)
async def test_no_answer_leads_a_credential_elsewhere(place: str) -> None:
    """Neither to another host nor upwards; it ends as the vendor's error, and nothing is sent."""
    scene = Scene(working(HEADER), answer(201, {"id": "1"}, {"Location": place}), answer(200, {}))
    created = await scene.cloud.create(ORDER, scene.watch)
    with pytest.raises(ProbeFailed, match="place that the vendor gave") as failed:
        await scene.cloud.follow(created.handles, scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR
    assert len(scene.wire.asked) == 1


# --- steps after a create --------------------------------------------------------------------------------------------

AFTER = [
    {"post": "api:/servers/${id}/on", "json": {"action": "poweron"}, "extract": {"task": "task"}},
    {
        "patch": "api:/volumes/${volume}",
        "json": {"labels": "${marks}", "task": "${task}"},
        "each": {"volume": "volumes.*.id"},
    },
]


async def test_steps_follow_a_create() -> None:
    """In order, with what the create said and what earlier steps found; one is made for each of several things."""
    scene = Scene(
        renting(create=CREATE | {"after": AFTER}),
        answer(201, {"id": "1", "volumes": {"0": {"id": "v1"}, "1": {"id": "v2"}}}),
        answer(202, {"task": "t-1"}),
        answer(200, {}),
    )
    created = await scene.cloud.create(ORDER, scene.watch)
    assert len(scene.wire.asked) == 1
    await scene.cloud.complete(created, scene.watch)
    paths = [f"{request.method} {request.url.path}" for request in scene.wire.asked[1:]]
    assert paths == ["POST /v1/servers/1/on", "PATCH /v1/volumes/v1", "PATCH /v1/volumes/v2"]
    assert scene.wire.body() == {"labels": MARKS, "task": "t-1"}


@pytest.mark.parametrize(("user_data", "calls"), [("#cloud-config\n", 2), ("", 1)])
async def test_a_step_that_has_nothing_to_say_is_not_made(user_data: str, calls: int) -> None:
    """User data that goes in a call of its own, as plain text, where there is any."""
    after = [{"patch": "api:/servers/${id}/user_data", "text": "${user_data}"}]
    scene = Scene(renting(create=CREATE | {"after": after}), answer(201, {"id": "1"}), answer(204))
    created = await scene.cloud.create(replace(ORDER, user_data=user_data), scene.watch)
    await scene.cloud.complete(created, scene.watch)
    assert len(scene.wire.asked) == calls
    if user_data:
        assert scene.wire.asked[-1].content == user_data.encode()
        assert scene.wire.asked[-1].headers["Content-Type"] == "text/plain"


async def test_a_step_that_fails_ends_them() -> None:
    """The instance is there nevertheless: `create` has told its identifier before."""
    scene = Scene(renting(create=CREATE | {"after": AFTER}), answer(201, {"id": "1", "volumes": {}}), answer(500, {}))
    created = await scene.cloud.create(ORDER, scene.watch)
    with pytest.raises(VendorComplaint):
        await scene.cloud.complete(created, scene.watch)
    assert (created.id, len(scene.wire.asked)) == ("1", 2)


@pytest.mark.parametrize(("grace", "asked"), [("10s", 4), ("0s", 2)])
async def test_a_step_waits_for_a_vendor_that_does_not_know_yet_what_it_made(grace: str, asked: int) -> None:
    """Its reads lag behind its writes: within the file's bound that is no failure, and a step that 404s did nothing."""
    after = [{"post": "api:/servers/${id}/on", "json": {"action": "poweron"}}]
    entry = renting(file=RULES, create=CREATE | {"after": after}, not_found_grace=grace)
    scene = Scene(entry, answer(201, {"id": "1"}), answer(404, {}), answer(404, {}), answer(202, {}))
    created = await scene.cloud.create(ORDER, scene.watch)
    if grace == "0s":
        with pytest.raises(VendorComplaint):
            await scene.cloud.complete(created, scene.watch)
    else:
        await scene.cloud.complete(created, scene.watch)
    assert len(scene.wire.asked) == asked


async def test_a_step_may_have_work_of_its_own() -> None:
    """What it began is followed like the create's own."""
    handle = {"get": "api:/tasks/${task}", "extract": {"task": "task"}, "done": ["@.ok"]}
    after = [{"post": "api:/servers/${id}/on", "handle": handle}]
    scene = Scene(renting(create=CREATE | {"after": after}), answer(201, {"id": "1"}), answer(202, {"task": "t-1"}))
    created = await scene.cloud.complete(await scene.cloud.create(ORDER, scene.watch), scene.watch)
    assert [handle.values["task"] for handle in created.handles] == ["t-1"]


@pytest.mark.parametrize(
    ("answered", "verdict"),
    [(answer(409, {"error": {"code": "taken"}}), Verdict.CONFLICT), (answer(409, {}), Verdict.INVALID)],
)
async def test_a_name_that_is_taken_may_be_taken_by_us(answered: httpx.Response, verdict: Verdict) -> None:
    """The second of two creates is refused, and the first one's instance is looked for."""
    create = CREATE | {"idempotency": "name", "already": {"status": 409, "code": "taken"}}
    scene = Scene(renting(file=RULES, create=create), answered)
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.create(ORDER, scene.watch)
    assert failed.value.verdict is verdict


async def test_an_order_for_what_the_vendor_does_not_know_is_our_mistake() -> None:
    """It is the configuration that names the image; a create that is `not found` is no fault of the vendor's."""
    scene = Scene(renting(file=RULES), answer(404, {"error": {"code": "no such image"}}))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.create(ORDER, scene.watch)
    assert failed.value.outcome is Outcome.INVALID


# --- addresses -------------------------------------------------------------------------------------------------------

CHAIN = [
    {
        "get": "api:${nic}",
        "query": {"version": 1},
        "from_item": {"nic": "nics[0].id"},
        "extract": {"public": "public.id"},
        "addresses": "private",
    },
    {"get": "api:/ips/${public}", "addresses": "[address]"},
]
READY = {"id": "1", "name": "probe-1", "state": "up", "labels": {}, "nics": [{"id": "/nics/n-1"}]}
NIC = {"private": "10.0.0.4", "public": {"id": "p-1"}}


async def test_an_address_is_read_at_the_end_of_a_chain() -> None:
    """Only of a ready instance that shows none, and only where it is asked for; the last read's stand first."""
    scene = Scene(
        renting(addresses=CHAIN),
        answer(200, READY),
        answer(200, READY),
        answer(200, NIC),
        answer(200, {"address": "192.0.2.7"}),
    )
    plain = await scene.cloud.inspect("1", scene.watch)
    assert plain is not None
    assert (plain.addresses, len(scene.wire.asked)) == ((), 1)
    view = await scene.cloud.inspect("1", scene.watch, addresses=True)
    assert view is not None
    assert view.addresses == ("192.0.2.7", "10.0.0.4")
    assert [str(request.url) for request in scene.wire.asked[2:]] == [
        "https://api.acme.example/v1/nics/n-1?version=1",
        "https://api.acme.example/v1/ips/p-1",
    ]


@pytest.mark.parametrize(
    ("item", "answers", "addresses"),
    [
        (READY | {"state": "new"}, [], ()),
        (READY | {"ips": ["192.0.2.9"]}, [], ("192.0.2.9",)),
        (READY | {"nics": None}, [], ()),
        (READY, [answer(404, {})], ()),
        (READY, [answer(200, {"private": "10.0.0.4"})], ("10.0.0.4",)),
        (READY, [answer(200, NIC), answer(200, {"address": None})], ()),
        (READY, [answer(200, NIC), answer(404, {})], ()),
    ],
)
async def test_a_chain_that_leads_nowhere_yet(item: object, answers: list[httpx.Response], addresses: object) -> None:
    """No address is no failure; what has only private ones has those."""
    scene = Scene(renting(file=RULES, addresses=CHAIN), answer(200, item), *answers)
    view = await scene.cloud.inspect("1", scene.watch, addresses=True)
    assert view is not None
    assert view.addresses == addresses
    assert len(scene.wire.asked) == 1 + len(answers)


# --- delete ----------------------------------------------------------------------------------------------------------

WAYS = [
    {"post": "api:/servers/${id}/action", "json": {"action": "terminate"}, "when": "state == 'up'"},
    {"delete": "api:/servers/${id}", "when": "state == 'off'", "handle": ACTION},
]


@pytest.mark.parametrize(("state", "asked"), [("up", "POST /v1/servers/1/action"), ("off", "DELETE /v1/servers/1")])
async def test_an_instance_is_deleted_as_its_state_wants_it(state: str, asked: str) -> None:
    """The first way that holds is taken."""
    scene = Scene(renting(delete=WAYS), answer(200, READY | {"state": state}), answer(202, {"action": {"id": 9}}))
    handles = await scene.cloud.delete("1", scene.watch)
    assert f"{scene.wire.asked[-1].method} {scene.wire.asked[-1].url.path}" == asked
    assert [handle.values["action"] for handle in handles] == (["9"] if state == "off" else [])


async def test_a_state_that_no_way_fits_is_a_conflict() -> None:
    """A little later one may; and what is not there needs no way."""
    scene = Scene(renting(file=RULES, delete=WAYS), answer(200, READY | {"state": "new"}), answer(404, {}))
    with pytest.raises(VendorComplaint) as failed:
        await scene.cloud.delete("1", scene.watch)
    assert failed.value.verdict is Verdict.CONFLICT
    assert await scene.cloud.delete("1", scene.watch) == ()


# --- leftovers -------------------------------------------------------------------------------------------------------

VOLUMES: dict[str, Any] = {
    "description": "a disk",
    "list": {"get": "api:/volumes", "items": "volumes", "ours": {"query": {"label": "${agent}"}}},
    "show": {"id": "id", "name": "name", "marks": {"at": "labels"}, "created": "at", "free": ["!server"]},
    "attached": "disks[].id",
    "delete": {"delete": "api:/volumes/${id}"},
}
LEFT = renting(file=RULES, residuals={"volumes": VOLUMES})


async def test_what_may_outlive_an_instance_is_listed_and_checked_on_our_side() -> None:
    """Whatever the vendor filters: only what carries our marks is ours; what is in use says so."""
    volumes = [
        {"id": 1, "name": "root", "labels": MARKS, "at": "2027-01-15T08:00:00Z"},
        {"id": 2, "labels": MARKS, "server": {"id": 5}},
        {"id": 3, "labels": {MARK_AGENT: "another"}},
        {"id": 4, "labels": None},
    ]
    scene = Scene(LEFT, answer(200, {"volumes": volumes}))
    found = await scene.cloud.residuals("volumes", scene.watch, {MARK_AGENT: "a-1"})
    assert [(one.id, one.name, one.free) for one in found] == [("1", "root", True), ("2", "", False)]
    assert found[0].marks == MARKS
    assert scene.wire.asked[-1].url.params["label"] == "a-1"
    everything = await scene.cloud.residuals("volumes", scene.watch, everything=True)
    assert [one.id for one in everything] == ["1", "2", "3", "4"]
    assert not scene.wire.asked[-1].url.params


async def test_what_is_left_over_is_deleted_by_its_identifier() -> None:
    """That there is none is fine; an unknown kind is no crash."""
    scene = Scene(LEFT, answer(204), answer(404, {}), answer(500, {}))
    await scene.cloud.delete_residual("volumes", "v/1", scene.watch)
    assert scene.wire.asked[-1].url.raw_path == b"/v1/volumes/v%2F1"
    await scene.cloud.delete_residual("volumes", "v2", scene.watch)
    with pytest.raises(VendorComplaint):
        await scene.cloud.delete_residual("volumes", "v2", scene.watch)
    assert scene.cloud.residual_kinds == ("volumes",)


@pytest.mark.parametrize(
    ("disks", "attached"),
    [([{"id": "v1"}, {"id": 2}, {"id": None}, {"id": "v1"}], {"volumes": ("v1", "2")}), (None, {}), ([{"id": {}}], {})],
)
async def test_what_came_with_an_instance_is_known(disks: object, attached: object) -> None:
    """So that it is found again when the instance is gone, even if it cannot be marked."""
    scene = Scene(LEFT, answer(200, READY | {"disks": disks}))
    view = await scene.cloud.inspect("1", scene.watch)
    assert view is not None
    assert (view.attached, view.state) == (attached, InstanceState.READY)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"get": {"get": "api:${id}", "item": "@"}}, "instances.get.get: `${id}` is no path that the vendor gave"),
        (
            {"create": CREATE | {"handle": ACTION | {"get": "api:/x/${nothing}"}}},
            "instances.create.handle.get: `${nothing}`",
        ),
        (
            {"create": CREATE | {"handle": ACTION | {"get": "none:/x"}}},
            "instances.create.handle.get: there is no endpoint",
        ),
        ({"create": CREATE | {"after": [AFTER[1]]}}, "instances.create.after.0.json: `${task}` has no value here"),
        ({"addresses": [CHAIN[1]]}, "instances.addresses.0.get: `${public}` has no value here"),
        ({"delete": [{"delete": "api:/x/${name}"}]}, "instances.delete.0.delete: `${name}` has no value here"),
        (
            {"residuals": {"v": {**VOLUMES, "show": {"id": "id"}, "attached": None}}},
            "instances.residuals.v: nothing proves that one of them is ours",
        ),
        (
            {
                "residuals": {
                    "v": {**VOLUMES, "show": {"id": "i", "marks": {"at": "t", "pattern": "(?P<key>x)(?P<value>y)"}}}
                }
            },
            "instances.residuals.v.show.marks.pattern: the tag",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(parts: dict[str, object], sentence: str) -> None:
    """With its place in the file."""
    file = VendorFile.model_validate(ACME | {"instances": ACME_INSTANCES | parts})
    said = [f"{'.'.join(map(str, trail))}: {problem}" for trail, problem, _ in flaws(file)]
    assert any(one.startswith(sentence) for one in said), said


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"create": CREATE | {"handle": {"get": "api:/x", "done": ["@"]}}}, "to know the work by"),
        ({"create": CREATE | {"handle": ACTION | {"done": []}}}, "at least 1 item"),
        ({"create": CREATE | {"after": [{"post": "api:/x", "each": {"a": "a", "b": "b"}}]}}, "at most 1 item"),
        ({"create": CREATE | {"already": {}}}, "fits every error"),
        ({"delete": []}, "at least 1 item"),
        ({"residuals": {"Volumes!": VOLUMES}}, "should match pattern"),
    ],
)
def test_what_makes_no_sense_is_refused(parts: dict[str, object], sentence: str) -> None:
    """By the model itself."""
    with pytest.raises(ValidationError, match=sentence):
        VendorFile.model_validate(ACME | {"instances": ACME_INSTANCES | parts})


def test_a_status_page_is_told() -> None:
    """For people, and for machines if there is a feed."""
    page = {"page": "https://status.acme.example", "feed": {"kind": "statuspage_v2", "url": "https://s.example/s.json"}}
    status = VendorFile.model_validate(ACME | {"status": page}).status
    assert status is not None
    assert status.feed is not None
    with pytest.raises(ValidationError):
        VendorFile.model_validate(ACME | {"status": {"page": "http://status.acme.example"}})
