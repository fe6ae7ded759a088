"""How one run is split into phases."""

import pytest

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
