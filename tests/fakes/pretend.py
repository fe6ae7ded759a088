"""A cloud whose vendor is the sandbox's, without a socket and on a clock that waits for nobody."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from probe.cloud import Cloud, VendorEntry, load_vendor_file
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.sandbox import Casting
from probe.sandbox.requests import Asked
from probe.sandbox.sandbox import cast
from probe.sandbox.vendor import Cut, PretendVendor
from probe.wire import Route

ROOT: Final = Path(__file__).parents[2]
BASE: Final = "http://127.0.0.1:1"
"""Where the vendor is said to be; nothing is sent there."""
_DATA: Final = (ROOT / "config" / "sandbox", ROOT / "tests" / "sandbox" / "data")
_ENDED: Final = {Cut.RESET: Outcome.BROKEN, Cut.TRUNCATE: Outcome.BROKEN, Cut.HANG: Outcome.TIMEOUT}


@dataclass(slots=True)
class PretendWire:
    """A wire to a pretend vendor that keeps what was asked."""

    vendor: PretendVendor
    asked: list[httpx.Request] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    async def send(
        self, request: httpx.Request, watch: Stopwatch, route: Route, *, limit: int = 1 << 20
    ) -> httpx.Response:
        """One exchange."""
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
        self.answered.append(reply.status)
        if reply.cut in _ENDED:
            raise ProbeFailed(_ENDED[reply.cut], f"the sandbox made it {reply.cut}")
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)


@dataclass(slots=True)
class Pretend:
    """A pretend vendor with its customers."""

    vendor: PretendVendor
    wire: PretendWire
    clock: Clock

    @classmethod
    def of(cls, use: str, clock: Clock, character: str = "swift") -> "Pretend":
        """The pretend vendor *use*; its instances have addresses, and nobody answers there."""
        vendor = cast(_DATA, [Casting(name=use, use=use, character=character)], "pretend", clock)[use]
        vendor.moved_in = _moved_in
        return cls(vendor, PretendWire(vendor), clock)

    def cloud(self, network: Mapping[str, object] | None = None) -> Cloud:
        """The agent's cloud, by the real vendor file and the first way to identify oneself."""
        imitation = self.vendor.imitation
        file = load_vendor_file(ROOT / "config" / "vendors" / f"{imitation.name}.yaml")
        names = next(iter(file.credentials.values())).required
        entry = VendorEntry(
            name="pretend",
            region=self.vendor.region,
            file=file,
            credentials={
                name: Secret(functools.partial(imitation.credentials.__getitem__, name), name) for name in names
            },
            endpoints={point.name: BASE + point.path for point in imitation.endpoints if point.overrides},
            network=network or {},
            account=imitation.account,
        )
        return Cloud(entry, self.wire, self.clock, Meter())


def _moved_in(instance: Any) -> None:
    instance.address = "192.0.2.17"
