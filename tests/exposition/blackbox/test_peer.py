"""blackbox_exporter and we, by the same modules at the same targets; where we differ is a table in docs/blackbox.md."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest
import pytest_asyncio

from tests.exposition.blackbox.asking import Told, ask, configured, ours
from tests.exposition.blackbox.cases import CASES
from tests.exposition.blackbox.page import differences, newer
from tests.exposition.blackbox.targets import targets
from tests.servers.blackbox import blackbox_exporter, version

pytestmark = pytest.mark.servers

MODULES: Final = (Path(__file__).parent / "modules.yml").read_text("utf-8")
PHASES: Final = frozenset({"probe_http_duration_seconds", "probe_dns_duration_seconds", "probe_icmp_duration_seconds"})
TIMES: Final = PHASES | {"probe_duration_seconds", "probe_dns_lookup_time_seconds"}
UNREACHED: Final = 0.05
"""Seconds that the peer may tell for a phase that we say was not reached: its own time for looking at an address."""
SIDE_BY_SIDE: Final = 3
NEW_LABELS: Final = {"serialnumber"}
"""Labels that Debian's version does not have yet."""


class Three:
    """The peer, and we in both ways of telling phases.

    Attributes:
        ports: of the targets, by name.
    """

    def __init__(self, peer: httpx.AsyncClient, zeros: httpx.AsyncClient, absent: httpx.AsyncClient) -> None:
        self._clients = (peer, zeros, absent)
        self.ports: dict[str, str] = {}
        self._turn = asyncio.Semaphore(SIDE_BY_SIDE)

    async def told(self, module: str, target: str) -> list[Told]:
        """What the three say."""
        async with self._turn:
            where = target.format(**self.ports)
            return [await ask(client, module, where) for client in self._clients]


@pytest_asyncio.fixture
async def three(tmp_path: Path) -> AsyncIterator[Three]:
    """All of it on loopback."""
    (tmp_path / "modules.yml").write_text(MODULES, "utf-8")
    (tmp_path / "peer.yml").write_text(MODULES.replace("ca.pem", str(tmp_path / "ca.pem")), "utf-8")
    async with AsyncExitStack() as stack:
        ports = stack.enter_context(targets(tmp_path))
        url = await stack.enter_async_context(blackbox_exporter(tmp_path / "peer.yml"))
        peer = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=10))
        zeros = await stack.enter_async_context(ours(configured(tmp_path, "{file: modules.yml, compat: zeros}")))
        absent = await stack.enter_async_context(ours(configured(tmp_path, "modules.yml")))
        everybody = Three(peer, zeros, absent)
        everybody.ports = ports
        yield everybody


@pytest.mark.timeout(180)
async def test_we_say_what_the_peer_says(three: Three) -> None:
    """Of every target: the same metrics, and the same values of all that are no times, but for the page's table."""
    told = await asyncio.gather(*(three.told(module, target) for module, target in CASES))
    excused = differences()
    fresh = newer(version())
    for (module, target), (peer, zeros, absent) in zip(CASES, told, strict=True):
        where = f"{module} {target}"
        assert set(zeros) - fresh == set(peer), where
        assert set(absent) <= set(zeros) <= set(absent) | PHASES, where
        assert set(differing(peer, zeros)) == excused.get((module, target), set()), where
        assert list(unlike(peer, zeros, absent)) == [], where


def differing(peer: Told, other: Told) -> Iterator[str]:
    """The metrics that are no times and have other values."""
    for name in set(peer) - TIMES:
        if peer[name] != without(other[name], NEW_LABELS):
            yield name


def without(values: dict[tuple[tuple[str, str], ...], float], labels: set[str]) -> object:
    """*values* as an older version would tell them."""
    return {tuple(label for label in key if label[0] not in labels): value for key, value in values.items()}


def unlike(peer: Told, zeros: Told, absent: Told) -> Iterator[str]:
    """Phases that only one of us knows, and those that we left out though the peer spent time on them."""
    for name in PHASES & set(peer):
        if set(peer[name]) != set(zeros[name]):
            yield f"{name}: {set(peer[name]) ^ set(zeros[name])}"
        for phase in set(peer[name]) - set(absent.get(name, {})):
            if peer[name][phase] > UNREACHED or zeros[name][phase] != 0:
                yield f"{name}{phase}: {peer[name][phase]}"


def test_the_table_of_differences_is_about_cases() -> None:
    """A row about something that is not asked says nothing."""
    assert set(differences()) <= set(CASES)
    assert len(CASES) == len(set(CASES)) >= 100


async def test_what_is_wrong_with_a_request_is_said_alike(three: Three) -> None:
    """By the same statuses."""
    peer, mine, _ = three._clients
    for parameters in ({"module": "nothing", "target": "127.0.0.1"}, {"module": "http_2xx"}):
        assert (await peer.get("/probe", params=parameters)).status_code == 400
        assert (await mine.get("/probe", params=parameters)).status_code == 400
    asked = {"module": "http_host", "target": "127.0.0.1", "hostname": "other.example"}
    assert (await peer.get("/probe", params=asked)).text == (await mine.get("/probe", params=asked)).text


async def test_the_host_name_of_a_request_is_used_alike(three: Three) -> None:
    """As Host header and for TLS."""
    for module, where in (
        ("http_2xx", f"http://127.0.0.1:{three.ports['http']}/host"),
        ("http_tls", f"https://127.0.0.1:{three.ports['misnamed']}/"),
    ):
        for hostname in ("shop.example", "elsewhere.example"):
            asked = {"module": module, "target": where, "hostname": hostname}
            answers = [await client.get("/probe", params=asked) for client in three._clients[:2]]
            verdicts = {
                "probe_success 1\n" in answer.text or "probe_success 1.0\n" in answer.text for answer in answers
            }
            assert len(verdicts) == 1, asked


async def test_the_debug_output_has_the_peer_s_parts(three: Three) -> None:
    """Log, metrics and module, in this order and under these titles."""
    titles = (
        "Logs for the probe:\n",
        "\n\n\nMetrics that would have been returned:\n",
        "\n\n\nModule configuration:\n",
    )
    asked = {"module": "http_basic", "target": f"127.0.0.1:{three.ports['http']}/basic", "debug": "true"}
    for client in three._clients:
        answer = await client.get("/probe", params=asked)
        places = [answer.text.index(title) for title in titles]
        assert places == sorted(places)
        assert "password: " in answer.text
        assert "<secret>" in answer.text
        assert "p4ssw0rd" not in answer.text
