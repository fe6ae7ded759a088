import re
from html import unescape
from pathlib import Path

import pytest

from probe.exposition.page import renting as shown
from probe.exposition.page.document import About, Page
from probe.exposition.page.markup import Markup
from probe.exposition.page.remedies import NO_LEDGER, OF_CAUSES, OF_SKIPS, Remedy
from probe.exposition.renting import Renting
from probe.model.instance import LeaseState
from probe.model.outcome import Skip
from probe.model.refusal import Cause
from tests.fakes.accounts import FakeStop, leaked, many_jobs, standing, troubled
from tests.fakes.clock import FakeClock
from tests.fakes.crowd import crowd
from tests.fakes.jobs import FakeApi, fake_job
from tests.fakes.leases import a_lease
from tests.fakes.story import HOSTILE

ROOT = Path(__file__).resolve().parents[3]
CLOCK = FakeClock()
NOW = CLOCK.wall()


def rented(vendors: int = 1, probes: int = 1) -> Renting:
    """Vendors v0, v1, ... that are rented from; nothing has happened yet."""
    renting = Renting(CLOCK)
    renting.announce(many_jobs(vendors, probes))
    return renting


def html(renting: Renting) -> str:
    """The section as it is sent."""
    return "".join(shown.section(renting.accounts(), NOW, away=renting.ledger is False))


def sentences(renting: Renting) -> list[Markup]:
    """What the summary says of it."""
    return shown.sentences(renting.accounts(), away=renting.ledger is False)


def words(markup: str) -> str:
    """What of it one reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def rows(renting: Renting) -> list[str]:
    """What one reads in each row of the table, the head left out."""
    table = html(renting)
    return [words(row) for row in re.findall(r"<tr>.*?</tr>", table[table.index("<tbody>") : table.index("</table>")])]


def test_an_agent_that_rents_nothing_has_no_such_section() -> None:
    """Nor a sentence; nobody asks what does not happen."""
    renting = Renting(CLOCK)
    renting.announce([fake_job(FakeApi(), vendor="only-read")])
    renting.ledger = False
    assert html(renting) == ""
    assert sentences(renting) == []


def test_a_vendor_that_is_well_is_told_in_a_few_words() -> None:
    """The eye goes to the others."""
    renting = rented()
    assert rows(renting) == ["v0 eu-1 NOT ASKED YET not known not known nothing stops it none"]
    renting.standing("v0", "eu-1", standing())
    assert rows(renting) == ["v0 eu-1 RENTS ledger read just now nothing nothing nothing stops it none"]
    assert sentences(renting) == []
    assert "what to do" not in html(renting)


def test_what_is_held_is_counted_with_the_age_of_the_oldest() -> None:
    """By where it stands; what its run left to the sweeper is not in use."""
    renting = rented()
    leases = (
        a_lease("a", state=LeaseState.ACTIVE, intended_at=NOW - 130),
        a_lease("b", state=LeaseState.ACTIVE, intended_at=NOW - 10),
        a_lease("c", state=LeaseState.DELETING, intended_at=NOW - 7300, handed_over=True, note="not yet: 500"),
        leaked(NOW),
    )
    renting.residuals("v0", "eu-1", {"volumes": 2, "addresses": 1})
    renting.standing("v0", "eu-1", standing(*leases))
    (row,) = rows(renting)
    assert "4 instances 2 in use, 1 left to the sweeper and 1 leaked oldest 2 h" in row
    assert "came along: 1 addresses and 2 volumes not yet: 500" in row


def test_what_leaked_is_named_with_what_the_vendor_said() -> None:
    """That is what is looked for in the console; of many the first three, and how many more there are."""
    renting = rented()
    renting.standing("v0", "eu-1", standing(*(leaked(NOW, number) for number in range(5))))
    (row,) = rows(renting)
    assert "i-00000 asked to go 10 min ago acknowledged and not gone i-00001" in row
    assert "i-00002" in row
    assert "i-00003" not in row
    assert "and 2 more" in row


@pytest.mark.parametrize("cause", Cause)
def test_an_open_breaker_is_told_in_its_own_words_with_what_to_do(cause: Cause) -> None:
    """At the vendor, in the summary, and with a link to what to do, which is told once."""
    renting = rented(3)
    for vendor in ("v0", "v1"):
        renting.standing(vendor, "eu-1", standing(stops=[FakeStop(cause, f"the words of {vendor}")]))
    renting.standing("v2", "eu-1", standing())
    told = html(renting)
    first, second, third = rows(renting)
    assert f"STOPPED ledger read just now nothing nothing {cause} : the words of v0 what to do" in first
    assert f"{cause} : the words of v1 what to do" in second
    assert "RENTS" in third
    assert told.count(f'href="#todo-{cause}"') == 2
    assert told.count(f'id="todo-{cause}"') == 1
    assert OF_CAUSES[cause].runbook in words(told)
    summary = [words(one) for one in sentences(renting)]
    assert [one.partition(":")[0] for one in summary] == [
        "Nothing more is rented from v0 (eu-1)",
        "Nothing more is rented from v1 (eu-1)",
    ]


def test_a_breaker_that_lets_one_order_try_does_not_stop_renting() -> None:
    """It is shown, not shouted."""
    renting = rented()
    renting.standing("v0", "eu-1", standing(stops=[FakeStop(Cause.QUOTA, "the next order may try", forbids=False)]))
    (row,) = rows(renting)
    assert "ONE MAY TRY" in row
    assert "the next order may try" in row
    assert sentences(renting) == []


def test_an_agent_without_a_ledger_says_so_everywhere() -> None:
    """Nothing else that is said of renting matters then."""
    renting = rented(2)
    renting.ledger = False
    for row in rows(renting):
        assert "NO LEDGER" in row
        assert NO_LEDGER.meaning in row
        assert "not known not known" in row
    (sentence,) = sentences(renting)
    assert words(sentence).startswith("Nothing is rented from anybody: the agent has no ledger")
    assert NO_LEDGER.runbook in html(renting)


def test_skipped_runs_are_told_by_probe_and_reason_with_what_the_reason_means() -> None:
    """Those of most slots first; of many probes three by name, the others in one line."""
    renting, jobs = rented(1, 6), many_jobs(1, 6)
    for place, job in enumerate(jobs):
        renting.run_skipped(job.target, Skip.OVERLAP, 10 - place)
    renting.run_skipped(jobs[0].target, Skip.BREAKER, 20)
    (row,) = rows(renting)
    assert row.endswith(
        "lifecycle 20 × breaker , 10 × overlap newest just now api-0 9 × overlap newest just now "  # noqa: RUF001 - times
        "api-1 8 × overlap newest just now and 3 probes more: 18 × overlap"  # noqa: RUF001 - times
    )
    told = words(html(renting))
    assert "Why runs were skipped" in told
    for reason in (Skip.OVERLAP, Skip.BREAKER):
        assert f"{reason} : {OF_SKIPS[reason].meaning}." in told
    assert OF_SKIPS[Skip.QUOTA].meaning not in told


def test_who_leaks_comes_first_then_who_is_stopped_then_whose_runs_were_skipped() -> None:
    """A tired eye reads one line."""
    renting = rented(4)
    renting.run_skipped(many_jobs(4, 1)[1].target, Skip.BUDGET, 1)
    renting.standing("v2", "eu-1", standing(stops=[FakeStop(Cause.DENIED, "no")]))
    renting.standing("v3", "eu-1", standing(leaked(NOW), stops=[FakeStop(Cause.LEAKS, "it leaked")]))
    assert [row.split()[0] for row in rows(renting)] == ["v3", "v2", "v1", "v0"]


def test_a_vendor_that_left_the_configuration_is_told_until_nothing_is_there() -> None:
    """What it holds still costs."""
    renting = rented()
    renting.standing("v0", "eu-1", standing(a_lease(state=LeaseState.DELETING)))
    renting.announce([])
    (row,) = rows(renting)
    assert "LEFT" in row
    assert "it left the configuration" in row


def test_what_others_wrote_is_shown_and_does_nothing() -> None:
    """Names, notes, identifiers and a breaker's words come from vendors and from files."""
    renting = Renting(CLOCK)
    renting.announce([fake_job(FakeApi(), HOSTILE, vendor=HOSTILE, region=HOSTILE)])
    lost = a_lease(HOSTILE, state=LeaseState.LEAKED, instance_id=HOSTILE, note=HOSTILE, delete_requested_at=NOW)
    renting.residuals(HOSTILE, HOSTILE, {HOSTILE: 1})
    renting.standing(HOSTILE, HOSTILE, standing(lost, stops=[FakeStop(Cause.LEAKS, HOSTILE)]))
    renting.run_skipped(fake_job(FakeApi(), HOSTILE, vendor=HOSTILE, region=HOSTILE).target, Skip.LATE, 1)
    for told in (html(renting), *sentences(renting)):
        assert "<script" not in told
        assert "&lt;script&gt;" in told
        assert "\x1b" not in told
        assert "\u202e" not in told


