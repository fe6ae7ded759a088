"""The agent's own cloud engine, with the real vendor files, against the sandbox."""

import functools
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from probe.cloud import (
    MARK_AGENT,
    Cloud,
    Order,
    VendorEntry,
    View,
    has_address,
    is_gone,
    is_ready,
    load_vendor_files,
    poll,
)
from probe.model.instance import InstanceState
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.sandbox import Fault, FaultKind, Sandbox
from probe.wire import RealClock, Wire
from tests.sandbox.conftest import EVERYONE

FILES = load_vendor_files(Path(__file__).parents[2] / "config" / "vendors")
MEASURED = tuple(use for use in EVERYONE if FILES[use].monitoring is not None)
RENEWED = tuple(use for use in EVERYONE if FILES[use].auth.kind not in {"bearer", "header", "sigv4"})
"""Those that give out tokens."""
CLOCK = RealClock()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire of the agent's."""
    made = Wire(CLOCK, Meter())
    yield made
    await made.close()


def wanted(use: str) -> tuple[str, ...]:
    """The credentials of the first way to identify oneself."""
    return tuple(next(iter(FILES[use].credentials.values())).required)


def cloud(sandbox: Sandbox, wire: Wire, use: str, secrets: Mapping[str, str] | None = None) -> Cloud:
    """A vendor entry that points at the sandbox."""
    place = sandbox.places.vendors[use]
    given = {name: place.credentials[name] for name in wanted(use)} | dict(secrets or {})
    entry = VendorEntry(
        name=use,
        region=place.region,
        file=FILES[use],
        credentials={name: Secret(functools.partial(str, text), f"test {name}") for name, text in given.items()},
        endpoints=place.endpoints,
        account=place.account,
    )
    return Cloud(entry, wire, CLOCK, Meter())


def watch() -> Stopwatch:
    """A stopwatch that nobody reads."""
    return Stopwatch(CLOCK)


def order(name: str = "probe-12345678-0123456789ab") -> Order:
    """An order with our marks."""
    marks = {MARK_AGENT: "a-b-c", "stability-probe-run": "r"}
    return Order(name=name, size="small", image="debian-12", marks=marks, token="t-" + name, user_data="#!/bin/sh\n")


async def until(made: Cloud, instance_id: str, wanted: Callable[[View | None], bool]) -> View | None:
    """Poll the instance until it is as *wanted*."""
    seen = await poll(
        lambda: made.inspect(instance_id, watch(), addresses=True), wanted, watch(), CLOCK, made.pace, 30.0
    )
    return seen.view


@pytest.mark.parametrize("use", EVERYONE)
async def test_an_instance_is_ordered_found_and_given_back(sandbox: Sandbox, wire: Wire, use: str) -> None:
    """The whole life, by the vendor's real file."""
    made = cloud(sandbox, wire, use)
    await made.authenticate(watch())
    instance_id = (await made.complete(await made.create(order(), watch()), watch())).id
    fresh = await made.inspect(instance_id, watch())
    assert fresh is not None
    assert fresh.state is InstanceState.PENDING
    assert fresh.name == order().name
    await until(made, instance_id, is_ready)
    ready = await until(made, instance_id, has_address)
    assert ready is not None
    assert ready.addresses[0].startswith("127.0.")
    (ours,) = await made.inventory(watch(), {MARK_AGENT: "a-b-c"})
    assert (ours.id, ours.marks[MARK_AGENT]) == (instance_id, "a-b-c")
    await made.delete(instance_id, watch())
    await until(made, instance_id, is_gone)
    assert await made.inventory(watch()) == []
    bystanders = {item.name for item in sandbox.control.instances(use)}
    assert bystanders == {"web-1", "probe-lookalike"}


@pytest.mark.parametrize("use", EVERYONE)
async def test_every_read_operation_answers(sandbox: Sandbox, wire: Wire, use: str) -> None:
    """What the vendor's file offers to `api` probes is played."""
    made = cloud(sandbox, wire, use)
    for operation in made.read_operations():
        answer = await made.read(operation, watch())
        assert answer.status == 200, operation


@pytest.mark.parametrize("use", MEASURED)
async def test_datapoints_are_there_and_as_old_as_they_say(sandbox: Sandbox, wire: Wire, use: str) -> None:
    """By instance, or by series where that is what the vendor knows."""
    made = cloud(sandbox, wire, use)
    subject = sandbox.places.vendors[use].monitored or {"instance": sandbox.control.instances(use)[0].instance_id}
    measured = watch()
    points = await made.datapoints(subject, measured, CLOCK.wall() - 3600)
    assert points.newest is not None
    assert 5.0 <= CLOCK.wall() - points.newest <= 66.0
    assert points.count >= 50
    assert Phase.QUERY in measured.phases
    sandbox.control.inject(Fault(kind=FaultKind.STALE_POINTS, vendor=use, seconds=1200.0))
    stale = await made.datapoints(subject, watch(), CLOCK.wall() - 3600)
    assert stale.newest is not None
    assert CLOCK.wall() - stale.newest >= 1205.0


