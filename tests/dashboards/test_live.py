"""Every expression of the dashboards, asked of a Prometheus that scraped the real agent measuring its sandbox."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.dashboards.backfill import Answers, prometheus
from tests.dashboards.pages import FILES, Asked, Json, asked, filled, load, variable_selector, variables

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

PAGES = {page["uid"]: page for page in map(load, FILES)}
CHOSEN: dict[str, dict[str, str]] = {
    "stability-fleet": {},
    "stability-renting": {},
    "stability-compare": {"probe": "api-read", "lifecycle": "lifecycle"},
}
NEED_TROUBLE = {"Alerts", "Mean time to recover", "Mean time between outages"}
NEED_TIME = {"How fast are successful runs?/E", "Do reads know of writes?/C", "Do reads know of writes?/E"}
"""p99 needs a thousand runs; half of all lives are looked at after the create, the others after they are gone."""
NOT_TOLD = {"Every account's requests/D"}
"""No vendor of the demo says when its window ends."""
PATIENCE = 150.0
MEASURED = (
    'min(sum by (vendor, probe) (stability_runs_total{layer="platform"})) > 0',
    'min(sum by (vendor) (increase(stability_runs_total{probe="lifecycle",blame="none"}[1h]))) > 0',
    'count(increase(stability_runs_total{probe="api-read",blame="none"}[1h]) > 0) == 3',
    "count(vendor_region_probe:stability_probe_failures_per_run:ratio_rate30m) > 6",
)
"""What must be true before the pages are looked at: everything has run, on all three vendors."""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`probe demo`, as a user starts it; where it listens."""
    log = tmp_path_factory.mktemp("agent") / "log"
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{sock.getsockname()[1]}"
    command = [sys.executable, "-m", "probe", "demo", "--listen", address]
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            yield address
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0, log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def live(agent: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """A Prometheus that has watched the agent until everything had run."""
    folder = tmp_path_factory.mktemp("live")
    with prometheus(folder, folder / "data", scraping=agent) as answers:
        until = time.monotonic() + PATIENCE
        waiting = list(MEASURED)
        while waiting and time.monotonic() < until:
            time.sleep(1)
            waiting = [condition for condition in waiting if not answers.instant(condition)]
        assert not waiting, waiting
        yield answers


@pytest.mark.parametrize("query", asked(), ids=str)
def test_the_demo_fills_the_pages(query: Asked, live: Answers) -> None:
    """Whoever starts the demo sees figures, not empty panels, within a minute or two."""
    expr = filled(query.expr, PAGES[query.page], chosen=CHOSEN[query.page])
    found = [series["value"][1] for series in live.instant(expr)]
    title = query.panel["title"]
    if title not in NEED_TROUBLE and f"{title}/{query.target['refId']}" not in NEED_TIME | NOT_TOLD:
        assert [value for value in found if value != "NaN"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_variables_find_the_demos_vendors(page: Json, live: Answers) -> None:
    """The choices above the page are the vendors and probes of the configuration, and no targets of one's own."""
    for variable in variables(page).values():
        if variable["type"] == "query":
            found = live.instant(filled(variable_selector(variable), page, chosen=CHOSEN[page["uid"]]))
            assert {series["metric"]["vendor"] for series in found} == {
                "sandbox-steady",
                "sandbox-slow",
                "sandbox-flaky",
            }


def test_the_scrape_stays_far_below_its_limit(live: Answers) -> None:
    """sample_limit would throw away whole scrapes."""
    (samples,) = live.instant("max_over_time(scrape_samples_scraped[1h])")
    assert 500 < float(samples["value"][1]) < 60_000
