"""Every request that a vendor file makes, recorded while an instance lives a whole life on the sandbox's imitation."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from probe.cloud import (
    MARK_AGENT,
    MARK_EXPIRES,
    MARK_LEASE,
    MARK_RUN,
    Cloud,
    Handle,
    Order,
    VendorEntry,
    has_address,
    is_gone,
    is_ready,
    load_vendor_file,
    poll,
)
from probe.model.meter import Meter
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.sandbox import Casting
from probe.sandbox.requests import Asked
from probe.sandbox.sandbox import cast
from probe.sandbox.vendor import Cut, PretendVendor
from probe.wire import Route
from tests.dashboards.pages import ROOT
from tests.fakes.clock import FakeClock

BASE: Final = "http://127.0.0.1:1"
"""Where the vendor is said to be; nothing is sent there."""
AGENT: Final = "8d0f5c5e-3c5b-4c0e-9c0a-2d9b7a1c0001"
_DATA: Final = (ROOT / "config" / "sandbox", ROOT / "tests" / "sandbox" / "data")


@dataclass(slots=True)
class Recorder:
    """A wire to a pretend vendor that keeps what was asked."""

    vendor: PretendVendor
    asked: list[httpx.Request] = field(default_factory=list)

    async def send(
        self, request: httpx.Request, watch: Stopwatch, route: Route, *, limit: int = 1 << 20
    ) -> httpx.Response:
        """One exchange, without a socket."""
        del watch, route, limit
        self.asked.append(request)
        reply = await self.vendor.answer(
            Asked(
                method=request.method,
                path=request.url.path,
                raw_path=request.url.raw_path.partition(b"?")[0].decode(),
                query_string=request.url.query.decode(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.content,
                base=BASE,
            )
        )
        assert reply.cut is Cut.NONE
        assert reply.status < httpx.codes.BAD_REQUEST or reply.status == httpx.codes.NOT_FOUND, reply
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)


async def rehearse(
    use: str, *, networks: Sequence[Mapping[str, object]] = ({},), series: Mapping[str, object] | None = None
) -> list[httpx.Request]:
    """What the file of *use* makes of all that the agent can want of the vendor.

    Args:
        use: the vendor.
        networks: `network:` options, one life for each.
        series: whose datapoints are asked for beside an instance's, where the file can ask for any.
    """
    clock = FakeClock()
    vendor = cast(_DATA, [Casting(name=use, use=use, character="swift")], "proof", clock)[use]
    vendor.moved_in = _moved_in
    recorder = Recorder(vendor)
    for network in networks:
        await _life(Cloud(_entry(vendor, network), recorder, clock, Meter()), clock)
    cloud = Cloud(_entry(vendor, {}), recorder, clock, Meter())
    for operation in cloud.read_operations():
        await cloud.read(operation, Stopwatch(clock))
    monitoring = cloud.file.monitoring
    if monitoring is not None and monitoring.instance is not None:
        subject = {"instance": vendor.imitation.residents[0].instance_id}
        await cloud.datapoints(subject, Stopwatch(clock), clock.wall() - 3600.0)
    if series is not None:
        await cloud.datapoints({"series": series}, Stopwatch(clock), clock.wall() - 3600.0)
    return recorder.asked


def _moved_in(instance: Any) -> None:
    instance.address = "192.0.2.17"


def _entry(vendor: PretendVendor, network: Mapping[str, object]) -> VendorEntry:
    imitation = vendor.imitation
    file = load_vendor_file(ROOT / "config" / "vendors" / f"{imitation.name}.yaml")
    names = next(iter(file.credentials.values())).required
    more: dict[str, Any] = {"account": imitation.account} if imitation.account else {}
    return VendorEntry(
        name="test",
        region=vendor.region,
        file=file,
        credentials={name: Secret(functools.partial(imitation.credentials.__getitem__, name), name) for name in names},
        endpoints={point.name: BASE + point.path for point in imitation.endpoints if point.overrides},
        network=network,
        **more,
    )


async def _done(cloud: Cloud, handles: Sequence[Handle], clock: FakeClock) -> None:
    """Follow what goes on at the vendor until it is over."""
    while handles:
        progress = await cloud.follow(handles, Stopwatch(clock))
        assert progress.failure is None, progress.failure
        handles = progress.pending
        clock.pass_time(1.0)


async def _life(cloud: Cloud, clock: FakeClock) -> None:
    watch = Stopwatch(clock)
    name = "probe-0a1b2c3d-0123456789ab"
    marks = {MARK_AGENT: AGENT, MARK_RUN: AGENT, MARK_LEASE: name, MARK_EXPIRES: "1790000000"}
    order = Order(
        name=name, size="small", image="debian-12", marks=marks, token=AGENT, user_data="#!/bin/sh\nshutdown -h +60\n"
    )
    await cloud.authenticate(watch)
    created = await cloud.complete(await cloud.create(order, watch), watch)
    instance_id = created.id
    await _done(cloud, created.handles, clock)
    for wanted in (is_ready, has_address):
        await poll(lambda: cloud.inspect(instance_id, watch, addresses=True), wanted, watch, clock, cloud.pace, 30.0)
    (ours,) = await cloud.inventory(watch, {MARK_AGENT: AGENT})
    assert ours.id == instance_id
    await _done(cloud, await cloud.delete(instance_id, watch), clock)
    await poll(lambda: cloud.inspect(instance_id, watch), is_gone, watch, clock, cloud.pace, 30.0)
    for kind in cloud.residual_kinds:
        for left in await cloud.residuals(kind, watch, everything=True):
            await cloud.delete_residual(kind, left.id, watch)
