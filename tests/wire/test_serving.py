"""Listening, and breaking connections on purpose."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import (
    Break,
    FaultyFront,
    ListenFailed,
    Misconduct,
    RealClock,
    Route,
    ServedConnection,
    Wire,
    is_loopback,
    listen,
    parse_listen,
    serve,
)
from tests.wire.peers import OK, peer, serving


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:9781", "127.0.0.1", 9781), ("[::1]:0", "::1", 0), (":80", "0.0.0.0", 80), ("a.test:1", "a.test", 1)],
)
def test_addresses_to_listen_on_are_read(text: str, host: str, port: int) -> None:
    """As people write them."""
    assert parse_listen(text) == (host, port)


@pytest.mark.parametrize("text", ["", "127.0.0.1", "::1:80", "host:", "host:-1", "host:65536", "host:٣"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    """The sentence says how it should look."""
    with pytest.raises(ValueError, match="9781"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("LOCALHOST", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("localhost.evil.test", False)],
)  # fmt: skip
def test_what_only_this_machine_can_reach(host: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """Beyond loopback, what acts is off by default."""
    assert is_loopback(host) is expected


def test_a_busy_port_gives_a_sentence() -> None:
    """It says what to do."""
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(ListenFailed, match=rf"127\.0\.0\.1:{port}: the port is taken; .* choose another port"):
            listen("127.0.0.1", port)
    with pytest.raises(ListenFailed, match="no such address"):
        listen("192.0.2.1", 0)


async def ask(wire: Wire, port: int, watch: Stopwatch | None = None) -> httpx.Response:
    """Ask a front."""
    return await wire.send(httpx.Request("GET", f"http://127.0.0.1:{port}/"), watch or Stopwatch(RealClock()), Route())


@pytest_asyncio.fixture
async def front() -> AsyncIterator[FaultyFront]:
    """A front before a peer that answers."""
    with peer(serving(OK)) as upstream:
        made = await FaultyFront.start(("127.0.0.1", upstream.port))
        yield made
        await made.stop()


async def test_a_front_lets_everything_through(wire: Wire, front: FaultyFront) -> None:
    """Until it is told otherwise."""
    assert (await ask(wire, front.port)).text == "hi"


@pytest.mark.parametrize(
    ("misconduct", "where"),
    [
        (Misconduct(Break.RESET), Phase.WAIT),
        (Misconduct(Break.RESET, after=10), Phase.TRANSFER),
        (Misconduct(Break.CUT), Phase.WAIT),
        (Misconduct(Break.CUT, after=len(OK) - 1), Phase.TRANSFER),
    ],
)
async def test_a_front_breaks_connections_where_it_is_told(
    wire: Wire, front: FaultyFront, watch: Stopwatch, misconduct: Misconduct, where: Phase
) -> None:
    """With a reset, or by an early end."""
    front.choose = lambda: misconduct
    with pytest.raises(ProbeFailed) as caught:
        await ask(wire, front.port, watch)
    assert caught.value.outcome is Outcome.BROKEN
    if misconduct.after:
        assert watch.where is where


async def test_a_front_holds_answers_back(wire: Wire, front: FaultyFront, watch: Stopwatch) -> None:
    """For as long as it is told, or for ever."""
    front.choose = lambda: Misconduct(delay=0.05)
    await ask(wire, front.port, watch)
    assert watch.phases[Phase.WAIT] > 0.045
    front.choose = lambda: Misconduct(Break.SILENCE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask(wire, front.port)


async def test_a_front_refuses_and_is_restored_on_the_same_port(wire: Wire, front: FaultyFront) -> None:
    """As a vendor's API that goes down and comes back."""
    front.refuse()
    with pytest.raises(ProbeFailed) as caught:
        await ask(wire, front.port)
    assert caught.value.outcome is Outcome.REFUSED
    await front.restore()
    assert (await ask(wire, front.port)).text == "hi"


@pytest.mark.parametrize("how", ["cut_all", "reset_all"])
async def test_a_front_breaks_what_is_open(wire: Wire, front: FaultyFront, how: str) -> None:
    """Connections that were let through can still be broken."""
    front.choose = lambda: Misconduct(delay=5.0)
    asking = asyncio.create_task(ask(wire, front.port))
    await asyncio.sleep(0.05)
    getattr(front, how)()
    with pytest.raises(ProbeFailed) as caught:
        await asking
    assert caught.value.outcome is Outcome.BROKEN


async def test_a_served_connection_knows_its_peer() -> None:
    """And what was written before it is closed arrives."""
    seen: list[tuple[str, int]] = []

    async def handler(connection: ServedConnection) -> None:
        seen.append(connection.peer)
        await connection.write(await connection.read())

    sock = listen("127.0.0.1", 0)
    running = await serve(sock, handler)
    reader, writer = await asyncio.open_connection("127.0.0.1", sock.getsockname()[1])
    writer.write(b"echo")
    assert await reader.read() == b"echo"
    assert seen == [writer.get_extra_info("sockname")]
    writer.close()
    await writer.wait_closed()
    await running.stop()
    with socket.socket() as late:
        assert late.connect_ex(("127.0.0.1", seen[0][1])) != 0


async def test_accepted_connections_do_not_delay_small_answers() -> None:
    """A delayed answer would be billed to whoever is measured: asyncio switches delays off only where it reads TCP."""
    accepted: asyncio.Future[asyncio.BaseTransport] = asyncio.get_running_loop().create_future()

    class Noting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted.set_result(transport)

    sock = listen("127.0.0.1", 0)
    async with await asyncio.get_running_loop().create_server(Noting, sock=sock) as server:
        _, writer = await asyncio.open_connection(*sock.getsockname())
        connection = (await accepted).get_extra_info("socket")
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        writer.close()
        await writer.wait_closed()
        server.close()
