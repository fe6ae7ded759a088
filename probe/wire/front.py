"""A TCP front before a real server that lets bytes through, or breaks the connection by command."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from probe.wire.listening import listen
from probe.wire.serving import ServedConnection, ServerTls, Serving, serve


class Break(StrEnum):
    """How a connection is broken."""

    NEVER = "never"
    RESET = "reset"
    CUT = "cut"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Misconduct:
    """What happens to one connection.

    Attributes:
        how: whether it is let through, reset, cut (ended in good order, but early) or never answered.
        after: bytes of the answer that are let through before that.
        delay: seconds that the first bytes of the answer are held back.
    """

    how: Break = Break.NEVER
    after: int = 0
    delay: float = 0.0


INNOCENT = Misconduct()


class FaultyFront:
    """Passes connections on to an upstream, each with the misconduct chosen for it as it comes in.

    Attributes:
        host: where it listens.
        port: the port, kept for `restore`.
        choose: says what happens to the next connection; may be replaced at any time.
    """

    def __init__(self, upstream: tuple[str, int], choose: Callable[[], Misconduct], tls: ServerTls | None) -> None:
        self.host = ""
        self.port = 0
        self.choose = choose
        self._upstream = upstream
        self._tls = tls
        self._serving: Serving | None = None
        self._all: list[Serving] = []

    @classmethod
    async def start(
        cls,
        upstream: tuple[str, int],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ServerTls | None = None,
        choose: Callable[[], Misconduct] = lambda: INNOCENT,
    ) -> "FaultyFront":
        """Listen on *host* and *port* (0: a free one) before *upstream*; with *tls* it speaks TLS to whoever comes.

        Raises:
            ListenFailed: the port is taken.
        """
        front = cls(upstream, choose, tls)
        front.host, front.port = host, port
        await front.restore()
        return front

    async def restore(self) -> None:
        """Accept connections again, on the same port.

        Raises:
            ListenFailed: somebody else has taken the port meanwhile.
        """
        if self._serving is not None:
            return
        sock = listen(self.host, self.port)
        self.port = sock.getsockname()[1]
        self._serving = await serve(sock, self._pass_on, tls=self._tls)
        self._all.append(self._serving)

    def refuse(self) -> None:
        """Have every new connection refused, until `restore`."""
        if self._serving is not None:
            self._serving.stop_accepting()
            self._serving = None

    def cut_all(self) -> None:
        """End every open connection early."""
        for serving in self._all:
            for connection in serving.connections:
                connection.cut()

    def reset_all(self) -> None:
        """End every open connection with a reset."""
        for serving in self._all:
            for connection in serving.connections:
                connection.reset()

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        self.refuse()
        for serving in self._all:
            await serving.stop()

    async def _pass_on(self, outside: ServedConnection) -> None:
        misconduct = self.choose()
        if misconduct.how is Break.RESET and not misconduct.after:
            outside.reset()
            return
        if misconduct.how is Break.SILENCE:
            while await outside.read():
                pass
            return
        try:
            reader, writer = await asyncio.open_connection(*self._upstream)
        except OSError:
            outside.reset()
            return
        inside = ServedConnection(reader, writer)
        questions = asyncio.create_task(_copy(outside, inside))
        try:
            await self._answer(inside, outside, misconduct)
        finally:
            questions.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await questions
            inside.close()

    async def _answer(self, inside: ServedConnection, outside: ServedConnection, misconduct: Misconduct) -> None:
        left = misconduct.after
        delay = misconduct.delay
        while data := await inside.read():
            await asyncio.sleep(delay)
            delay = 0.0
            if misconduct.how is not Break.NEVER and len(data) >= left:
                await outside.write(data[:left])
                await _settle(outside, misconduct.how)
                return
            left -= len(data)
            await outside.write(data)


async def _settle(outside: ServedConnection, how: Break) -> None:
    await asyncio.sleep(0.01)  # let what was sent be read before a reset takes it away
    if how is Break.RESET:
        outside.reset()
    else:
        outside.cut()


async def _copy(source: ServedConnection, sink: ServedConnection) -> None:
    while data := await source.read():
        await sink.write(data)