@pytest.mark.parametrize("use", EVERYONE)
async def test_a_wrong_secret_is_denied(sandbox: Sandbox, wire: Wire, use: str) -> None:
    """And it is the customer's fault."""
    made = cloud(sandbox, wire, use, {wanted(use)[-1]: "wrong"})
    with pytest.raises(ProbeFailed) as failed:
        await made.read("list", watch())
    assert failed.value.outcome is Outcome.DENIED


@pytest.mark.parametrize("use", EVERYONE)
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.ERROR, Outcome.VENDOR_ERROR),
        (FaultKind.THROTTLED, Outcome.THROTTLED),
        (FaultKind.MALFORMED, Outcome.VENDOR_ERROR),
        (FaultKind.TRUNCATED, Outcome.BROKEN),
        (FaultKind.RESET, Outcome.BROKEN),
    ],
)
async def test_faults_of_a_read_have_their_outcome(
    sandbox: Sandbox, wire: Wire, use: str, kind: FaultKind, outcome: Outcome
) -> None:
    """Each vendor's own way to fail is understood by its file."""
    made = cloud(sandbox, wire, use)
    await made.read("list", watch())
    sandbox.control.inject(Fault(kind=kind, vendor=use, operation="list"))
    with pytest.raises(ProbeFailed) as failed:
        await made.read("list", watch())
    assert failed.value.outcome is outcome


@pytest.mark.parametrize("use", EVERYONE)
async def test_faults_of_an_order_have_their_outcome(sandbox: Sandbox, wire: Wire, use: str) -> None:
    """Quota at once; no room at once or as the reason of a failed build; a lost answer leaves an instance behind."""
    made = cloud(sandbox, wire, use)
    sandbox.control.inject(Fault(kind=FaultKind.QUOTA, vendor=use, count=1))
    with pytest.raises(ProbeFailed) as refused:
        await made.create(order("a"), watch())
    assert refused.value.outcome is Outcome.QUOTA
    sandbox.control.inject(Fault(kind=FaultKind.CAPACITY, vendor=use, count=1))
    assert await _capacity(made) is Outcome.CAPACITY
    sandbox.control.inject(Fault(kind=FaultKind.LOST_ANSWER, vendor=use, count=1, operation="create"))
    with pytest.raises(ProbeFailed) as lost:
        await made.create(order("c"), watch())
    assert lost.value.outcome is Outcome.BROKEN
    assert [item.name for item in sandbox.control.instances(use)][-1] == "c"


async def _capacity(made: Cloud) -> Outcome:
    try:
        created = await made.complete(await made.create(order("b"), watch()), watch())
        pending = created.handles
        while pending:  # some tell it of what they are doing, not of the instance
            progress = await made.follow(pending, watch())
            if progress.failure is not None:
                return progress.failure.outcome
            pending = progress.pending
            await CLOCK.sleep(0.05)
        view = await until(made, created.id, lambda view: view is not None and view.state is InstanceState.FAILED)
    except ProbeFailed as failure:
        return failure.outcome
    assert view is not None
    return view.outcome


@pytest.mark.parametrize("use", RENEWED)
async def test_an_expired_token_is_renewed_and_nobody_notices(sandbox: Sandbox, wire: Wire, use: str) -> None:
    """A 401 in the middle of a run is no failure of the vendor."""
    made = cloud(sandbox, wire, use)
    await made.read("list", watch())
    sandbox.control.inject(Fault(kind=FaultKind.EXPIRED_TOKEN, vendor=use, operation="list", count=1))
    assert (await made.read("list", watch())).status == 200
    operations = [logged.operation for logged in sandbox.control.requests(use)]
    assert operations == ["token", "list", "list", "token", "list"]


async def test_a_signature_says_nothing_of_the_others(sandbox: Sandbox, wire: Wire) -> None:
    """The sandbox tells its vendors apart: what one denies, another may take."""
    sandbox.control.inject(Fault(kind=FaultKind.DENIED, vendor="aws"))
    with pytest.raises(ProbeFailed):
        await cloud(sandbox, wire, "aws").read("list", watch())
    assert (await cloud(sandbox, wire, "rackspace").read("list", watch())).status == 200
