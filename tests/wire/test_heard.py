"""All that an exchange heard, dialogues, and questions to name servers as one likes them."""

import hashlib
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import SERVER_NAME, Heard, Question, Route, Trust, Wire
from tests.wire.conftest import server_side
from tests.wire.name_server import name_server
from tests.wire.peers import OK, answering, peer
from tests.wire.test_pooled import speaking_h2

PACKED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\nhi"


def get(url: str, server_name: str = "") -> httpx.Request:
    """A request."""
    return httpx.Request("GET", url, extensions={SERVER_NAME: server_name} if server_name else {})


async def test_a_coding_is_left_to_who_listens(wire: Wire, watch: Stopwatch) -> None:
    """And without one who does, it is undone or refused as ever."""
    with peer(answering(PACKED)) as other:
        heard = Heard()
        await wire.send(get(f"http://127.0.0.1:{other.port}/"), watch, Route(), heard=heard)
        with pytest.raises(ProbeFailed):
            await wire.send(get(f"http://127.0.0.1:{other.port}/"), watch, Route())
    assert (heard.status, heard.version, heard.body, heard.length) == (200, "1.1", b"hi", 2)
    assert heard.session is None


@pytest.mark.parametrize("http2", [False, True])
async def test_what_came_before_a_failure_was_heard(wire: Wire, watch: Stopwatch, *, http2: bool) -> None:
    """The head, and what there was of the body."""
    heard = Heard()
    with peer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")) as other, pytest.raises(ProbeFailed):
        await wire.send(get(f"http://127.0.0.1:{other.port}/"), watch, Route(http2=http2), heard=heard)
    assert (heard.status, heard.body, heard.length) == (200, b"hi", 2)


@pytest.mark.parametrize("http2", [False, True])
async def test_a_session_says_whose_it_is(
    wire: Wire, watch: Stopwatch, authority: trustme.CA, bundle: Path, *, http2: bool
) -> None:
    """By fingerprint, names as RFC 2253 writes them, serial number, and the end of the chain that was believed."""
    leaf = authority.issue_cert("a.example", "127.0.0.1", organization_name='A, "B"', common_name="a")
    tls = server_side(leaf, *(["h2"] if http2 else []))
    heard = Heard()
    with peer(speaking_h2 if http2 else answering(OK), tls=tls) as other:
        request = get(f"https://127.0.0.1:{other.port}/", "a.example")
        await wire.send(request, watch, Route(trust=Trust(ca_bundle=bundle), http2=http2), heard=heard)
    session = heard.session
    assert session is not None
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    assert session.version == "TLSv1.3"
    assert session.fingerprint == hashlib.sha256(der).hexdigest()
    assert session.identity.names == ("a.example",)
    assert '\\, \\"B\\"' in session.identity.subject
    assert session.chain_end is not None
    assert session.chain_end <= session.shown[0].expiry


async def test_nothing_is_known_of_a_chain_that_nobody_verified(
    wire: Wire, watch: Stopwatch, unknown: ssl.SSLContext
) -> None:
    """However it looks."""
    heard = Heard()
    with peer(answering(OK), tls=unknown) as other:
        await wire.send(get(f"https://127.0.0.1:{other.port}/"), watch, Route(trust=Trust(verify=False)), heard=heard)
    assert heard.session is not None
    assert heard.session.chain_end is None


async def test_a_dialogue_goes_on_in_tls(wire: Wire, watch: Stopwatch, good: ssl.SSLContext, trusting: Route) -> None:
    """On the same connection, as the phase tls."""

    def script(sock: object) -> None:
        sock.recv(5)  # type: ignore[attr-defined]  # a socket
        with good.wrap_socket(sock, server_side=True) as safe:  # type: ignore[arg-type]  # a socket
            safe.sendall(b"safe")
            safe.recv(1)

    with peer(script) as other:
        dialogue = await wire.open("127.0.0.1", other.port, watch, trusting)
        assert dialogue.session is None
        assert Phase.TLS not in watch.phases
        await dialogue.write(b"start")
        session = await dialogue.start_tls(trusting.trust, "localhost")
        assert await dialogue.read() == b"safe"
        dialogue.close()
    assert session.version == "TLSv1.3"
    assert set(watch.phases) == {Phase.CONNECT, Phase.TLS}


async def test_versions_of_tls_are_limited(wire: Wire, watch: Stopwatch, good: ssl.SSLContext, bundle: Path) -> None:
    """At both ends."""
    heard = Heard()
    with peer(answering(OK), tls=good) as other:
        route = Route(trust=Trust(ca_bundle=bundle, newest="TLSv1.2"))
        await wire.send(get(f"https://localhost:{other.port}/"), watch, route, heard=heard)
    assert heard.session is not None
    assert heard.session.version == "TLSv1.2"


async def test_a_reply_is_told_whole(wire: Wire, watch: Stopwatch) -> None:
    """Each record as a line of a zone file, and the serial numbers."""
    with name_server({("a.example.", "SOA"): ["ns.a.example. me.a.example. 7 1 2 3 4"]}) as server:
        asked = Question(name="a.example", record_type="SOA")
        reply = await wire.question(asked, "127.0.0.1", server.port, watch, Route())
    assert reply.answer == ("a.example.\t60\tIN\tSOA\tns.a.example. me.a.example. 7 1 2 3 4",)
    assert reply.serials == (7,)
    assert set(watch.phases) == {Phase.SEND, Phase.WAIT}


async def test_a_question_that_cannot_be_asked_is_ours(wire: Wire, watch: Stopwatch) -> None:
    """Nobody else's fault."""
    with pytest.raises(ProbeFailed) as failure:
        await wire.question(Question(name="a..b"), "127.0.0.1", 1, watch, Route())
    assert failure.value.outcome is Outcome.INVALID
