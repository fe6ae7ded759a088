"""The benchmark works: one very short round of each, and every slot accounted for. It judges no figure."""

import pytest

from tests.bench import peer
from tests.bench.apart import growth
from tests.bench.contestant import SCRAPED, STALLED, STEADY
from tests.bench.goals import GOALS
from tests.bench.plan import OURS, PEER, PLAIN, Apart, Heat, Load, Plan, Results, Step
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
@pytest.mark.parametrize("load", [Load.TLS, Load.REUSED])
def test_a_short_round_over_other_connections(load: Load) -> None:
    """The truth is known of TLS, and of connections that are used again."""
    ((_, figures),) = Step(OURS, "agent", 40, load=load).rounds(1.0)
    assert figures["lost"] == figures["unknown"] == figures["failed"] == 0
    assert figures["runs"] > 0


@pytest.mark.servers
def test_a_short_round_while_others_scrape() -> None:
    """The series are there, and are told while probes run."""
    mode = f"{SCRAPED} 5000"
    ((heat, figures),) = Step(OURS, "agent", 40, (mode,)).rounds(3.0)
    assert heat.mode == mode
    assert figures["lost"] == figures["failed"] == 0


@pytest.mark.servers
def test_a_start_is_timed() -> None:
    """From the program's start to its first answer."""
    assert 0.1 < Apart("a start", "starts", ("first",), 3).found() < 30


@pytest.mark.servers
@pytest.mark.parametrize(
    "step", [Step(PLAIN, "plain", 40), Step(PEER, "peer", 40), Step(PEER, "peer", 40, load=Load.TLS)], ids=str
)
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
    found = Apart("a scrape", "scrapes", ("scrape", "1000"), 5).found()
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
    assert "| Probe | HTTP, new connections | 400 | steady | 400 µs (300 µs … 500 µs) | - | 1.5 ms |" in text
    assert "| HTTP, new connections | 400 | 0.5 (0.375 … 0.625) | - | - |" in text


def test_only_what_is_between_the_marks_is_replaced() -> None:
    """What people wrote stays; a document without marks is refused."""
    assert page(f"before\n{BEGIN}\nold\n{END}\nafter", "new") == f"before\n{BEGIN}\nnew\n{END}\nafter"
    with pytest.raises(ValueError, match="measured: begin"):
        page("nothing", "new")


def test_a_goal_is_met_or_not_or_was_not_measured() -> None:
    """Every goal has its line, whatever was measured."""
    results = Results(starts=[1.2, 1.4, 1.3])
    results.rounds[Heat(OURS, 1000, STEADY)].append({"error_p99_us": 300.0, "lost": 0})
    text = tables(results)
    assert "| error p99 at 1000 HTTP/s | 250 µs | 300 µs | **no** |" in text
    assert "| slots that nobody accounts for, in all rounds | 0 | 0 | yes |" in text
    assert "| from the start of the program to its first result | 1.5 s | 1.3 s | yes |" in text
    assert "| memory, 10,000 lean probes, run and scraped | 350 MB | - | not measured |" in text
    assert all(f"| {goal.wanted} |" in text for goal in GOALS)


@pytest.mark.parametrize(("full", "minutes"), [(False, 15), (True, 60)])
def test_it_says_beforehand_that_it_is_done_in_time(full: bool, minutes: float) -> None:  # noqa: FBT001 - a parameter
    """A quarter of an hour, or an hour with all of it."""
    assert 5 < Plan(cycles=5, seconds=5.0, full=full).takes() / 60 < minutes * 0.8


def test_the_curves_are_the_same_for_the_same_figures() -> None:
    """A plot that is written anew changes only with what was measured."""
    results = Results()
    for rate in (200, 400, 1000):
        for contestant, error in ((OURS, 20.0), (PEER, rate * 2.0)):
            results.rounds[Heat(contestant, rate, STEADY)].append({"error_p99_us": error, "cpu_us": 500.0})
    svg = growth(results.rounds)
    assert svg == growth(dict(reversed(list(results.rounds.items()))))
    assert svg.startswith("<svg")
    assert svg.count("<polyline") == 4
    assert "prefers-color-scheme: dark" in svg
    assert growth({Heat(OURS, 400, STEADY): [{"error_p99_us": 1.0, "cpu_us": 1.0}]}) == ""
