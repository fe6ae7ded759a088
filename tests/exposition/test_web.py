import asyncio
import gzip
import signal
import zlib

import httpx
import pytest

from probe.exposition.doors import Doors
from tests.exposition.serving import Served, served
from tests.fakes.story import HOSTILE


async def get(server: Served, path: str, **headers: str) -> httpx.Response:
    """The answer to a GET."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        return await client.get(path, headers=headers)


async def post(server: Served, path: str, **headers: str) -> httpx.Response:
    """The answer to a POST; underscores of names of headers are dashes."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=server.url) as client:
        return await client.post(path, headers=told)


async def test_metrics_come_in_the_format_that_the_scraper_prefers() -> None:
    """Plain for those who ask for nothing, OpenMetrics for those who ask for it."""
    async with served() as server:
        plain = await get(server, "/metrics")
        strict = await get(server, "/metrics", accept="application/openmetrics-text;version=1.0.0")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'stability_build_info{version="1.2.3"} 1\n' in plain.text
    assert strict.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert strict.text.endswith("# EOF\n")
    assert strict.headers["vary"] == "Accept, Accept-Encoding"


async def test_metrics_are_compressed_for_those_who_read_it() -> None:
    """A scrape is text that repeats itself: ten times smaller, packed outside of the loop."""
    async with served() as server:
        async with httpx.AsyncClient(base_url=server.url) as client:
            request = client.build_request("GET", "/metrics", headers={"accept-encoding": "gzip"})
            answer = await client.send(request, stream=True)
            packed = b"".join([chunk async for chunk in answer.aiter_raw()])
        plain = await get(server, "/metrics", **{"accept-encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert len(packed) * 8 < len(plain.content)
    assert gzip.decompress(packed).startswith(b"# HELP stability_due_runs_total")
    assert zlib.decompressobj(31).decompress(packed)


async def test_healthy_says_so_and_ready_says_why_not() -> None:
    """An orchestrator reads the status, a person the reasons."""
    async with served() as server:
        assert (await get(server, "/-/healthy")).status_code == 200
        assert (await get(server, "/-/ready")).status_code == 200
        server.reasons += ["the first sweep has not ended", "the ledger cannot be written"]
        answer = await get(server, "/-/ready")
    assert answer.status_code == 503
    assert answer.text == "not ready: the first sweep has not ended\nnot ready: the ledger cannot be written\n"
    assert answer.headers["content-type"].startswith("text/plain")


async def test_a_reload_is_carried_out_or_refused_in_words() -> None:
    """The complaints come back to who asked; the old configuration stays."""
    async with served() as server:
        taken = await post(server, "/-/reload")
        server.reloader.complaints = ["probe.yaml:3: no such kind"]
        refused = await post(server, "/-/reload")
        wrong = await get(server, "/-/reload")
    assert (taken.status_code, refused.status_code, wrong.status_code) == (200, 422, 405)
    assert "probe.yaml:3: no such kind" in refused.text
    assert server.reloader.asked == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:9781"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-origin"},
    ],
)
async def test_web_pages_cannot_make_the_agent_act(headers: dict[str, str]) -> None:
    """Neither from another site nor from a name that was made to point at this machine."""
    async with served() as server:
        answer = await post(server, "/-/reload", **headers)
    assert answer.status_code == 403
    assert server.reloader.asked == 0


async def test_beyond_loopback_nothing_acts_unless_it_is_allowed() -> None:
    """The answer names the key that opens the door."""
    async with served(doors=Doors(loopback=False)) as server:
        closed = await post(server, "/-/reload")
    assert closed.status_code == 403
    assert "agent.allow: [reload]" in closed.text
    async with served(doors=Doors(loopback=False, allow=frozenset({"reload"}))) as server:
        opened = await post(server, "/-/reload", host="agent.internal:9781")
        page = await post(server, "/-/reload", origin="http://agent.internal:9781")
    assert (opened.status_code, page.status_code) == (200, 403)


@pytest.mark.parametrize("path", ["/", "/fragment", "/metrics", "/-/healthy", "/nowhere"])
async def test_every_answer_is_closed_to_other_sites(path: str) -> None:
    """No sniffing, no frames, no referrer, no scripts from anywhere else."""
    async with served() as server:
        answer = await get(server, path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


async def test_the_page_is_whole_and_stands_alone() -> None:
    """One request, no resource from anywhere, a fresh nonce each time, and what others wrote cannot act."""
    async with served() as server:
        first, second = await get(server, "/"), await get(server, "/")
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert first.text.startswith("<!doctype html>")
    assert first.text.endswith("</html>")
    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]
    nonce = first.headers["content-security-policy"].partition("script-src 'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in first.text
    assert first.text.count("<script") == 1
    assert "http://" not in first.text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in first.text
    assert "\x1b" not in first.text
    assert HOSTILE not in first.text
    assert " style=" not in first.text
    assert " onclick" not in first.text


async def test_the_server_stops_in_seconds_with_connections_open() -> None:
    """A browser's idle connection must not keep the agent from going; its signal handlers are the agent's own."""
    before = signal.getsignal(signal.SIGTERM)
    async with httpx.AsyncClient() as client:
        async with served() as server:
            await client.get(f"{server.url}/-/healthy")
            assert signal.getsignal(signal.SIGTERM) is before
            started = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - started < 3


async def test_the_port_is_free_when_the_server_has_stopped() -> None:
    """Who starts the agent again at once must not meet its own past."""
    async with served() as server:
        host, _, port = server.host.partition(":")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))
