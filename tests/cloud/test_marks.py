"""The marks of ownership, as each vendor wants them."""

from typing import Any

import pytest
from pydantic import ValidationError

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, MARK_RUN, Order
from probe.cloud.file.checks import flaws
from probe.cloud.file.vendor import VendorFile
from tests.cloud.entries import ACME, ACME_INSTANCES, Scene, renting
from tests.fakes.vendor import answer

MARKS = {MARK_AGENT: "a-1", MARK_RUN: "r-1", MARK_LEASE: "probe-1", MARK_EXPIRES: "1800000000"}
ORDER = Order(name="probe-1", size="s", image="i", marks=MARKS, token="t")
KEYS = {"agent": "sp", "run": "sp-run", "lease": "sp-lease", "expires": "sp-expires"}
TAGS: dict[str, Any] = {
    "marks": {"as": "tags", "template": "${key}:${value}", "keys": KEYS},
    "show": ACME_INSTANCES["show"] | {"marks": {"at": "tags", "pattern": "(?P<key>[^:]+):(?P<value>.*)"}},
}
WRITTEN = ["sp:a-1", "sp-run:r-1", "sp-lease:probe-1", "sp-expires:1800000000"]


async def test_marks_become_tags_and_are_read_from_them() -> None:
    """Where a vendor knows texts only, key and value stand in one; a strange tag is no mark."""
    shown = {"id": "1", "name": "probe-1", "state": "up", "tags": ["blue", *WRITTEN, 5, "x" * 5_000]}
    scene = Scene(renting(**TAGS), answer(201, {"id": "1"}), answer(200, shown))
    await scene.cloud.create(ORDER, scene.watch)
    assert scene.wire.body()["labels"] == WRITTEN
    view = await scene.cloud.inspect("1", scene.watch)
    assert view is not None
    assert view.marks == MARKS


async def test_keys_are_called_otherwise_where_a_vendor_limits_them() -> None:
    """In the marks themselves and in every filter; on our side they have their own names again."""
    listing = {"get": "api:/servers", "query": {"labels": "${marks_json}", "key": "${mark}"}, "items": "servers"}
    chosen = renting(marks={"as": "map", "keys": KEYS}, list=listing)
    items = [{"id": "1", "labels": {"sp": "a-1", "team": "shop"}}, {"id": "2", "labels": {MARK_RUN: "a-1"}}]
    scene = Scene(chosen, answer(201, {"id": "1"}), answer(200, {"servers": items}))
    await scene.cloud.create(ORDER, scene.watch)
    assert scene.wire.body()["labels"] == dict(zip(KEYS.values(), MARKS.values(), strict=True))
    (view,) = await scene.cloud.inventory(scene.watch, {MARK_AGENT: "a-1"})
    assert view.marks == {MARK_AGENT: "a-1", "team": "shop"}
    assert dict(scene.wire.asked[-1].url.params) == {"labels": '{"sp":"a-1"}', "key": "sp"}


FILTERED = {
    "get": "api:/servers",
    "query": {"size": 50},
    "items": "servers",
    "marked": {"query": {"key": "${mark}"}},
    "ours": {"headers": {"X-Filter": '{"tags": "${mark_tag}"}'}, "query": {"agent": "${agent}", "size": 100}},
}


async def test_a_list_is_narrowed_to_what_is_wanted() -> None:
    """By query and by header, as the vendor has it; asked for everything, it is not narrowed at all."""
    scene = Scene(renting(**TAGS, list=FILTERED), answer(200, {"servers": []}))
    await scene.cloud.inventory(scene.watch, MARKS)
    await scene.cloud.inventory(scene.watch)
    await scene.cloud.read("list", scene.watch)
    await scene.cloud.inventory(scene.watch, MARKS, everything=True)
    ours, *others = scene.wire.asked
    assert ours.headers["X-Filter"] == '{"tags": "sp:a-1"}'
    assert dict(ours.url.params) == {"size": "100", "agent": "a-1"}
    assert [dict(request.url.params) for request in others] == [
        {"size": "50", "key": "sp"}, {"size": "50", "key": "sp"}, {"size": "50"},
    ]  # fmt: skip
    assert not any("X-Filter" in request.headers for request in others)


