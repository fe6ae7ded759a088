"""The sandbox as a whole: pretend vendors, targets, a name server and a control port, all on loopback."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from starlette.types import ASGIApp

from probe.model.clock import Clock
from probe.sandbox.certificates import Authority, Identity
from probe.sandbox.characters import Character, load_characters
from probe.sandbox.control import TARGETS, Control
from probe.sandbox.control_api import control_app
from probe.sandbox.faults import Faults, Weather
from probe.sandbox.loading import CHARACTERS, load_imitation
from probe.sandbox.nameserver import NameServer
from probe.sandbox.places import DEMO, Casting, Places, VendorPlace
from probe.sandbox.ports import Greeter, Machines
from probe.sandbox.reading import SandboxDataRefused
from probe.sandbox.serving import LOOPBACK, HttpServer, vendor_app
from probe.sandbox.targets import http_target
from probe.sandbox.vendor import PretendVendor
from probe.wire import RealClock, ServerTls, server_context

TLS_NAMES: Final = ("localhost", LOOPBACK)
TLS_EXPIRES: Final = timedelta(days=42)
_FIRST_NETWORK: Final = 100
"""Instances of the first vendor live in 127.0.100.0/24, those of the next in 127.0.101.0/24."""


class Sandbox:
    """Pretend vendors and targets, running.

    Attributes:
        control: faults, bystanders and the truth.
        places: where everything is.
    """

    def __init__(self, control: Control, places: Places, running: contextlib.AsyncExitStack) -> None:
        self.control = control
        self.places = places
        self._running = running

    @classmethod
    async def start(
        cls,
        data: Sequence[Path],
        castings: Sequence[Casting] = DEMO,
        *,
        seed: str = "sandbox",
        clock: Clock | None = None,
        folder: Path | None = None,
    ) -> Self:
        """Start everything on free ports of loopback.

        Args:
            data: folders with the vendors' data files and `characters.yaml`; a later one wins.
            castings: who is played.
            seed: of everything random; the same seed gives the same luck.
            clock: real time if there is none.
            folder: where made-up secrets and certificates go; a temporary one if there is none.

        Raises:
            SandboxDataRefused: a data file is wrong, or does not exist.
            ListenFailed: no port can be had.
        """
        clock = clock or RealClock()
        vendors = await asyncio.to_thread(cast, data, castings, seed, clock)
        targets = Faults(clock, f"{seed}/{TARGETS}", lambda: Weather.GOOD)
        control = Control(vendors, targets)
        async with contextlib.AsyncExitStack() as stack:
            private = _private(folder, stack)
            starting = _Starting(stack, clock, targets, private)
            places = await starting.places(control, vendors)
            running = stack.pop_all()
        return cls(control, places, running)

    async def stop(self) -> None:
        """Close everything, and remove the folder if it was ours."""
        await self._running.aclose()


def cast(data: Sequence[Path], castings: Sequence[Casting], seed: str, clock: Clock) -> dict[str, PretendVendor]:
    """The pretend vendors, by name, not serving anybody yet.

    Raises:
        SandboxDataRefused: a data file is wrong, or does not exist.
    """
    files = (folder / f"{CHARACTERS}.yaml" for folder in data)
    characters = load_characters(*(file for file in files if file.exists()))
    return {casting.name: _played(casting, data, characters, seed, clock) for casting in castings}


def _played(
    casting: Casting, data: Sequence[Path], characters: Mapping[str, Character], seed: str, clock: Clock
) -> PretendVendor:
    if casting.character not in characters:
        known = ", ".join(characters) or "none"
        raise SandboxDataRefused(f"there is no character {casting.character}; there are {known}")
    imitation = load_imitation(casting.use, *data)
    return PretendVendor(casting.name, imitation, characters[casting.character], seed, clock)


def _private(folder: Path | None, stack: contextlib.AsyncExitStack) -> Path:
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="probe-sandbox-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class _Starting:
    """Starts one thing after the other; what runs is stopped by the stack."""

    def __init__(self, stack: contextlib.AsyncExitStack, clock: Clock, targets: Faults, folder: Path) -> None:
        self._stack = stack
        self._clock = clock
        self._targets = targets
        self._folder = folder
        self._reach = 0

    async def places(self, control: Control, vendors: Mapping[str, PretendVendor]) -> Places:
        """Start everything, and say where it is."""
        bundle, identity = await asyncio.to_thread(_sign)
        tls = server_context(identity.chain, identity.key)
        ca_bundle = self._folder / "ca.pem"
        ca_bundle.write_bytes(bundle)
        names = NameServer(self._clock, self._targets)
        await names.start()
        self._stack.push_async_callback(names.stop)
        placed = {
            name: await self._vendor(vendor, _FIRST_NETWORK + number)
            for number, (name, vendor) in enumerate(vendors.items())
        }
        return Places(
            control=f"{await self._http(control_app(control))}/control",
            vendors=placed,
            http=await self._http(http_target(self._clock, self._targets, "http")),
            https=await self._http(http_target(self._clock, self._targets, "https"), tls),
            tcp=await self._greeter(b"220 sandbox ready\r\n", "tcp"),
            tls=await self._greeter(b"220 sandbox ready\r\n", "tls", tls),
            dns=names.port,
            reach=self._reach,
            ca_bundle=str(ca_bundle),
        )

    async def _vendor(self, vendor: PretendVendor, network: int) -> VendorPlace:
        machines = Machines(self._clock, network, self._reach)
        self._reach = machines.port
        self._stack.push_async_callback(machines.stop)
        vendor.moved_in = lambda instance: machines.moved_in(instance, vendor.faults)
        vendor.moving_out = machines.moving_out
        url = await self._http(vendor_app(vendor))
        imitation = vendor.imitation
        return VendorPlace(
            use=imitation.name,
            region=vendor.region,
            url=url,
            endpoints={point.name: url + point.path for point in imitation.endpoints if point.overrides},
            credentials=imitation.credentials,
            account=imitation.account,
            network=imitation.network,
            monitored=imitation.monitored,
            files={name: self._secret(vendor.name, name, text) for name, text in imitation.credentials.items()},
        )

    async def _http(self, app: ASGIApp, tls: ServerTls | None = None) -> str:
        server = await HttpServer.start(app, tls=tls)
        self._stack.push_async_callback(server.stop)
        return f"{'https' if tls else 'http'}://{LOOPBACK}:{server.port}"

    async def _greeter(self, greeting: bytes, operation: str, tls: ServerTls | None = None) -> int:
        greeter = Greeter(greeting, self._targets, operation, self._clock)
        await greeter.start(tls=tls)
        self._stack.push_async_callback(greeter.stop)
        return greeter.port

    def _secret(self, vendor: str, name: str, text: str) -> str:
        file = self._folder / "secrets" / vendor / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(text)
        return str(file)


def _sign() -> tuple[bytes, Identity]:
    """A bundle of authorities and an identity that it vouches for."""
    authority = Authority()
    return authority.bundle, authority.issue(TLS_NAMES, expires_in=TLS_EXPIRES)
