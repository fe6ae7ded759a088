from xml.etree import ElementTree as ET

from probe.exposition.page.drawing import parts, phase_bar, strip
from probe.exposition.page.markup import Markup, el, join, text
from probe.exposition.page.verdict import STRIP
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from tests.fakes.jobs import FakeApi, FakeLifecycle, FakeMonitoring, fake_job, fake_run
from tests.fakes.story import HOSTILE

JOB = fake_job(FakeApi())
NOW = 1_800_000_000.0


def test_text_is_escaped_unless_it_was_made_here() -> None:
    """Forgetting to escape is not possible: plain strings are text."""
    assert el("p", "<b>", Markup("<i></i>"), title='"x"') == '<p title="&quot;x&quot;">&lt;b&gt;<i></i></p>'
    assert join("a&", el("br")) == "a&amp;<br></br>"
    assert text("a\x1b\u202eb\n") == "a\\x1b\\u202eb\\n"
    assert el("p", "x", class_="y", data_label="z", title="") == '<p class="y" data-label="z">x</p>'


def test_a_strip_has_a_tick_per_run_in_the_colour_of_its_blame() -> None:
    """Failures are higher, too: colour alone says nothing to some. Titles say the rest."""
    runs = [
        fake_run(JOB, at=NOW - 40),
        fake_run(JOB, at=NOW - 20, outcome=Outcome.TIMEOUT, phase=Phase.WAIT, seconds=2.0),
        fake_run(JOB, at=NOW, outcome=Outcome.DENIED, phase=Phase.AUTH),
    ]
    svg = ET.fromstring(strip(runs, NOW))  # noqa: S314 - we wrote it
    ticks = list(svg)
    assert [tick.get("class") for tick in ticks] == ["b-none", "b-vendor", "b-customer"]
    assert float(ticks[1].get("height", "0")) > float(ticks[0].get("height", "0"))
    assert ticks[1][0].text == "07:59 UTC: timeout in wait, 2.00 s"
    assert svg.get("aria-label") == "last 3 runs, 1 failed by the vendor"


def test_a_strip_shows_the_newest_runs_only() -> None:
    """It has room for sixty."""
    assert strip([fake_run(JOB, at=NOW + second) for second in range(90)], NOW).count("<rect") == STRIP
    assert strip([], NOW) == '<span class="quiet">no runs</span>'


def test_the_newest_run_ends_the_line_of_a_strip() -> None:
    """In a card that is wider than sixty ticks a gap at the right would look like runs that are missing now."""
    svg = ET.fromstring(strip([fake_run(JOB, at=NOW - 20), fake_run(JOB, at=NOW)], NOW))  # noqa: S314 - we wrote it
    last = list(svg)[-1]
    assert float(last.get("x", "0")) + 4 == float(svg.get("width", "0"))
    assert svg.get("preserveAspectRatio") == "xMaxYMid"


def test_a_bar_is_as_long_as_the_run_and_names_the_greatest_part() -> None:
    """With the uncertainty of a polled phase beside it."""
    job = fake_job(FakeLifecycle())
    run = fake_run(job, phases={Phase.ACCEPT: 1.0, Phase.PROVISION: 3.0}, resolution={Phase.PROVISION: 0.25})
    told = phase_bar(run)
    assert told.count("<rect") == 2
    assert "mostly provision, 3.00 s ± 250 ms" in told
    assert 'width="75.000"' in told


def test_what_the_agent_took_itself_is_not_given_to_a_phase() -> None:
    """A connect of 0.1 ms in a run of 54 ms is not where its time went."""
    run = fake_run(JOB, phases={Phase.CONNECT: 0.0001}, seconds=0.054)
    told = phase_bar(run)
    assert "mostly the agent itself, 54 ms; connect 0.1 ms" in told
    assert 'class="p-own"' in told
    usual = phase_bar(fake_run(JOB, phases={Phase.WAIT: 0.050}, seconds=0.054))
    assert "mostly wait, 50 ms" in usual
    assert "p-own" not in usual


def test_a_query_is_not_counted_twice() -> None:
    """It contains its own exchange; the bar shows what is left of it."""
    job = fake_job(FakeMonitoring())
    run = fake_run(job, phases={Phase.AUTH: 9.0, Phase.CONNECT: 0.1, Phase.WAIT: 0.5, Phase.QUERY: 1.0})
    assert parts(run) == {Phase.AUTH: 9.0, Phase.CONNECT: 0.1, Phase.WAIT: 0.5, Phase.QUERY: 0.4}


def test_a_run_that_finished_no_phase_says_so() -> None:
    """An empty bar would look like a fault of the page."""
    assert "no phase finished" in phase_bar(fake_run(JOB, outcome=Outcome.BUG, detail=HOSTILE, seconds=0.0))
    assert "no run" in phase_bar(None)


def test_the_time_of_a_failure_went_into_the_phase_that_was_not_finished() -> None:
    """Eight seconds of waiting for an instance are not "mostly accept", the one phase that has a duration."""
    job = fake_job(FakeLifecycle())
    run = fake_run(
        job, outcome=Outcome.TIMEOUT, phase=Phase.PROVISION, phases={Phase.ACCEPT: 0.1}, resolution={}, seconds=8.1
    )
    told = phase_bar(run)
    assert 'class="p-unfinished"' in told
    assert "mostly provision, not finished after 8.00 s" in told