async def test_everything_shows_what_nobody_marked() -> None:
    """Look-alikes are told to people; what cannot be read and is not ours spoils no list."""
    items = [{"id": "1", "labels": {MARK_AGENT: "a"}}, {"id": "2", "name": "probe-x"}, {"name": "no id"}, 5, None]
    scene = Scene(renting(), answer(200, {"servers": items}))
    assert [view.id for view in await scene.cloud.inventory(scene.watch, everything=True)] == ["1", "2"]
    assert [view.id for view in await scene.cloud.inventory(scene.watch)] == ["1"]


def said(**parts: object) -> list[str]:
    """What is wrong with a file whose instances have *parts*."""
    file = VendorFile.model_validate(ACME | {"instances": ACME_INSTANCES | parts})
    return [f"{'.'.join(map(str, trail))}: {problem}" for trail, problem, _ in flaws(file)]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"marks": {"as": "tags"}}, "instances.show.marks: marks are written as tags, and not read as such"),
        (
            {"marks": {"as": "tags", "template": "${key}-${value}"}, "show": TAGS["show"]},
            "instances.show.marks.pattern: the tag `stability-probe-0c0ffee0-0000-4000-8000-1234567890ab` is not read",
        ),
        ({"show": TAGS["show"]}, "instances.show.marks: marks are no tags"),
        (
            {"list": {"get": "api:/s", "items": "s", "headers": {"X": '{"tags": "${mark_tag}"}'}}},
            "instances.list.headers: `${mark_tag}` inside a text is empty where the list is asked for everything",
        ),
        ({"list": FILTERED | {"marked": {"query": {"a": "${agent}"}}}}, "instances.list.marked.query: `${agent}` has"),
        ({"create": {"post": "api:/s", "id_is": "${id}"}}, "instances.create.id_is: `${id}` has no value here"),
    ],
)
def test_marks_that_would_be_lost_are_told(parts: dict[str, object], sentence: str) -> None:
    """What is not read as it was written would be nobody's; an empty filter would hide what is ours."""
    assert any(one.startswith(sentence) for one in said(**parts)), said(**parts)


def test_marks_that_are_kept_are_fine() -> None:
    """The same, as it should be."""
    assert [one for one in said(**TAGS, list=FILTERED) if one.startswith("instances")] == []


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"marks": {"as": "tags", "template": "${key}"}}, "must be made of"),
        ({"marks": {"as": "map", "keys": {"agent": "a", "run": "a"}}}, "two marks have the same key"),
        ({"show": TAGS["show"] | {"marks": {"at": "t", "pattern": "(?P<key>.*)"}}}, "needs the groups"),
        ({"show": TAGS["show"] | {"marks": {"at": "t", "key": "k"}}}, "pairs need"),
        (
            {"show": TAGS["show"] | {"marks": {"at": "t", "key": "k", "value": "v", "pattern": "x"}}},
            "marks are one of them",
        ),
        ({"create": {"post": "api:/s"}}, "needs either `id`"),
        ({"create": {"post": "api:/s", "id": "id", "id_is": "${name}"}}, "needs either `id`"),
    ],
)
def test_what_contradicts_itself_is_refused(parts: dict[str, object], sentence: str) -> None:
    """Before anything is rented."""
    with pytest.raises(ValidationError, match=sentence):
        VendorFile.model_validate(ACME | {"instances": ACME_INSTANCES | parts})


async def test_an_identifier_may_be_the_name_that_we_chose() -> None:
    """Where a vendor addresses by name, the answer need not tell it."""
    create = {"post": "api:/servers", "json": {"name": "${name}"}, "id_is": "${name}"}
    scene = Scene(renting(create=create), answer(200, {}))
    assert (await scene.cloud.create(ORDER, scene.watch)).id == "probe-1"
