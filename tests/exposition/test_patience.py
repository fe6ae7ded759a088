"""Clients that only hold a connection, or say too much: the others are served."""

import asyncio

import httpx
import pytest

from probe.exposition.patience import Patience
from tests.exposition.serving import Served, served

HASTY = Patience(head=0.3, answer=0.6, bytes=4_096)
ENOUGH = 3.0
"""Seconds after which a client that was let go has noticed."""


async def connect(server: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has said nothing yet."""
    host, _, port = server.host.partition(":")
    return await asyncio.open_connection(host, int(port))


async def until_let_go(reader: asyncio.StreamReader) -> bytes:
    """What is read until the server lets go."""
    async with asyncio.timeout(ENOUGH):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


@pytest.mark.parametrize("said", [b"", b"\r\n", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
async def test_who_does_not_ask_is_let_go(said: bytes) -> None:
    """Silence, an empty line, and a head that never ends."""
    async with served(slots=3, patience=HASTY) as server:
        reader, writer = await connect(server)
        writer.write(said)
        assert await until_let_go(reader) == b""
        writer.close()


async def test_who_asks_a_letter_at_a_time_is_let_go() -> None:
    """Each letter buys no time (slowloris)."""
    async with served(slots=3, patience=HASTY) as server:
        reader, writer = await connect(server)
        writer.write(b"GET / HTTP/1.1\r\nX-A: ")
        closed = asyncio.ensure_future(until_let_go(reader))
        while not closed.done():
            writer.write(b"G")
            await asyncio.sleep(0.05)
        assert await closed == b""
        writer.close()


async def test_a_head_without_end_is_not_kept() -> None:
    """It would fill the memory long before the time is up."""
    async with served(slots=3, patience=Patience(head=60.0, answer=60.0, bytes=4_096)) as server:
        reader, writer = await connect(server)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 20_000)
        assert await until_let_go(reader) == b""
        writer.close()


async def test_who_does_not_take_the_answer_is_let_go() -> None:
    """The answer must not wait for ever in our memory."""
    async with served(slots=3, patience=HASTY) as server:
        reader, writer = await connect(server)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
        await asyncio.sleep(1.5)
        taken = await until_let_go(reader)
        assert taken.count(b"HTTP/1.1 200") < 200
        writer.close()


async def test_who_asks_again_is_answered_again() -> None:
    """A connection that is kept has the same time for the next request."""
    async with served(slots=3, patience=HASTY) as server, httpx.AsyncClient(base_url=server.url) as client:
        for _ in range(4):
            assert (await client.get("/-/healthy")).status_code == 200
            await asyncio.sleep(0.15)


async def test_hundreds_of_silent_connections_keep_nobody_out_for_long() -> None:
    """More than are served at once: they are let go, and the next scrape gets through."""
    async with served(slots=3, patience=HASTY) as server, httpx.AsyncClient(base_url=server.url) as client:
        held = [await connect(server) for _ in range(300)]
        await asyncio.gather(*(until_let_go(reader) for reader, _ in held))
        assert (await client.get("/metrics")).status_code == 200
        for _, writer in held:
            writer.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/", 200),
        ("HEAD", "/metrics", 200),
        ("POST", "/", 405),
        ("DELETE", "/metrics", 405),
        ("GET", "/-/reload", 405),
        ("OPTIONS", "/-/reload", 405),
        ("TRACE", "/", 405),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/metrics", 404),
        ("GET", "//metrics", 404),
        ("GET", "/metrics%00", 404),
        ("GET", "/%ff%fe", 404),
    ],
)
async def test_methods_and_paths_are_those_that_there_are(method: str, path: str, status: int) -> None:
    """Everything else is refused, with no trace of what is inside."""
    async with served(slots=3) as server:
        reader, writer = await connect(server)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        told = await until_let_go(reader)
        writer.close()
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"access-control-allow" not in head.lower()
    assert b"content-security-policy" in head.lower()
    assert method != "HEAD" or body == b""


@pytest.mark.parametrize(
    "accept", ["", ";;;q=", "*/*;q=nan", "text/html," * 2_000, "\xff", "application/openmetrics-text;q=1e999"]
)
async def test_whatever_is_accepted_there_are_metrics(accept: str) -> None:
    """Who asks for nothing that we speak gets the plain format."""
    async with served(slots=3) as server, httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/metrics", headers=[(b"accept", accept.encode("latin-1"))])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
