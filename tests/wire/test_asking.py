"""DNS, TCP and banners as probes of their own."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from probe.model.clock import ClockSource
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, Route, Wire, listen
from tests.wire.name_server import Records, name_files, name_server
from tests.wire.peers import peer, reset

RECORDS: Records = {
    ("shop.test.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("shop.test.", "MX"): ["10 mail.test."],
    ("shop.test.", "TXT"): ['"v=1"'],
}


@pytest.mark.parametrize(
    ("kind", "answers"),
    [("A", ("192.0.2.1", "192.0.2.2")), ("MX", ("10 mail.test.",)), ("TXT", ('"v=1"',)), ("AAAA", ())],
)
async def test_a_question_is_answered_with_its_records(
    wire: Wire, watch: Stopwatch, kind: str, answers: tuple[str, ...]
) -> None:
    """Records of the type that was asked for, as text, in their order."""
    with name_server(RECORDS) as server:
        answer = await wire.ask("shop.test", kind, f"127.0.0.1:{server.port}", watch, Route())
    assert answer.rcode == "NOERROR"
    assert answer.answers == answers
    assert set(watch.phases) == {Phase.SEND, Phase.WAIT}
    assert watch.source is ClockSource.KERNEL


async def test_over_tcp_there_is_a_connection(wire: Wire, watch: Stopwatch) -> None:
    """Its phase is connect."""
    with name_server(RECORDS) as server:
        answer = await wire.ask("shop.test", "A", f"127.0.0.1:{server.port}", watch, Route(), transport="tcp")
    assert answer.answers == ("192.0.2.1", "192.0.2.2")
    assert set(watch.phases) == {Phase.CONNECT, Phase.SEND, Phase.WAIT}


async def test_no_such_name_is_an_answer(wire: Wire, watch: Stopwatch) -> None:
    """Whether it was the one that was wanted is for the probe to say."""
    with name_server(RECORDS) as server:
        answer = await wire.ask("nowhere.test", "A", f"127.0.0.1:{server.port}", watch, Route())
    assert answer.rcode == "NXDOMAIN"


async def test_the_systems_name_server_is_asked_by_default(tmp_path: Path, watch: Stopwatch) -> None:
    """It is the first of resolv.conf."""
    with name_server(RECORDS) as server:
        wire = Wire(RealClock(), Meter(), names=name_files(tmp_path, server.port))
        assert (await wire.ask("shop.test", "A", None, watch, Route())).answers


async def test_a_silent_name_server_is_waited_for(wire: Wire, watch: Stopwatch) -> None:
    """The question is sent once; who runs out of time finds the stopwatch in the wait."""
    with name_server(RECORDS) as server:
        server.spoil = lambda _: None
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await wire.ask("shop.test", "A", f"127.0.0.1:{server.port}", watch, Route())
        assert len(server.asked) == 1
    assert watch.where is Phase.WAIT


async def test_what_is_no_answer_is_the_servers_error(wire: Wire, watch: Stopwatch) -> None:
    """An answer with our number on it that cannot be read."""
    with name_server(RECORDS) as server:
        server.spoil = lambda reply: reply[:12] + b"\xff" * 20
        with pytest.raises(ProbeFailed) as caught:
            await wire.ask("shop.test", "A", f"127.0.0.1:{server.port}", watch, Route())
    assert caught.value.outcome is Outcome.VENDOR_ERROR


async def test_nobody_there_is_refused(wire: Wire, watch: Stopwatch) -> None:
    """The kernel tells us of the closed port, over UDP, too."""
    with name_server(RECORDS) as server:
        port = server.port
    for transport in ("udp", "tcp"):
        with pytest.raises(ProbeFailed) as caught:
            await wire.ask("shop.test", "A", f"127.0.0.1:{port}", watch, Route(), transport=transport)
        assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("server", ["", ":53", "host:port", "127.0.0.1:0", "127.0.0.1:99999"])
async def test_what_names_no_server_is_invalid(wire: Wire, watch: Stopwatch, server: str) -> None:
    """Neither is a type that there is not."""
    with pytest.raises(ProbeFailed) as caught:
        await wire.ask("shop.test", "A" if server else "NONSENSE", server or "127.0.0.1", watch, Route())
    assert caught.value.outcome is Outcome.INVALID


async def test_an_open_port_is_an_answer(wire: Wire, watch: Stopwatch) -> None:
    """A knock is a connection and nothing more."""
    with listen("127.0.0.1", 0) as sock:
        await wire.knock("127.0.0.1", sock.getsockname()[1], watch, Route())
    assert set(watch.phases) == {Phase.CONNECT}


async def test_a_stalled_loop_does_not_lengthen_the_connect_phase(wire: Wire, watch: Stopwatch) -> None:
    """It is the kernel's round trip of the handshake."""
    with listen("127.0.0.1", 0) as sock:
        asyncio.get_running_loop().call_soon(time.sleep, 0.2)
        await wire.knock("127.0.0.1", sock.getsockname()[1], watch, Route())
    assert watch.phases[Phase.CONNECT] < 0.1
    assert watch.source is ClockSource.KERNEL


async def test_a_banner_is_waited_for_from_the_connection_on(wire: Wire, watch: Stopwatch) -> None:
    """Lines that come before it are passed over, as SSH allows; a stalled loop is not in it."""

    def script(sock: socket.socket) -> None:
        time.sleep(0.03)
        sock.sendall(b"Welcome\r\nSSH-2.0-OpenSSH_9.9\r\n")

    with peer(script) as other:
        asyncio.get_running_loop().call_soon(time.sleep, 0.3)
        said = await wire.banner("127.0.0.1", other.port, watch, Route())
    assert said == b"SSH-2.0-OpenSSH_9.9"
    assert set(watch.phases) == {Phase.CONNECT, Phase.WAIT}
    assert 0.025 < watch.phases[Phase.WAIT] < 0.2


@pytest.mark.parametrize(
    ("said", "outcome"),
    [(b"", Outcome.BROKEN), (b"SSH-", Outcome.BROKEN), (b"220 mail\r\n" * 40, Outcome.VENDOR_ERROR)],
)
async def test_another_banner_is_not_accepted(wire: Wire, watch: Stopwatch, said: bytes, outcome: Outcome) -> None:
    """Hanging up is broken; saying something else is the peer's error."""
    with peer(lambda sock: sock.sendall(said)) as other, pytest.raises(ProbeFailed) as caught:
        await wire.banner("127.0.0.1", other.port, watch, Route())
    assert caught.value.outcome is outcome


async def test_a_reset_before_the_banner_is_broken(wire: Wire, watch: Stopwatch) -> None:
    """The phase is the wait."""
    with peer(reset) as other, pytest.raises(ProbeFailed) as caught:
        await wire.banner("127.0.0.1", other.port, watch, Route())
    assert caught.value.outcome is Outcome.BROKEN


async def test_only_http_goes_through_a_proxy(wire: Wire, watch: Stopwatch) -> None:
    """Anything else is refused rather than sent past it."""
    route = Route(proxy="http://127.0.0.1:1")
    for question in (
        wire.knock("127.0.0.1", 1, watch, route),
        wire.banner("127.0.0.1", 1, watch, route),
        wire.handshake("127.0.0.1", 1, watch, route),
        wire.ask("a.test", "A", "127.0.0.1", watch, route),
    ):
        with pytest.raises(ProbeFailed) as caught:
            await question
        assert caught.value.outcome is Outcome.INVALID
