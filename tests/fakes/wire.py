"""A wire that says what a test wants to hear, for probes that are judged by what they make of it."""

from typing import Literal

from typing_extensions import override

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import DnsAnswer, EchoRequest, Peer, Route, Wire


class FakeWire(Wire):
    """Answers questions below HTTP from what it was told; every exchange takes `seconds`, as phase connect.

    Attributes:
        peer: what a handshake shows.
        answer: what a name server says.
        failures: raised by knocks and banners, one after the other; then they succeed.
        asked: every question, as it arrived.
        seconds: how long an exchange takes.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, Meter(), kernel=False)
        self.peer = Peer(
            "TLSv1.3", "AES", clock.wall() + 30 * 86_400, clock.wall() + 30 * 86_400, "", "", ("a.example",)
        )
        self.answer = DnsAnswer("NOERROR", ("192.0.2.10",))
        self.failures: list[ProbeFailed] = []
        self.asked: list[tuple[object, ...]] = []
        self.seconds = 0.1
        self._time = clock

    @override
    async def knock(self, host: str, port: int, watch: Stopwatch, route: Route) -> None:
        self.asked.append(("knock", host, port))
        await self._answer(watch)

    @override
    async def banner(
        self, host: str, port: int, watch: Stopwatch, route: Route, *, expect: bytes = b"SSH-", limit: int = 256
    ) -> bytes:
        self.asked.append(("banner", host, port))
        await self._answer(watch)
        return b"SSH-2.0-fake"

    @override
    async def handshake(
        self, host: str, port: int, watch: Stopwatch, route: Route, *, server_name: str | None = None
    ) -> Peer:
        self.asked.append(("handshake", host, port, server_name, route))
        await self._answer(watch)
        return self.peer

    @override
    async def ask(
        self,
        name: str,
        record_type: str,
        server: str | None,
        watch: Stopwatch,
        route: Route,
        *,
        transport: Literal["udp", "tcp"] = "udp",
    ) -> DnsAnswer:
        self.asked.append(("ask", name, record_type, server, transport))
        await self._answer(watch)
        return self.answer

    @override
    async def echo(self, host: str, watch: Stopwatch, route: Route, request: EchoRequest) -> None:
        self.asked.append(("echo", host, request))
        await self._answer(watch)

    async def _answer(self, watch: Stopwatch) -> None:
        watch.enter(Phase.CONNECT)
        await self._time.sleep(self.seconds)
        if self.failures:
            raise self.failures.pop(0)
        watch.add(Phase.CONNECT, self.seconds)
