"""A server in front of a vendor that sees every request, counts what matters, and plays the tricks of a network."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from probe.model.clock import Clock
from probe.sandbox.requests import Asked
from probe.sandbox.vendor import Cut, Reply
from probe.wire import ServedConnection, listen, serve
from probe.wire.serving import Serving
from tests.chaos.kill.backs import Back
from tests.chaos.kill.tricks import Deed, Meaning, Trick, TrickKind, failure, lie, meaning

_END: Final = b"\r\n\r\n"


class Gate:
    """Stands in front of *back*.

    Attributes:
        tricks: what goes wrong now.
        creates: how often a create was received, by lease, but for those refused for a token that was over.
        made: what came of them: the lease of each instance, by its identifier.
        touched: identifiers of all that was to be deleted or changed.
        requests: how many there were.
        port: that it listens on.
    """

    def __init__(self, back: Back, clock: Clock) -> None:
        self.back = back
        self.tricks: Sequence[Trick] = ()
        self.creates: Counter[str] = Counter()
        self.made: dict[str, str] = {}
        self.touched: set[str] = set()
        self.requests = 0
        self.port = 0
        self._clock = clock
        self._begun = clock.now()
        self._serving: Serving | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        sock = listen("127.0.0.1", 0)
        self.port = int(sock.getsockname()[1])
        self._serving = await serve(sock, self._handle)

    async def stop(self) -> None:
        """Listen no longer."""
        if self._serving is not None:
            await self._serving.stop()

    def reset(self, tricks: Sequence[Trick]) -> None:
        """Begin anew with those *tricks*."""
        self.tricks = tricks
        self.creates.clear()
        self.made.clear()
        self.touched.clear()
        self.requests = 0
        self._begun = self._clock.now()

    @property
    def age(self) -> float:
        """Seconds since it began anew."""
        return self._clock.now() - self._begun

    async def quiet(self) -> None:
        """Wait until nobody is connected, those included whom the kernel has let in and we have not met yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write_eof()
        await reader.read()
        writer.close()
        while self._serving is not None and self._serving.connections:  # noqa: ASYNC110 - nobody tells when all are gone
            await asyncio.sleep(0.001)

    async def _handle(self, connection: ServedConnection) -> None:
        asked = await _read(connection, f"http://127.0.0.1:{self.port}")
        if asked is None:
            return
        self.requests += 1
        meant = meaning(asked)
        self.touched.update(meant.subjects)
        reply = await self._serve(asked, meant)
        if meant.deed is Deed.CREATE and reply.status != HTTPStatus.UNAUTHORIZED:
            self.creates[meant.lease] += 1  # who was not let in may come again: nothing was done
        if self._strikes(TrickKind.LOSE, meant):
            connection.reset()
            return
        await _send(connection, reply, times=2 if self._strikes(TrickKind.ECHO, meant) else 1)

    async def _serve(self, asked: Asked, meant: Meaning) -> Reply:
        if self._strikes(TrickKind.FAIL, meant):
            return failure(asked)
        if self._strikes(TrickKind.LIE, meant):
            return lie(asked)
        if self._strikes(TrickKind.TWICE, meant):
            await self._do(asked, meant)
        return await self._do(asked, meant)

    async def _do(self, asked: Asked, meant: Meaning) -> Reply:
        reply = await self.back.answer(asked)
        if meant.deed is Deed.CREATE:
            self.made.update(dict.fromkeys(self.back.made_for(meant.lease, reply), meant.lease))
        return reply

    def _strikes(self, kind: TrickKind, meant: Meaning) -> bool:
        return any(trick.kind is kind and trick.hits(meant.deed, self.age) for trick in self.tricks)


async def _read(connection: ServedConnection, base: str) -> Asked | None:
    """The next request; None if its sender died over it."""
    data = b""
    while _END not in data:
        more = await connection.read()
        if not more:
            return None
        data += more
    head, _, body = data.partition(_END)
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (item.partition(":") for item in rest)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        more = await connection.read()
        if not more:
            return None
        body += more
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    return Asked(
        method=method,
        path=unquote(path),
        raw_path=path,
        query_string=query,
        headers=headers,
        body=body[:length],
        base=f"http://{headers['host']}" if "host" in headers else base,
    )


async def _send(connection: ServedConnection, reply: Reply, *, times: int) -> None:
    match reply.cut:
        case Cut.RESET:
            connection.reset()
        case Cut.HANG:
            await connection.read()
        case Cut.TRUNCATE:
            await connection.write(_written(reply)[: -max(1, len(reply.body) // 2)])
        case Cut.NONE:
            for _ in range(times):
                await connection.write(_written(reply))


def _written(reply: Reply) -> bytes:
    bodiless = reply.status == HTTPStatus.NO_CONTENT
    length = {} if bodiless else {"Content-Length": str(len(reply.body))}
    headers = {**reply.headers, **length, "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} x\r\n{lines}\r\n".encode("latin-1") + (b"" if bodiless else reply.body)