def test_of_many_reasons_those_of_most_slots_are_told_by_name() -> None:
    """Ten words in a cell are not read."""
    renting, (job,) = rented(), many_jobs(1, 1)
    for slots, reason in enumerate((Skip.LATE, Skip.BUSY, Skip.QUOTA, Skip.BREAKER, Skip.OVERLAP), start=1):
        renting.run_skipped(job.target, reason, slots)
    (row,) = rows(renting)
    assert "lifecycle 5 × overlap , 4 × breaker , 3 × quota , 3 for other reasons newest" in row  # noqa: RUF001 - times


async def test_ten_vendors_with_a_hundred_probes_in_every_trouble_stay_a_page_one_can_read() -> None:
    """What is told of each is bounded, whatever happens."""
    renting = troubled(CLOCK, 10, 100)
    told = html(renting)
    assert len(rows(renting)) == 10
    assert max(len(row) for row in rows(renting)) < 3000
    assert len(sentences(renting)) == 4
    assert told.count('id="todo-') == len(Cause) + len(Skip)
    page = Page(crowd(NOW, 10, failing=0), CLOCK, About(agent="a", vantage="", version="1", started=NOW), renting)
    whole = b"".join([piece async for piece in page.whole("n0nce")]).decode()
    assert told in whole
    assert all(sentence in whole for sentence in sentences(renting))


@pytest.mark.parametrize("remedy", [NO_LEDGER, *OF_CAUSES.values(), *OF_SKIPS.values()], ids=lambda one: one.meaning)
def test_every_runbook_that_is_named_exists(remedy: Remedy) -> None:
    """As for the alerts: a name that leads nowhere is worse than none."""
    if remedy.runbook:
        page, _, heading = remedy.runbook.partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
        assert heading in {title.lower().replace(" ", "-") for title in headings}


def test_every_word_has_a_remedy() -> None:
    """A new cause or reason must say what to do about it."""
    assert set(OF_CAUSES) == set(Cause)
    assert set(OF_SKIPS) == set(Skip)
