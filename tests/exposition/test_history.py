from probe.exposition.history import CALM, FEWEST, MOST, History
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from tests.fakes.jobs import FakeApi, fake_job, fake_run

JOB = fake_job(FakeApi())


def history_of(*outcomes: Outcome) -> History:
    """A history of runs that ended so, one per second from second 1 on."""
    history = History()
    history.announce([JOB])
    for second, outcome in enumerate(outcomes, 1):
        history.record(fake_run(JOB, at=float(second), outcome=outcome, phase=Phase.WAIT))
    return history


def test_before_the_first_run_there_is_a_place_but_no_streak() -> None:
    """The page shows what is configured, not only what has run."""
    (streak,) = history_of().streaks()
    assert (streak.job, streak.last, streak.since, streak.valid) == (JOB, None, None, 0)


def test_since_is_the_first_of_the_runs_that_ended_alike() -> None:
    """Ok or not ok is what counts; how it failed may change."""
    ok, bad, worse = Outcome.OK, Outcome.TIMEOUT, Outcome.REFUSED
    assert history_of(ok, ok, bad, worse).streaks()[0].since == 3
    assert history_of(bad, ok, ok).streaks()[0].since == 2


def test_only_valid_runs_count() -> None:
    """What was not the vendor's fault is neither ok nor failed."""
    (streak,) = history_of(Outcome.OK, Outcome.DENIED, Outcome.TIMEOUT, Outcome.OVERLOADED).streaks()
    assert (streak.ok, streak.valid) == (1, 2)


def test_what_is_forgotten_no_longer_counts() -> None:
    """The share is that of the remembered runs, also when a reload makes the memory shorter."""
    history = history_of(Outcome.TIMEOUT, *[Outcome.OK] * MOST)
    assert (history.streaks()[0].ok, history.streaks()[0].valid) == (MOST, MOST)
    history.announce([JOB, *(fake_job(FakeApi(), vendor=f"v{number}") for number in range(1000))])
    assert (history.streaks()[0].ok, history.streaks()[0].valid) == (FEWEST, FEWEST)


def test_a_spell_of_failures_lasts_until_enough_good_runs_in_a_row() -> None:
    """One good run between two bad ones is not peace; our own faults neither begin nor end a spell."""
    ok, bad, ours = Outcome.OK, Outcome.VENDOR_ERROR, Outcome.DENIED
    assert history_of(ok, ours).streaks()[0].unsteady_since is None
    assert history_of(ok, bad, ok, bad, ok).streaks()[0].unsteady_since == 2
    assert history_of(bad, *[ok] * (CALM - 1), ours).streaks()[0].unsteady_since == 1
    assert history_of(bad, *[ok] * CALM).streaks()[0].unsteady_since is None


def test_since_survives_what_is_forgotten() -> None:
    """The memory is bounded; what it said about the beginning is not lost with the run."""
    history = history_of(*[Outcome.OK] * (MOST + 10))
    assert len(history.recent(JOB.target)) == MOST
    assert history.streaks()[0].since == 1


def test_many_targets_share_the_memory() -> None:
    """An agent with a thousand targets keeps fewer runs of each."""
    history = History()
    jobs = [fake_job(FakeApi(), vendor=f"v{number}") for number in range(1000)]
    history.announce(jobs)
    for second in range(100):
        history.record(fake_run(jobs[0], at=float(second)))
    assert len(history.recent(jobs[0].target)) == FEWEST


def test_a_reload_keeps_the_past_of_what_stays() -> None:
    """Targets that left are forgotten, and strangers are not remembered."""
    history = history_of(Outcome.OK, Outcome.TIMEOUT)
    newcomer = fake_job(FakeApi(), vendor="new")
    history.announce([newcomer, JOB])
    first, second = history.streaks()
    assert (first.job, first.last) == (newcomer, None)
    assert second.since == 2
    history.announce([])
    history.record(fake_run(JOB))
    assert not history.streaks()
    assert not history.recent(JOB.target)
