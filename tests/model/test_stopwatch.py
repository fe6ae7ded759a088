"""How one run is split into phases."""

import pytest

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from tests.fakes.clock import FakeClock


def test_a_phase_lasts_as_long_as_its_block() -> None:
    """The loop's clock times the enclosed block."""
    clock = FakeClock()
    watch = Stopwatch(clock)
    with watch.phase(Phase.QUERY):
        clock.pass_time(1.5)
    assert watch.phases == {Phase.QUERY: 1.5}


def test_phases_entered_twice_are_summed() -> None:
    """Two waits in one run are one phase."""
    watch = Stopwatch(FakeClock())
    watch.add(Phase.WAIT, 1.0)
    watch.add(Phase.WAIT, 0.5)
    assert watch.phases == {Phase.WAIT: 1.5}


def test_an_unfinished_phase_has_no_duration_but_is_where_the_run_ended() -> None:
    """A phase that raised is absent from the durations and named as the place of the failure."""
    watch = Stopwatch(FakeClock())
    watch.add(Phase.CONNECT, 0.1)
    with pytest.raises(ConnectionError), watch.phase(Phase.TLS):
        raise ConnectionError
    assert watch.where is Phase.TLS
    assert Phase.TLS not in watch.phases


def test_between_phases_the_last_finished_one_is_where() -> None:
    """A failure between two phases belongs to the one before."""
    watch = Stopwatch(FakeClock())
    watch.enter(Phase.SEND)
    watch.add(Phase.SEND, 0.1)
    assert watch.where is Phase.SEND


def test_before_the_first_phase_there_is_no_where() -> None:
    """The runner then names the kind's first phase."""
    assert Stopwatch(FakeClock()).where is None


def test_an_exchange_aside_leaves_the_run_untouched() -> None:
    """The polls of a lifecycle do not count as its wire phases."""
    watch = Stopwatch(FakeClock())
    watch.aside().add(Phase.WAIT, 1.0)
    assert watch.phases == {}


def test_a_clock_that_steps_back_yields_no_negative_duration() -> None:
    """Durations are never negative."""
    watch = Stopwatch(FakeClock())
    watch.add(Phase.WAIT, -0.1)
    assert watch.phases == {Phase.WAIT: 0.0}


def test_the_next_budget_goes_to_the_runner() -> None:
    """Deadlines are kept by the runner; a probe only says that the next one begins."""
    asked: list[float] = []
    Stopwatch(FakeClock(), reschedule=asked.append).next_budget(5.0)
    assert asked == [5.0]


def test_what_our_own_budget_holds_up_is_nobodys_latency() -> None:
    """It is in no phase and no duration; what is done aside holds the run up, too."""
    clock = FakeClock()
    watch = Stopwatch(clock, deadline=60.0)
    with watch.phase(Phase.QUERY):
        clock.pass_time(1.0)
        with watch.aside().held(ProbeFailed(Outcome.THROTTLED, "waiting")):
            clock.pass_time(20.0)
        clock.pass_time(2.0)
    assert watch.phases == {Phase.QUERY: 3.0}
    assert (watch.elapsed(), watch.waited, watch.left) == (3.0, 20.0, 37.0)
    assert watch.released == clock.now() - 2.0


def test_a_deadline_in_the_wait_means_what_the_wait_says() -> None:
    """Until it is over; then what stood before it stands again."""
    watch = Stopwatch(FakeClock())
    before, meaning = ProbeFailed(Outcome.BROKEN, "poll"), ProbeFailed(Outcome.THROTTLED, "waiting")
    watch.standing = before
    with watch.aside().held(meaning):
        assert watch.standing is meaning
    assert watch.standing is before
    with pytest.raises(TimeoutError), watch.held(meaning):
        raise TimeoutError
    assert watch.standing is meaning


def test_the_next_budget_begins_without_the_waits_of_the_first() -> None:
    """What a lifecycle waited for until its delete call does not excuse what the delete takes."""
    clock = FakeClock()
    watch = Stopwatch(clock)
    with watch.held(ProbeFailed(Outcome.THROTTLED, "waiting")):
        clock.pass_time(20.0)
    watch.next_budget(300.0)
    assert (watch.waited, watch.waited_now) == (20.0, 0.0)
