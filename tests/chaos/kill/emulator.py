"""The gate and the vendor behind it in a process of their own, told what to do over a pair of sockets."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from probe.model.clock import Clock
from tests.chaos.kill.backs import Back, Thing
from tests.chaos.kill.gate import Gate
from tests.chaos.kill.tricks import read_trick


class Emulator:
    """The parent's side: every method waits for the other side.

    Args:
        make: makes the vendor, in the other process.
        clock: the vendor's clock.

    Attributes:
        port: that the vendor is served on.
        pid: of the other process.
    """

    def __init__(self, make: Callable[[], Back], clock: Clock) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _be_the_emulator(make, clock, theirs)
        theirs.close()
        self._talk = ours.makefile("rwb")
        ours.close()
        self.port: int = self._hear()

    def reset(
        self, tricks: Sequence[Mapping[str, Any]] = (), faults: Sequence[Mapping[str, Any]] = (), *, unfiltered: bool
    ) -> None:
        """Begin anew."""
        self._do("reset", tricks=tricks, faults=faults, unfiltered=unfiltered)

    def put(self, name: str, marks: Mapping[str, str]) -> str:
        """Somebody else's instance; its identifier."""
        identifier: str = self._do("put", name=name, marks=marks)
        return identifier

    def truth(self) -> tuple[list[Thing], dict[str, Any]]:
        """When nothing is under way any more: all that there is and was, and what the gate has counted."""
        told = self._do("truth")
        return [Thing(**thing) for thing in told.pop("things")], told

    def close(self) -> None:
        """End the other process."""
        self._talk.close()
        os.waitpid(self.pid, 0)

    def _do(self, what: str, **arguments: object) -> Any:
        self._talk.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        self._talk.flush()
        return self._hear()

    def _hear(self) -> Any:
        line = self._talk.readline()
        assert line, "the emulator has died"
        return json.loads(line)


def _be_the_emulator(make: Callable[[], Back], clock: Clock, talk: socket.socket) -> None:
    """Never returns."""
    status = 1
    try:
        asyncio.run(_emulate(make(), clock, talk))
        status = 0
    finally:
        os._exit(status)


async def _emulate(back: Back, clock: Clock, talk: socket.socket) -> None:
    gate = Gate(back, clock)
    await gate.start()
    reader, writer = await asyncio.open_connection(sock=talk, limit=1 << 24)
    answer: Any = gate.port
    while True:
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            return
        told = json.loads(line)
        answer = await _obey(gate, told.pop("do"), told)


async def _obey(gate: Gate, what: str, told: dict[str, Any]) -> Any:
    await gate.quiet()
    if what == "reset":
        await gate.back.everything(list(gate.made))  # so that it knows what it has to clear away
        await gate.back.reset(told["faults"], unfiltered=told["unfiltered"])
        gate.reset([read_trick(trick) for trick in told["tricks"]])
        return None
    if what == "put":
        return await gate.back.put(told["name"], told["marks"])
    things = [asdict(thing) for thing in await gate.back.everything(list(gate.made))]
    return {"things": things, "made": gate.made, "creates": gate.creates, "touched": sorted(gate.touched)}
