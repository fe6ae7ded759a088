"""A connection to talk over as one likes: for protocols of lines, whose words are somebody else's business."""

from probe.wire.faults import translated
from probe.wire.heard import Session
from probe.wire.line import Channel
from probe.wire.opening import to_ascii
from probe.wire.route import Trust
from probe.wire.timing import Timing
from probe.wire.tls import start_tls
from probe.wire.trust import NO_PROTOCOLS, Contexts


class Dialogue:
    """A connection that stands. Whoever has it closes it.

    Attributes:
        session: its TLS session; None while it is in the clear.
    """

    def __init__(self, channel: Channel, contexts: Contexts, timing: Timing) -> None:
        self._channel = channel
        self._contexts = contexts
        self._timing = timing
        self.session: Session | None = None

    async def read(self) -> bytes:
        """The next bytes; none if the peer has ended its side.

        Raises:
            ProbeFailed: the connection broke.
        """
        with translated():
            return await self._channel.read(self._timing)

    async def write(self, data: bytes) -> None:
        """Send all of *data*.

        Raises:
            ProbeFailed: the connection broke.
        """
        with translated():
            await self._channel.write(data, self._timing)

    async def start_tls(self, trust: Trust, server_name: str) -> Session:
        """Go on in TLS, as the phase tls; what the peer has said so far in the clear is forgotten.

        Raises:
            ProbeFailed: the peer is not believed, or speaks no TLS; the connection is closed then.
        """
        context = await self._contexts.get(trust, NO_PROTOCOLS)
        channel = await start_tls(self._channel, context, to_ascii(server_name), self._timing)
        self._channel = channel
        self.session = Session.of(channel)
        return self.session

    def close(self) -> None:
        """Let go of the connection, at once."""
        self._channel.close()
