"""Ports that speak before they are spoken to: a greeting TCP target, and the SSH ports of pretend instances."""

import asyncio
import math
from typing import Final

from probe.model.clock import Clock
from probe.sandbox.faults import FaultKind, Faults
from probe.sandbox.instances import Instance
from probe.sandbox.serving import LOOPBACK
from probe.wire import ListenFailed, ServedConnection, ServerTls, Serving, listen, serve

BANNER: Final = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
_HOSTS: Final = 250


class Greeter:
    """A TCP port that greets who connects.

    Attributes:
        port: that it listens on.
    """

    def __init__(self, greeting: bytes, faults: Faults, operation: str, clock: Clock) -> None:
        self._greeting = greeting
        self._faults = faults
        self._operation = operation
        self._clock = clock
        self._serving: Serving | None = None
        self.port = 0

    async def start(self, host: str = LOOPBACK, port: int = 0, *, tls: ServerTls | None = None) -> None:
        """Listen; with *tls* the greeting comes after a handshake.

        Raises:
            ListenFailed: the address or the port cannot be had.
        """
        sock = listen(host, port)
        self.port = int(sock.getsockname()[1])
        self._serving = await serve(sock, self._greet, tls=tls)

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._serving is not None:
            await self._serving.stop()

    async def _greet(self, connection: ServedConnection) -> None:
        if self._faults.strike(FaultKind.RESET, self._operation):
            connection.reset()
            return
        slow = self._faults.strike(FaultKind.SLOW, self._operation)
        if slow is not None:
            await self._clock.sleep(slow.seconds)
        if self._faults.strike(FaultKind.HANG, self._operation) is None:
            await connection.write(self._greeting)
        while await connection.read():
            pass  # the client's own banner, then its farewell


class Machines:
    """Gives instances addresses of loopback, and opens their ports when they become reachable.

    Attributes:
        port: that every instance answers on; 0 if this machine has no such addresses (macOS has 127.0.0.1 only).
    """

    def __init__(self, clock: Clock, network: int, port: int = 0) -> None:
        """*network* is the third byte of their addresses; *port* a port to use, 0 for a free one."""
        self._clock = clock
        self._network = network
        self._next = 0
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self.port = port or self._free_port()

    def _free_port(self) -> int:
        try:
            sock = listen(self._address(1), 0)
        except ListenFailed:
            return 0
        port = int(sock.getsockname()[1])
        sock.close()
        return port

    def moved_in(self, instance: Instance, faults: Faults) -> None:
        """Give *instance* an address, and see to its port."""
        self._next = self._next % _HOSTS + 1
        instance.address = self._address(self._next)
        if not self.port or not math.isfinite(instance.reachable):
            return
        self._ends[instance.instance_id] = asyncio.Event()
        life = asyncio.get_running_loop().create_task(self._live(instance, faults))
        self._lives[instance.instance_id] = life
        life.add_done_callback(lambda _: self._forget(instance.instance_id))

    def moving_out(self, instance: Instance) -> None:
        """Close the port of *instance*: it is being deleted."""
        end = self._ends.get(instance.instance_id)
        if end is not None:
            end.set()

    async def stop(self) -> None:
        """Close every port."""
        lives = list(self._lives.values())
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)

    def _address(self, host: int) -> str:
        return f"127.0.{self._network}.{host}"

    def _forget(self, instance_id: str) -> None:
        self._lives.pop(instance_id, None)
        self._ends.pop(instance_id, None)

    async def _live(self, instance: Instance, faults: Faults) -> None:
        await self._clock.sleep(instance.reachable - self._clock.now())
        greeter = Greeter(BANNER, faults, "reach", self._clock)
        try:
            await greeter.start(instance.address, self.port)
        except ListenFailed as error:
            instance.reachable, instance.reason = math.inf, str(error)
            return
        instance.reachable = self._clock.now()
        try:
            await self._ends[instance.instance_id].wait()
        finally:
            await greeter.stop()
