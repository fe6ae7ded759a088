from html.parser import HTMLParser

from probe.exposition.history import History
from probe.exposition.page.document import About, Page
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.target import Layer
from tests.fakes.clock import FakeClock
from tests.fakes.crowd import crowd
from tests.fakes.jobs import FakeApi, fake_job, fake_run
from tests.fakes.story import HOSTILE, story_jobs, story_runs

CLOCK = FakeClock()
ABOUT = About(agent="fra-<1>", vantage="eu-central", version="1.2.3", started=CLOCK.wall() - 3600)
_VOID = {"meta", "link", "br"}


class Outline(HTMLParser):
    """Reads the page as a browser would: which elements stand in which, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)


async def outline_of(history: History) -> Outline:
    """The page of *history*, read."""
    outline = Outline()
    whole = b"".join([piece async for piece in Page(history, CLOCK, ABOUT).whole("n0nce")])
    outline.feed(whole.decode())
    outline.close()
    assert not outline.open
    return outline


def story() -> History:
    """Half an hour of the made-up fleet."""
    history, jobs = History(), story_jobs()
    history.announce(jobs)
    for run in story_runs(jobs, CLOCK.wall()):
        history.record(run)
    return history


async def test_the_page_says_what_this_is_and_who_speaks() -> None:
    """Fresh eyes need a sentence; operators need name, vantage, version, start and what comes next."""
    told = "".join((await outline_of(story())).words)
    assert "Measures how stable cloud vendors are" in told
    for fact in (
        "agent fra-<1>",
        "seen from eu-central",
        "version 1.2.3",
        "started 07:00 UTC (1 h ago)",
        "next run in",
    ):
        assert fact in told
    assert "sandbox-flaky (ap-3) is failing now, and has been unsteady since" in told


async def test_every_configured_probe_has_a_row_with_its_state_in_words() -> None:
    """Also the one that has not run yet."""
    outline = await outline_of(story())
    vendors = {(job.target.vendor, job.target.region) for job in story_jobs() if job.target.layer is Layer.PLATFORM}
    rows = sum(tag == "tr" and not attributes for tag, attributes in outline.seen)
    assert rows == len(story_jobs()) + len(vendors) + 3  # of which three are heads
    told = "".join(outline.words)
    for state in ("FAILING", "UNSTEADY", "NOT JUDGED", "OK", "NO RUN YET"):
        assert state in told


async def test_what_others_wrote_shows_and_does_nothing() -> None:
    """A vendor's error text is shown to people; it must not become part of the page."""
    history, job = History(), fake_job(FakeApi(), vendor='<img src=x onerror="1">')
    history.announce([job])
    history.record(fake_run(job, at=CLOCK.wall(), outcome=Outcome.CAPACITY, phase=Phase.WAIT, detail=HOSTILE))
    outline = await outline_of(history)
    assert '<script>alert("x")</script>' in "".join(outline.words)
    assert not [tag for tag, _ in outline.seen if tag in {"img", "iframe", "object"}]
    assert [attributes for tag, attributes in outline.seen if tag == "script"] == [{"nonce": "n0nce"}]


async def test_the_page_needs_no_script_and_is_readable_without_eyes() -> None:
    """Meta refresh where scripts are off; tables have headers, pictures have words, times are for machines, too."""
    outline = await outline_of(story())
    tags = outline.seen
    assert ("meta", {"http-equiv": "refresh", "content": "15"}) in tags
    assert all(
        attributes.get("aria-label") for tag, attributes in tags if tag == "svg" and "aria-hidden" not in attributes
    )
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
    assert all(attributes.get("datetime", "").endswith("Z") for tag, attributes in tags if tag == "time")  # type: ignore[union-attr]  # the default is text
    assert ("html", {"lang": "en"}) in tags
    assert not [attributes for _, attributes in tags if "style" in attributes]


async def test_an_agent_without_probes_has_a_page() -> None:
    """One that only answers /probe is not an error of the page, and says so where others say how vendors are."""
    told = "".join((await outline_of(History())).words)
    assert "0 probes" in told
    assert "No probe is configured" in told
    assert "How to read this" in told


def cards_of(outline: Outline) -> int:
    """How many cards there are."""
    return sum(tag == "article" for tag, _ in outline.seen)


def comparisons(outline: Outline) -> int:
    """How many tables stand vendors side by side."""
    return sum(attributes.get("class") == "compare" for _, attributes in outline.seen)


async def test_of_many_vendors_only_those_in_trouble_have_a_card() -> None:
    """Ten cards of which nine say OK hide the tenth; side by side are all."""
    outline = await outline_of(crowd(CLOCK.wall(), 10, failing=2))
    assert cards_of(outline) == 2
    assert comparisons(outline) == 1
    assert cards_of(await outline_of(crowd(CLOCK.wall(), 10, failing=0))) == 0
    assert cards_of(await outline_of(crowd(CLOCK.wall(), 6, failing=0))) == 6


async def test_vendors_stand_side_by_side_worst_first_with_what_they_have_in_common() -> None:
    """One line each: state, share, runs, and each common probe's median against the fastest."""
    told = "".join((await outline_of(crowd(CLOCK.wall(), 10, failing=1))).words)
    table = told[told.index("Side by side") : told.index("Vendors")]
    assert table.index("v0") < table.index("v1") < table.index("v9")
    assert "too few ok runs" in table
    assert "failed 5 of last 5" in table
    assert "10.0 times the fastest" in table


async def test_what_no_two_vendors_have_in_common_is_not_compared() -> None:
    """One vendor, or probes of different names: there is nothing to put side by side."""
    assert comparisons(await outline_of(crowd(CLOCK.wall(), 1, failing=0))) == 0


async def test_troubles_of_many_are_told_in_few_sentences() -> None:
    """The first three in full, the others by name: the summary stays one that is read."""
    outline = await outline_of(crowd(CLOCK.wall(), 10, failing=8))
    told = "".join(outline.words)
    assert told.count("of the last 5 runs") == 3
    assert "In trouble, too: v3 (eu-1), v4 (eu-1), v5 (eu-1), v6 (eu-1) and v7 (eu-1)." in told
