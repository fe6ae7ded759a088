"""`/probe` as a scraper sees it."""

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from probe.exposition.blackbox import CONTENT_TYPE, PATIENCE, Prober
from probe.exposition.doors import Doors
from probe.model.meter import Meter
from probe.wire import RealClock, Wire
from tests.exposition.blackbox.asking import configured, ours, read
from tests.servers.prometheus import promtool
from tests.wire.peers import OK, answering, peer

MODULES = """\
modules:
  http_2xx: {prober: http}
  quick: {prober: http, timeout: 200ms}
  secret:
    prober: http
    http:
      basic_auth: {username: user, password: hunter22}
      headers: {X-Api-Key: k3yk3yk3y, X-Vault-Token: v4ultk3y}
      method: POST
      body: '{"password": "b0dyk3y"}'
"""


def silent(sock: socket.socket) -> None:
    """Take a request, and say nothing."""
    sock.recv(65536)
    time.sleep(2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with modules."""
    (tmp_path / "blackbox.yml").write_text(MODULES)
    return tmp_path


@pytest_asyncio.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client on loopback."""
    async with ours(configured(folder, "blackbox.yml")) as client:
        yield client


async def test_an_answer_is_text_that_prometheus_reads(client: httpx.AsyncClient) -> None:
    """In the format 0.0.4, whatever is asked for, with the peer's names only."""
    with peer(answering(OK)) as other:
        answer = await client.get("/probe", params={"target": f"127.0.0.1:{other.port}"})
    assert answer.headers["content-type"] == CONTENT_TYPE
    told = read(answer.text)
    assert told["probe_success"] == {(): 1}
    assert all(name.startswith("probe_") for name in told)


@pytest.mark.servers
async def test_an_answer_has_nothing_that_promtool_complains_about(client: httpx.AsyncClient) -> None:
    """But for the names, which are the peer's."""
    with peer(answering(OK)) as other:
        answer = await client.get("/probe", params={"target": f"127.0.0.1:{other.port}"})
    assert promtool("check", "metrics", text=answer.content) == ""


async def test_without_modules_there_is_nothing(tmp_path: Path) -> None:
    """And the answer says what to write."""
    (tmp_path / "blackbox.yml").write_text("modules: {a: {prober: http}}\n")
    configuration = configured(tmp_path, "blackbox.yml")
    bare = type(configuration)(
        **{name: getattr(configuration, name) for name in configuration.__slots__ if name != "blackbox"}
    )
    async with ours(bare) as client:
        answer = await client.get("/probe", params={"target": "127.0.0.1"})
    assert answer.status_code == 404
    assert "blackbox.yml" in answer.text


@pytest.mark.parametrize(
    ("doors", "headers", "status"),
    [
        (Doors(loopback=False), {}, 403),
        (Doors(loopback=False, allow=frozenset({"reload"})), {}, 403),
        (Doors(loopback=False, allow=frozenset({"probe"})), {}, 400),
        (Doors(loopback=True), {}, 400),
        (Doors(loopback=True), {"Host": "evil.example"}, 403),
        (Doors(loopback=True), {"Origin": "http://evil.example"}, 403),
        (Doors(loopback=True), {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_probing_is_an_action(folder: Path, doors: Doors, headers: dict[str, str], status: int) -> None:
    """Closed beyond loopback unless it was allowed, and to web pages everywhere (400: a target is missing)."""
    async with ours(configured(folder, "blackbox.yml"), doors) as client:
        answer = await client.get("/probe", headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("patience", ["soon", "nan", "inf", "-1"])
async def test_a_patience_that_is_no_time_is_refused(client: httpx.AsyncClient, patience: str) -> None:
    """By a sentence that says what was written."""
    answer = await client.get("/probe", params={"target": "127.0.0.1:1"}, headers={PATIENCE: patience})
    assert answer.status_code == 500
    assert repr(patience) in answer.text


async def test_of_a_parameter_that_is_said_twice_the_first_counts(client: httpx.AsyncClient) -> None:
    """As for the peer."""
    with peer(answering(OK)) as other:
        targets = [f"127.0.0.1:{other.port}", "127.0.0.1:1"]
        first = await client.get("/probe", params={"target": targets})
        second = await client.get("/probe", params={"target": targets[::-1]})
    assert read(first.text)["probe_success"] == {(): 1}
    assert read(second.text)["probe_success"] == {(): 0}


async def test_an_answer_leaves_before_the_scraper_s_patience_ends(client: httpx.AsyncClient) -> None:
    """Half a second before; the probe has failed then, and says how far it came."""
    with peer(silent) as other:
        started = time.monotonic()
        answer = await client.get(
            "/probe", params={"target": f"127.0.0.1:{other.port}"}, headers={PATIENCE: "0.8"}, timeout=5
        )
        took = time.monotonic() - started
    told = read(answer.text)
    assert told["probe_success"] == {(): 0}
    assert 0.25 < told["probe_duration_seconds"][()] < 0.6
    assert took < 0.8
    assert set(told["probe_http_duration_seconds"]) == {(("phase", "connect"),)}


async def test_a_module_s_own_timeout_counts_if_it_is_less(client: httpx.AsyncClient) -> None:
    """And the scraper's is not said, or longer."""
    with peer(silent) as other:
        answer = await client.get("/probe", params={"target": f"127.0.0.1:{other.port}", "module": "quick"})
    assert 0.15 < read(answer.text)["probe_duration_seconds"][()] < 0.4


async def test_the_debug_output_holds_no_secret(client: httpx.AsyncClient) -> None:
    """Neither of the module, nor of the target, nor what is made of them."""
    with peer(answering(OK)) as other:
        target = f"http://me:t4rg3t@127.0.0.1:{other.port}/?access_token=qu3ryk3y"
        asked = {"module": "secret", "target": target, "debug": "true"}
        answer = await client.get("/probe", params=asked)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "probe_success 1" in answer.text
    assert "skip_resolve_phase_with_proxy: false\n  enable_http2: true\n" in answer.text  # nothing else is hidden
    for secret in ("hunter22", "k3yk3yk3y", "t4rg3t", "dXNlcjpodW50ZXIyMg", "v4ultk3y", "b0dyk3y", "qu3ryk3y"):
        assert secret not in answer.text


async def test_probes_run_side_by_side(client: httpx.AsyncClient) -> None:
    """One that waits holds up none of the others."""
    with peer(answering(OK, delay=0.3)) as other:
        target = {"target": f"127.0.0.1:{other.port}"}
        started = time.monotonic()
        answers = await asyncio.gather(*(client.get("/probe", params=target) for _ in range(8)))
        took = time.monotonic() - started
    assert all(read(answer.text)["probe_success"] == {(): 1} for answer in answers)
    assert took < 1.5


async def test_more_probes_than_we_can_afford_are_turned_away(folder: Path) -> None:
    """At once, and only while the others are on."""
    with peer(silent) as other:
        asked = {"target": f"127.0.0.1:{other.port}", "module": "quick"}
        async with ours(configured(folder, "blackbox.yml"), most=2) as client:
            answers = await asyncio.gather(*(client.get("/probe", params=asked) for _ in range(5)))
            after = await client.get("/probe", params=asked)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
    assert {answer.text for answer in answers if answer.status_code == 503} == {"2 probes are on already: ask later\n"}
    assert after.status_code == 200


def test_probes_get_a_quarter_of_the_descriptors() -> None:
    """Each needs two: half of what there is stays for the scheduled probes and whoever looks at them."""
    allowed, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
        wire = Wire(RealClock(), Meter())
        assert Prober(wire, RealClock(), lambda: None, str).most == 128
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
