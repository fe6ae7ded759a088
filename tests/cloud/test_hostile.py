"""What a vendor, or whoever stands in its place, may answer: it ends as an outcome, soon, and tells nobody a secret."""

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from html import escape
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from probe.cloud import Cloud, Handle, Order, VendorEntry
from probe.cloud.codecs import Unparseable, decode
from probe.cloud.complaint import judge, retry_after
from probe.cloud.file.vendor import Auth, CredentialSet
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch
from probe.notation.paths import Query
from tests.cloud.entries import (
    AWS_KEYS,
    FILES,
    VENDORS,
    Scene,
    acme,
    entry,
    openstack,
    token_answer,
)
from tests.fakes.vendor import Reply, answer

ORDER = Order(name="probe-1", size="small", image="debian-12", marks={"stability-probe": "a"}, token="t")
HALF = "\ud800"
ENDS = frozenset(Outcome) - {Outcome.OK, Outcome.BUG, Outcome.LEAKED, Outcome.NETWORK}

# --- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["9" * 400, "1e999", "nan", "-inf", "soon", "", "Mon, 99 Foo 99999 99:99:99 GMT"])
def test_a_wish_that_makes_no_sense_is_none(text: str) -> None:
    """`Retry-After` may hold anything; what is no time is passed over."""
    assert retry_after(("Retry-After",), httpx.Headers({"Retry-After": text}), 0.0) is None


@pytest.mark.parametrize(("text", "seconds"), [("-5", 0.0), ("1.5", 1.5), ("999999999", 3600.0)])
def test_a_wish_is_kept_within_reason(text: str, seconds: float) -> None:
    """Nobody waits for longer than an hour, or less than no time."""
    assert retry_after(("Retry-After",), httpx.Headers({"Retry-After": text}), 0.0) == seconds


@pytest.mark.parametrize("lie", ["nan", "inf", "1e999", "-1", "unlimited", "100, 100;w=60"])
async def test_a_budget_that_makes_no_sense_is_not_told(lie: str) -> None:
    """A metric holds what a vendor said only if it is a number."""
    chosen = acme(limits={"limit": "X-Limit", "remaining": "X-Left", "reset": "X-Reset", "reset_is": "seconds"})
    scene = Scene(chosen, answer(200, {}, {"X-Limit": lie, "X-Left": lie, "X-Reset": lie}))
    await scene.cloud.read("probe", scene.watch)
    assert scene.meter.budgets == []


async def test_a_request_id_is_cut() -> None:
    """It goes into each line of the log."""
    scene = Scene(openstack(), token_answer(), answer(200, {}, {"x-openstack-request-id": "r" * 60_000}))
    await scene.cloud.read("probe", scene.watch)
    assert len(str(scene.watch.facts[Fact.REQUEST_ID])) == 200


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["foo", "hex", "utf-7", "idna"])
def test_an_encoding_that_nobody_knows_is_unparseable(name: str) -> None:
    """The parser looks encodings up in Python's table, which may lack them."""
    with pytest.raises(Unparseable):
        decode("xml", f'<?xml version="1.0" encoding="{name}"?><a/>'.encode())


@pytest.mark.parametrize(
    ("content", "data"),
    [
        (rb'["\ud800"]', ["\ufffd"]),
        (rb'["a\udfffb"]', ["a\ufffdb"]),
        (rb'["\ud83d\ude00"]', ["\U0001f600"]),
        (rb'["\\ud800"]', ["\\ud800"]),
        (rb'{"\ud800": 1}', {"\ufffd": 1}),
    ],
)
def test_half_a_character_is_replaced(content: bytes, data: object) -> None:
    """JSON can say it; a URL, a ledger and a terminal cannot."""
    assert decode("json", content) == data


def test_half_a_character_in_utf_8_is_unparseable() -> None:
    """It is no UTF-8 at all."""
    with pytest.raises(Unparseable):
        decode("json", b'"\xed\xa0\x80"')


def test_xml_has_so_many_elements_at_most() -> None:
    """An answer of empty elements would fill the memory."""
    with pytest.raises(Unparseable, match="more than"):
        decode("xml", b"<r>" + b"<a/>" * 1_000_001 + b"</r>")


