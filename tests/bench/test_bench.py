"""The benchmark works: one very short round of each, and every slot accounted for. It judges no figure."""

import pytest

from tests.bench import peer
from tests.bench.contestant import STALLED, STEADY
from tests.bench.plan import OURS, PEER, PLAIN, Heat, Results, Step, scrape
from tests.bench.rendering import BEGIN, END, page, tables
from tests.bench.truth import Served, Truth

NEEDED = {"cpu_us", "error_p50_us", "error_p99_us", "error_max_us"}


@pytest.mark.servers
def test_a_short_round_of_ours_accounts_for_everything() -> None:
    """Numbers come out, no slot is lost, and the server knows of every measurement."""
    found = dict(Step(OURS, "agent", 40, (STEADY, STALLED)).rounds(1.0))
    assert set(found) == {Heat(OURS, 40, STEADY), Heat(OURS, 40, STALLED)}
    for figures in found.values():
        assert {*NEEDED, "lateness_p99_us", "lag_p99_us"} <= set(figures)
        assert figures["lost"] == figures["unknown"] == figures["failed"] == 0
        assert figures["runs"] > 0


@pytest.mark.servers
@pytest.mark.parametrize("step", [Step(PLAIN, "plain", 40), Step(PEER, "peer", 40)], ids=str)
def test_a_short_round_of_others_brings_figures(step: Step) -> None:
    """They are measured by the same truth."""
    if step.contestant == PEER:
        assert peer.installed(), "apt-get install -y --no-install-recommends prometheus-blackbox-exporter"
    ((_, figures),) = step.rounds(0.5)
    assert set(figures) >= NEEDED
    assert figures["unknown"] == 0


@pytest.mark.servers
def test_a_scrape_of_a_few_series_brings_figures() -> None:
    """There are about as many as were wanted."""
    found = scrape(1_000)
    assert 1_000 <= found["series"] < 1_200
    assert min(found["changed_cpu_ms"]) > 0
    assert min(found["changed_hold_ms"]) > 0


def test_a_measurement_belongs_to_the_answer_that_came_while_it_ran() -> None:
    """The same target is asked again and again; an answer at another time is another's."""
    truth = Truth.told({"/a 1": (1_000_000_000, 1_020_000_000, 1_020_100_000), "/a 2": (2_000_000_000,) * 3})
    matched, unknown = truth.matched([("/a", 0.99, 1.03, 0.0205), ("/a", 3.0, 3.1, 0.02), ("/b", 1.0, 1.1, 0.02)])
    assert matched == [(0.0205, Served(1_000_000_000, 1_020_000_000, 1_020_100_000))]
    assert unknown == 2
    assert matched[0][1].error(0.0205) == pytest.approx(0.0005)
    assert matched[0][1].proven(0.0205) == pytest.approx(0.0004)
    assert matched[0][1].proven(0.02005) == 0.0


def test_the_tables_show_the_median_and_the_spread() -> None:
    """What a round did not bring is a dash."""
    results = Results()
    for cpu in (300.0, 500.0, 400.0):
        results.rounds[Heat(OURS, 400, STEADY)].append({"cpu_us": cpu, "error_p99_us": 1500.0})
        results.rounds[Heat(PEER, 400, STEADY)].append({"cpu_us": 800.0})
    text = tables(results)
    assert "| Probe | 400 | steady | 400 µs (300 µs … 500 µs) | - | 1.5 ms |" in text
    assert "| 400 | 0.5 (0.375 … 0.625) | - | - |" in text


def test_only_what_is_between_the_marks_is_replaced() -> None:
    """What people wrote stays; a document without marks is refused."""
    assert page(f"before\n{BEGIN}\nold\n{END}\nafter", "new") == f"before\n{BEGIN}\nnew\n{END}\nafter"
    with pytest.raises(ValueError, match="measured: begin"):
        page("nothing", "new")
