from probe.exposition.history import History
from probe.exposition.page.summary import NOTHING_YET, summary
from probe.exposition.page.verdict import Group, Rows, State, groups
from probe.model.job import Job
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.target import Layer
from tests.fakes.jobs import FakeApi, FakeHttp, FakeLifecycle, fake_job, fake_run
from tests.fakes.story import story_jobs, story_runs

NOW = 1_795_608_000.0
OK, BAD, OURS = Outcome.OK, Outcome.VENDOR_ERROR, Outcome.DENIED


def history_of(*told: tuple[Job, list[Outcome]], seconds: float = 0.1) -> History:
    """A history in which each job's runs ended so, 20 s apart, the newest a moment ago."""
    history = History()
    history.announce([job for job, _ in told])
    for job, outcomes in told:
        for place, outcome in enumerate(outcomes):
            at = NOW - 20 * (len(outcomes) - place)
            phase = None if outcome is OK else Phase.WAIT
            history.record(fake_run(job, at=at, outcome=outcome, phase=phase, seconds=seconds))
    return history


def found(history: History, layer: Layer) -> list[Group]:
    """What the page makes of *history*."""
    return groups(Rows(history).judged(), layer)


def state_of(*outcomes: Outcome) -> State:
    """The state of a probe whose runs ended so."""
    return found(history_of((fake_job(FakeApi()), list(outcomes))), Layer.PLATFORM)[0].rows[0].state


def test_the_state_of_a_probe_follows_from_its_runs() -> None:
    """Failing and not judged are about the newest run, unsteady about those before it."""
    assert state_of() is State.WAITING
    assert state_of(OK) is State.OK
    assert state_of(OK, BAD) is State.FAILING
    assert state_of(OK, OURS) is State.NOT_JUDGED
    assert state_of(BAD, OK) is State.UNSTEADY
    assert state_of(BAD, *[OK] * 20) is State.OK


def test_vendors_are_ordered_worst_first() -> None:
    """An outage now is worse than a greater share of failures in the past; nothing known comes last."""
    down, flaky, fine, new = (fake_job(FakeApi(), vendor=name) for name in ("down", "flaky", "fine", "new"))
    history = history_of((fine, [OK] * 30), (new, []), (flaky, [OK, BAD] * 15), (down, [OK] * 30 + [BAD] * 3))
    assert [group.name for group in found(history, Layer.PLATFORM)] == ["down", "flaky", "fine", "new"]


def test_own_targets_are_apart_from_vendors() -> None:
    """What an operator's own endpoint does counts for no vendor."""
    history = history_of((fake_job(FakeHttp(), "shop"), [BAD]), (fake_job(FakeApi()), [OK]))
    assert [group.name for group in found(history, Layer.SERVICE)] == ["shop"]
    assert [group.name for group in found(history, Layer.PLATFORM)] == ["sandbox-steady"]


def test_the_first_sentence_says_who_is_worst_since_when_and_how() -> None:
    """The question that the page is opened for, answered in words."""
    job = fake_job(FakeLifecycle(), vendor="sandbox-flaky", region="ap-3")
    fine = fake_job(FakeLifecycle())
    history = history_of((fine, [OK] * 9), (job, [OK, OK, BAD, OK, OK, BAD, OK, OK, OK]))
    first, second = summary(found(history, Layer.PLATFORM), NOW)
    assert first == (
        "sandbox-flaky (ap-3) has been unsteady since 11:57 UTC: lifecycle failed 2 of the last 9 runs, "
        "latest 1 min ago (vendor_error, blame vendor, phase wait)."
    )
    assert second == "sandbox-steady (eu-1) is steady: all 9 remembered runs ok."


def test_an_outage_is_told_since_its_first_failure() -> None:
    """Unsteady an hour ago, failing for a minute: what matters now is the minute."""
    history = history_of((fake_job(FakeApi()), [BAD, OK, OK, BAD, BAD, BAD]))
    (told,) = summary(found(history, Layer.PLATFORM), NOW)
    assert told.startswith("sandbox-steady (eu-1) has been failing since 11:59 UTC: api failed 4 of the last 6 runs")


def test_what_is_our_own_fault_is_said_so() -> None:
    """A wrong key must not look like a bad vendor."""
    history = history_of((fake_job(FakeApi(), vendor="aws"), [OURS]))
    (told,) = summary(found(history, Layer.PLATFORM), NOW)
    assert "aws (eu-1) cannot be judged" in told
    assert "denied, blame customer" in told


def test_before_the_first_run_the_page_says_to_wait() -> None:
    """Empty tables look broken; without vendors there is nothing to say about them."""
    history = history_of((fake_job(FakeApi()), []))
    assert summary(found(history, Layer.PLATFORM), NOW) == [NOTHING_YET]
    assert summary([], NOW) == []


def test_a_slow_vendor_is_named_with_how_much_slower_it_is() -> None:
    """Ok is not everything: against the fastest vendor with the same probe, in medians."""
    history = History()
    jobs = story_jobs()
    history.announce(jobs)
    for run in story_runs(jobs, NOW):
        history.record(run)
    told = summary(found(history, Layer.PLATFORM), NOW)
    (slow,) = [sentence for sentence in told if "slow:" in sentence]
    assert slow.startswith("sandbox-slow is slow: ")
    assert "times as long as with sandbox-" in slow
    assert told[0].startswith("sandbox-flaky (ap-3) is failing now, and has been unsteady since ")


def test_only_what_has_run_is_judged_anew() -> None:
    """A page that is open all day must not cost a judgement of everything every five seconds."""
    one, other = fake_job(FakeApi()), fake_job(FakeApi(), vendor="other")
    history = history_of((one, [OK, BAD]), (other, [OK]))
    rows = Rows(history)
    first = list(rows.judged())
    history.record(fake_run(one, at=NOW))
    second = list(rows.judged())
    assert second[1] is first[1]
    assert [second[0].state, second[0].streak.valid] == [State.UNSTEADY, 3]
