import re
from pathlib import Path

import httpx
import pytest

from tests.exposition.serving import served
from tests.servers.chromium import Chromium

pytestmark = pytest.mark.servers

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


async def test_the_page_says_so_when_the_agent_is_gone(chromium: Chromium, tmp_path: Path) -> None:
    """A stale page that looks alive is worse than none; what it showed last stays."""
    async with served() as server, httpx.AsyncClient() as client:
        whole = (await client.get(server.url)).text
    saved = tmp_path / "page.html"
    saved.write_text(whole, "utf-8")
    later, _ = await chromium.document(saved.as_uri(), wait=13)
    assert re.search(_GONE, later)
    assert "sandbox-flaky" in later


@pytest.mark.parametrize("dark", [False, True])
async def test_both_schemes_can_be_painted(chromium: Chromium, tmp_path: Path, dark: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Light and dark differ; both are more than an empty sheet."""
    async with served() as server:
        picture = await chromium.picture(server.url, tmp_path / "page.png", dark=dark)
    painted = picture.read_bytes()
    assert painted.startswith(_SIGNATURE)
    assert len(painted) > 50_000
