"""When our own loop was held up, and what that does to a run."""

import errno
from collections.abc import Awaitable, Callable

import pytest

from probe.engine.runner import BLUR, STALL, Runner
from probe.engine.stalls import GRAIN, Stalls
from probe.model.clock import ClockSource
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.secret import SecretUnavailable
from probe.model.stopwatch import Stopwatch
from probe.probes.checking import check_latency
from tests.fakes.clock import FakeClock
from tests.fakes.probes import Act, job


def beat(clock: FakeClock, stalls: Stalls, late: float) -> None:
    """One beat that is *late* seconds late."""
    stalls.expect(0.1)
    clock.pass_time(0.1 + late)
    stalls.beat()


def test_the_overlap_with_a_run_counts() -> None:
    """Not what was before it or after it."""
    clock = FakeClock()
    stalls = Stalls(clock)
    beat(clock, stalls, 1.0)
    now = clock.now()
    assert stalls.seconds(now - 10, now) == pytest.approx(1.0)
    assert stalls.seconds(now - 0.25, now) == pytest.approx(0.25)
    assert stalls.seconds(now - 10, now - 0.75) == pytest.approx(0.25)
    assert stalls.seconds(now, now + 5) == 0.0


def test_several_add_up() -> None:
    """A loop that is held up again and again is held up in sum."""
    clock = FakeClock()
    stalls = Stalls(clock)
    for _ in range(3):
        beat(clock, stalls, 0.2)
    assert stalls.seconds(clock.now() - 10, clock.now()) == pytest.approx(0.6)


def test_a_beat_that_is_a_little_late_is_none() -> None:
    """Every loop has some lag."""
    clock = FakeClock()
    stalls = Stalls(clock)
    beat(clock, stalls, GRAIN * 0.9)
    assert stalls.seconds(clock.now() - 10, clock.now()) == 0.0


def test_a_beat_that_is_overdue_counts_before_it_beats() -> None:
    """A run may learn of the end of a stall before the heartbeat does."""
    clock = FakeClock()
    stalls = Stalls(clock)
    stalls.expect(0.1)
    clock.pass_time(2.1)
    assert stalls.seconds(clock.now() - 3, clock.now()) == pytest.approx(2.0)
    assert stalls.beat() == pytest.approx(2.0)
    assert stalls.seconds(clock.now() - 3, clock.now()) == pytest.approx(2.0)


class Stage:
    """A runner whose loop is held up when a test says so."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.stalls = Stalls(self.clock)

    def act(
        self, stall: float, end: Callable[[Stopwatch], None], source: ClockSource = ClockSource.KERNEL
    ) -> Callable[[Stopwatch], Awaitable[None]]:
        """A probe that takes 0.2 s, while the loop is held up for *stall* seconds."""

        async def run(watch: Stopwatch) -> None:
            watch.source = source
            watch.add(Phase.WAIT, 0.2)
            beat(self.clock, self.stalls, stall)
            end(watch)

        return run

    async def run(self, act: Act) -> Measurement:
        """What becomes of it."""
        measured = await Runner(self.clock, [], stalls=self.stalls).run(job(act), 0.0)
        assert isinstance(measured, Measurement)
        return measured


def fail(outcome: Outcome) -> Callable[[Stopwatch], None]:
    """Let the probe down."""

    def end(watch: Stopwatch) -> None:
        raise ProbeFailed(outcome, "let down", phase=Phase.WAIT if watch.phases else None)

    return end


def fine(watch: Stopwatch) -> None:
    """End well."""
    del watch


async def test_a_failure_in_a_stall_is_ours() -> None:
    """The peer hung up on somebody who did not move."""
    stage = Stage()
    measured = await stage.run(stage.act(2.0, fail(Outcome.BROKEN)))
    assert (measured.outcome, measured.phase) == (Outcome.OVERLOADED, Phase.WAIT)
    assert measured.detail == "let down; the agent itself was held up for 2 s"


async def test_a_failure_beside_a_small_stall_is_the_vendors() -> None:
    """Nobody hangs up because of a tenth of a second."""
    stage = Stage()
    assert (await stage.run(stage.act(STALL * 0.8, fail(Outcome.BROKEN)))).outcome is Outcome.BROKEN


@pytest.mark.parametrize("outcome", [Outcome.VENDOR_ERROR, Outcome.UNEXPECTED, Outcome.THROTTLED])
async def test_what_a_vendor_said_it_said(outcome: Outcome) -> None:
    """An answer is an answer, however late we read it."""
    stage = Stage()
    assert (await stage.run(stage.act(2.0, fail(outcome)))).outcome is outcome


@pytest.mark.parametrize(
    ("source", "stall", "outcome"),
    [
        (ClockSource.LOOP, BLUR * 2, Outcome.OVERLOADED),
        (ClockSource.LOOP, BLUR * 0.5, Outcome.UNEXPECTED),
        (ClockSource.KERNEL, 2.0, Outcome.UNEXPECTED),
    ],
)
async def test_what_only_our_own_clock_called_too_long_was_perhaps_us(
    source: ClockSource, stall: float, outcome: Outcome
) -> None:
    """What the kernel called too long was too long."""
    stage = Stage()
    measured = await stage.run(stage.act(stall, lambda watch: check_latency(watch, 0.1), source))
    assert measured.outcome is outcome


async def test_a_stall_is_not_part_of_what_the_kernel_timed() -> None:
    """The run took what its phases took."""
    stage = Stage()
    measured = await stage.run(stage.act(2.0, fine))
    assert measured.outcome is Outcome.OK
    assert measured.seconds == pytest.approx(0.2)


async def test_what_only_the_loop_timed_is_spoilt_by_a_stall() -> None:
    """Where the kernel does not tell, nothing true can be said."""
    stage = Stage()
    assert (await stage.run(stage.act(BLUR * 2, fine, ClockSource.LOOP))).outcome is Outcome.OVERLOADED
    assert (await stage.run(stage.act(BLUR * 0.5, fine, ClockSource.LOOP))).outcome is Outcome.OK


async def test_a_polled_run_says_itself_how_sharp_it_is() -> None:
    """A life of a minute is not spoilt by half a second."""
    stage = Stage()

    def polled(watch: Stopwatch) -> None:
        watch.add(Phase.PROVISION, 60.0, resolution=1.0)

    assert (await stage.run(stage.act(0.5, polled, ClockSource.LOOP))).outcome is Outcome.OK


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
async def test_what_this_machine_refused_us_is_ours(number: int) -> None:
    """Wherever it struck: in a probe, below it, or when a secret was read."""
    stage = Stage()

    def bare(watch: Stopwatch) -> None:
        del watch
        raise OSError(number, "no more")

    def secret(watch: Stopwatch) -> None:
        del watch
        raise SecretUnavailable("the file cannot be read") from OSError(number, "no more")

    def bundle(watch: Stopwatch) -> None:
        del watch
        raise ProbeFailed(Outcome.INVALID, "the bundle cannot be used") from OSError(number, "no more")

    for end in (bare, secret, bundle):
        assert (await stage.run(stage.act(0.0, end))).outcome is Outcome.OVERLOADED