async def test_a_large_answer_does_not_hold_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """What takes long to decode is decoded beside the loop."""
    del caplog
    body = b"<R><reservationSet>" + b"<item><a>1</a></item>" * 20_000 + b"</reservationSet></R>"
    scene = Scene(entry("aws", AWS_KEYS), answer(200, body))
    assert (await scene.cloud.read("list", scene.watch)).status == 200


@pytest.mark.parametrize("vendor", sorted(FILES))
def test_rules_look_at_a_bounded_text(vendor: str) -> None:
    """A message of megabytes made for `a.*b` is judged at once."""
    message = "quota exceede " * 100_000
    body = {"forbidden": {"message": message}, "Errors": {"Error": {"Code": message, "Message": message}}}
    started = time.perf_counter()
    judge(FILES[vendor].errors, 403, body, {"Retry-After": message})
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("identifier", ["i" * 2_000, "i-\n1", "i-\x1b[31m", ""])
async def test_an_identifier_is_one_that_can_be_written_down(identifier: str) -> None:
    """It goes to the ledger, to logs and back to the vendor."""
    scene = Scene(openstack(), token_answer(), *lookups(), answer(202, {"server": {"id": identifier}}))
    with pytest.raises(ProbeFailed, match="identifier") as failed:
        await scene.cloud.create(ORDER, scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_another_instance_than_the_one_that_was_asked_for_is_no_answer() -> None:
    """Its marks would prove that a stranger's instance is ours."""
    other = {"id": "other", "name": "n", "status": "ACTIVE", "metadata": {}, "addresses": {}}
    scene = Scene(openstack(), token_answer(), answer(200, {"server": other}))
    with pytest.raises(ProbeFailed, match="asked for") as failed:
        await scene.cloud.inspect("mine", scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_a_success_that_was_not_expected_is_the_vendors_error() -> None:
    """Our request was not wrong: nobody knows what was done."""
    scene = Scene(openstack(), token_answer(), *lookups(), answer(200, {"server": {"id": "s-1"}}))
    with pytest.raises(ProbeFailed) as failed:
        await scene.cloud.create(ORDER, scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_the_same_unknown_error_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The counter goes on; the log is not filled by a poll."""
    scene = Scene(acme(errors={"code": "code"}), answer(418, {"code": "teapot"}))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(ProbeFailed):
                await scene.cloud.read("probe", scene.watch)
    assert (len(caplog.records), scene.meter.unmatched) == (1, 3)


async def test_a_page_that_cannot_be_named_ends_the_list() -> None:
    """A token of megabytes is not sent back."""
    scene = Scene(entry("aws", AWS_KEYS), answer(200, f"<R><reservationSet/><nextToken>{'t' * 20_000}</nextToken></R>"))
    with pytest.raises(ProbeFailed, match="next page") as failed:
        await scene.cloud.inventory(scene.watch)
    assert failed.value.outcome is Outcome.VENDOR_ERROR


async def test_datapoints_older_than_1970_are_not_asked_for() -> None:
    """An absurd `max_age` must not end in a traceback."""
    scene = Scene(openstack(), token_answer(), answer(200, []))
    for since in (-1e11, 0.0):
        with pytest.raises(ProbeFailed, match="no endpoint"):  # this catalog has no monitoring
            await scene.cloud.datapoints({"instance": "i-1"}, scene.watch, since)


# --- anything at all -------------------------------------------------------------------------------------------------

WORDS = sorted(
    {word for vendor in FILES for word in re.findall(r"[A-Za-z_:-]{2,}", (VENDORS / f"{vendor}.yaml").read_text())}
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**300, max_value=10**320),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(
        ["ACTIVE", "running", HALF, "2027-01-16T08:00:00Z", "1e999", "https://evil.example/x", "\x1b[31m\n"]
    ),
)
SHAPES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
STEP = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[0?\])*")
Path = tuple[str | int, ...]


def wrappers(vendor: str) -> list[Path]:
    """Where the paths of *vendor*'s file look for something, as far as they are plain."""
    found: set[Path] = {()}
    for text in queries(FILES[vendor]):
        plain = STEP.search(text)
        steps = re.findall(r"[A-Za-z_]\w*|\[", plain[0]) if plain is not None else []
        path: Path = tuple(0 if step == "[" else step for step in steps)
        found |= {path[:length] for length in range(1, min(len(path), 6) + 1)}
    return sorted(found, key=repr)


def queries(model: object) -> list[str]:
    """Every JMESPath in *model*."""
    if isinstance(model, Query):
        return [model.text]
    if isinstance(model, BaseModel):
        return [text for value in vars(model).values() for text in queries(value)]
    if isinstance(model, dict):
        return [text for value in model.values() for text in queries(value)]
    return [text for item in model for text in queries(item)] if isinstance(model, tuple) else []


WRAPPERS = {vendor: wrappers(vendor) for vendor in FILES}
PLACES = [
    "https://evil.example/x",
    "/x",
    "//x",
    "",
    "https://management.azure.com/x?y",
    "x" * 20_000,
    "http://[",
    "/%2e%2e/",
]
STATUSES = [200, 202, 204, 301, 400, 401, 403, 404, 409, 413, 429, 500, 503]


def wrapped(data: object, path: tuple[str | int, ...]) -> object:
    """*data* where a vendor's paths look for it."""
    for step in reversed(path):
        data = [data] if isinstance(step, int) else {step: data}
    return data


def xml(name: str, data: object) -> str:
    """*data* as XML, as far as it can be said in it."""
    name = re.sub(r"[^A-Za-z_]", "_", name)
    if isinstance(data, dict):
        return f"<{name}>{''.join(xml(key, value) for key, value in data.items())}</{name}>"
    if isinstance(data, list):
        return f"<{name}>{''.join(xml('item', value) for value in data)}</{name}>"
    return f"<{name}>{escape(str(data).encode('ascii', 'ignore').decode())}</{name}>"


def lookups() -> list[Reply]:
    """The lists in which an OpenStack is asked for a flavor and an image."""
    return [answer(200, {"flavors": []}), answer(200, {"images": []})]


def chosen_entry(vendor: str) -> tuple[VendorEntry, list[Reply]]:
    """An entry of *vendor*, and what it is answered before anything else."""
    if vendor == "aws":
        return entry("aws", AWS_KEYS), []
    if vendor == "openstack":
        return openstack(endpoints={"auth": "https://k.example", "monitoring": "https://gnocchi.example"}), [
            token_answer()
        ]
    if vendor != "rackspace":
        return with_a_token(vendor), []
    services = [
        {"type": kind, "name": name, "endpoints": [{"publicURL": f"https://{kind.replace(':', '-')}.example/v1"}]}
        for kind, name in (("compute", "cloudServersOpenStack"), ("rax:monitor", "cloudMonitoring"))
    ]
    access = {"access": {"token": {"id": "r-1", "expires": "2027-01-16T08:00:00.000Z"}, "serviceCatalog": services}}
    return entry("rackspace", {"username": "u", "api_key": "k"}, region="DFW"), [answer(200, access)]


def with_a_token(vendor: str) -> VendorEntry:
    """An entry of *vendor* that sends a token it has: how it gets one is tried elsewhere."""
    token = {"token": CredentialSet(description="a token", required={"token": "it"})}
    file = FILES[vendor].model_copy(update={"auth": Auth(kind="bearer"), "credentials": token})
    account = dict.fromkeys(file.account, "a-1")
    return entry(vendor, {"token": "t"}, region="north", file=file, account=account)


SERIES: dict[str, dict[str, object]] = {
    "aws": {"namespace": "n", "metric": "m"},
    "openstack": {"metric": "m"},
    "rackspace": {"entity": "e", "check": "c", "metric": "m"},
}
Call = Callable[[Cloud, Stopwatch], Awaitable[object]]


def reading(name: str) -> Call:
    """The read operation *name*."""
    return lambda cloud, watch: cloud.read(name, watch)


def calls(vendor: str) -> list[Call]:
    """Everything that can be asked of *vendor*."""
    asked: list[Call] = [reading(name) for name in ("list", *FILES[vendor].reads)]
    asked += [
        rent,
        lambda cloud, watch: cloud.inspect("i-1", watch, addresses=True),
        give_back,
        lambda cloud, watch: cloud.inventory(watch),
        lambda cloud, watch: cloud.inventory(watch, everything=True),
    ]
    instances = FILES[vendor].instances
    asked += [left_over(kind) for kind in (instances.residuals if instances is not None else ())]
    monitoring = FILES[vendor].monitoring
    if monitoring is not None and monitoring.instance is not None:
        asked.append(lambda cloud, watch: cloud.datapoints({"instance": "i-1"}, watch, 0.0))
    if monitoring is not None and monitoring.series is not None:
        series = SERIES.get(vendor) or dict.fromkeys(monitoring.series.fields, "x")
        asked.append(lambda cloud, watch: cloud.datapoints({"series": series}, watch, 0.0))
    return asked


async def rent(cloud: Cloud, watch: Stopwatch) -> None:
    """Rent, do what comes after it, and look twice at what goes on."""
    image = "a:b:c:d" if cloud.file.images.parts is not None else ORDER.image
    created = await cloud.complete(await cloud.create(replace(ORDER, image=image), watch), watch)
    await follow(cloud, created.handles, watch)


async def give_back(cloud: Cloud, watch: Stopwatch) -> None:
    """Give back, and look twice at what goes on."""
    await follow(cloud, await cloud.delete("i-1", watch), watch)


async def follow(cloud: Cloud, handles: tuple[Handle, ...], watch: Stopwatch) -> None:
    """Look twice at what goes on; a failure of it has an outcome."""
    for _ in range(2):
        progress = await cloud.follow(handles, watch)
        handles = progress.pending
        assert progress.failure is None or progress.failure.outcome in ENDS


def left_over(kind: str) -> Call:
    """What is left over of *kind* is listed and deleted."""

    async def asked(cloud: Cloud, watch: Stopwatch) -> None:
        for left in (await cloud.residuals(kind, watch, everything=True))[:2]:
            await cloud.delete_residual(kind, left.id, watch)

    return asked


@pytest.mark.parametrize("vendor", sorted(WRAPPERS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
async def test_whatever_a_vendor_answers_ends_as_an_outcome(vendor: str, data: st.DataObject) -> None:
    """Each path of each file meets shapes that nobody thought of; nothing but a ProbeFailed comes of it."""
    body = wrapped(data.draw(SHAPES), data.draw(st.sampled_from(WRAPPERS[vendor])))
    status = data.draw(st.sampled_from(STATUSES))
    in_xml = vendor == "aws" and data.draw(st.booleans())
    content = xml("R", body) if in_xml else json.dumps(body)
    chosen, first = chosen_entry(vendor)
    headers = {"Azure-AsyncOperation": data.draw(st.sampled_from(PLACES)), "X-Total-Count": "1e9"}
    scene = Scene(chosen, *first, lambda _: answer(status, content, headers))
    await outcome_of(data.draw(st.sampled_from(calls(vendor))), scene)


@settings(max_examples=60, deadline=None)
@given(
    shape=SHAPES,
    path=st.sampled_from([(), ("token",), ("access",), ("token", "catalog", 0), ("access", "serviceCatalog", 0)]),
)
async def test_whatever_comes_instead_of_a_token_ends_as_an_outcome(shape: Any, path: tuple[str | int, ...]) -> None:
    """The same for who is asked for a token."""
    content = json.dumps(wrapped(shape, path))
    for chosen, _ in (chosen_entry("openstack"), chosen_entry("rackspace")):
        scene = Scene(chosen, lambda _: answer(200, content, {"X-Subject-Token": "t"}))
        await outcome_of(lambda cloud, watch: cloud.read("probe", watch), scene)


async def outcome_of(call: Call, scene: Scene) -> None:
    """Make a call; what it ends as is checked."""
    failure: ProbeFailed | None = None
    try:
        await call(scene.cloud, scene.watch)
    except ProbeFailed as failed:
        failure = failed
    assert failure is None or (failure.outcome in ENDS and failure.detail.encode())
