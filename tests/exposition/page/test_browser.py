import re
import time
from pathlib import Path

import httpx
import pytest

from probe.exposition.page.document import About, Page
from probe.model.outcome import Skip
from probe.model.refusal import Cause
from tests.exposition.serving import served
from tests.fakes.accounts import FakeStop, leaked, standing, troubled
from tests.fakes.clock import FakeClock
from tests.fakes.crowd import crowd
from tests.fakes.story import story_jobs
from tests.servers.chromium import Chromium

pytestmark = pytest.mark.servers

WIDTHS = (360, 500, 800, 1021, 1101, 1280, 1900)
_GONE = r"the agent has not answered for \d+ s"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


async def test_the_page_works_in_a_browser_and_renews_itself(chromium: Chromium) -> None:
    """Nothing of it is refused by its own content security policy, and nothing is lost when it looks again."""
    async with served() as server:
        told, console = await chromium.document(server.url, wait=13)
        looks = server.history.looks
    assert not console
    assert looks >= 3  # the page and two fragments
    assert told.count('id="live"') == 1
    assert told.count('<table class="runs"') == 2
    assert "sandbox-flaky" in told
    assert not re.search(_GONE, told)


async def test_an_open_breaker_shows_in_a_browser_and_goes_when_it_closes(chromium: Chromium) -> None:
    """At the next look; what was skipped because of it stays for a while."""
    async with served() as server:
        lost = leaked(time.time(), note="500 Internal Server Error")
        stop = FakeStop(Cause.LEAKS, "an instance leaked at sandbox-flaky")
        server.metrics.standing("sandbox-flaky", "ap-3", standing(lost, stops=[stop]))
        (job,) = [job for job in story_jobs() if job.renting and job.target.vendor == "sandbox-flaky"]
        server.metrics.run_skipped(job.target, Skip.BREAKER, 3)
        told, console = await chromium.document(server.url)
        server.metrics.standing("sandbox-flaky", "ap-3", standing())
        later, _ = await chromium.document(server.url, wait=7)
    assert not console
    assert "an instance leaked at sandbox-flaky" in told
    assert "Nothing more is rented from sandbox-flaky (ap-3)" in told
    assert "3 × breaker" in told  # noqa: RUF001 - times
    assert lost.instance_id in told
    assert "Nothing more is rented" not in later
    assert lost.instance_id not in later
    assert "3 × breaker" in later  # noqa: RUF001 - times


async def test_the_page_says_so_when_the_agent_is_gone(chromium: Chromium, tmp_path: Path) -> None:
    """A stale page that looks alive is worse than none; what it showed last stays."""
    async with served() as server, httpx.AsyncClient() as client:
        whole = (await client.get(server.url)).text
    saved = tmp_path / "page.html"
    saved.write_text(whole, "utf-8")
    later, _ = await chromium.document(saved.as_uri(), wait=13)
    assert re.search(_GONE, later)
    assert "sandbox-flaky" in later


async def test_ten_vendors_fit_on_every_width(chromium: Chromium, tmp_path: Path) -> None:
    """From a phone to a wide screen nothing is cut off at the right, and nobody must scroll sideways.

    Also when all of them are in every trouble with renting that there is.
    """
    clock = FakeClock()
    about = About(agent="ten", vantage="eu-central", version="1.2.3", started=clock.wall())
    history = crowd(clock.wall(), 10, failing=2, probes=("lifecycle", "api-read", "monitoring", "order"))
    whole = b"".join([piece async for piece in Page(history, clock, about, troubled(clock, 10, 20)).whole("n0nce")])
    measure = "<script>parent.postMessage([innerWidth, document.documentElement.scrollWidth], '*')</script>"
    (tmp_path / "page.html").write_text(whole.decode() + measure, "utf-8")
    frames = "".join(f'<iframe src="page.html" style="width: {width}px; border: 0"></iframe>' for width in WIDTHS)
    listen = "<script>onmessage = (told) => { document.title += ` ${told.data.join(':')}` }</script>"
    (tmp_path / "frames.html").write_text(f"<title>widths</title>{listen}{frames}", "utf-8")
    told, _ = await chromium.document((tmp_path / "frames.html").as_uri(), wait=3)
    found = dict(re.findall(r"(\d+):(\d+)", told[told.index("<title>") : told.index("</title>")]))
    assert found == {str(width): str(width) for width in WIDTHS}


@pytest.mark.parametrize("dark", [False, True])
async def test_both_schemes_can_be_painted(chromium: Chromium, tmp_path: Path, dark: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Light and dark differ; both are more than an empty sheet."""
    async with served() as server:
        picture = await chromium.picture(server.url, tmp_path / "page.png", dark=dark)
    painted = picture.read_bytes()
    assert painted.startswith(_SIGNATURE)
    assert len(painted) > 50_000
