"""Running a job once: failures become values."""

import asyncio
import logging
import time

import pytest

from probe.engine.runner import LONGEST_DETAIL, Runner, Skipped
from probe.model.clock import Clock
from probe.model.exchange import Transcript
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import Milestone, Phase
from probe.model.secret import SecretUnavailable
from probe.model.stopwatch import Connection, Fact, Stopwatch
from tests.fakes.clock import FakeClock
from tests.fakes.probes import Act, KeepingSink, job

DUE = 1_799_999_999.0


async def run(act: Act, *, deadline: float = 5.0, clock: Clock | None = None) -> Measurement:
    """What one run of *act* is told as."""
    sink = KeepingSink()
    runner = Runner(
        clock or FakeClock(), [sink], new_id=lambda: "run-1", redact=lambda text: text.replace("hush", "•••")
    )
    measured = await runner.run(job(act, deadline=deadline), DUE)
    assert sink.kept == [measured]
    assert isinstance(measured, Measurement)
    return measured


async def test_a_run_that_ends_well_is_ok_and_carries_all_it_learnt() -> None:
    """The measurement is the stopwatch, frozen."""
    clock = FakeClock()

    async def act(watch: Stopwatch) -> None:
        with watch.phase(Phase.CONNECT):
            clock.pass_time(0.25)
        watch.add(Phase.WAIT, 1.0, resolution=0.5)
        watch.milestones[Milestone.ACTIVE] = 2.0
        watch.facts[Fact.STATUS_CODE] = 200
        watch.connection = Connection.REUSED

    measured = await run(act, clock=clock)
    assert (measured.outcome, measured.blame, measured.phase, measured.detail) == (Outcome.OK, Blame.NONE, None, "")
    assert (measured.due, measured.started, measured.seconds) == (DUE, 1_800_000_000.0, 0.25)
    assert measured.phases == {Phase.CONNECT: 0.25, Phase.WAIT: 1.0}
    assert measured.resolution == {Phase.WAIT: 0.5}
    assert measured.milestones == {Milestone.ACTIVE: 2.0}
    assert measured.facts == {Fact.STATUS_CODE: 200}
    assert (measured.connection, measured.run_id, measured.kind) == (Connection.REUSED, "run-1", "acting")


async def test_a_let_down_probe_tells_its_outcome_and_the_phase_in_progress() -> None:
    """Where: the phase in progress."""

    async def act(watch: Stopwatch) -> None:
        watch.add(Phase.CONNECT, 0.1)
        watch.enter(Phase.WAIT)
        raise ProbeFailed(Outcome.BROKEN, "cut short")

    measured = await run(act)
    assert (measured.outcome, measured.phase, measured.detail) == (Outcome.BROKEN, Phase.WAIT, "cut short")


async def test_a_failure_before_any_phase_is_told_as_the_kinds_first() -> None:
    """Where nothing had begun, the first phase did not."""

    async def act(watch: Stopwatch) -> None:
        del watch
        raise ProbeFailed(Outcome.REFUSED, "closed")

    assert (await run(act)).phase is Phase.CONNECT


async def test_the_raiser_may_know_the_phase_better() -> None:
    """A phase in the failure wins over the stopwatch's."""

    async def act(watch: Stopwatch) -> None:
        watch.enter(Phase.WAIT)
        raise ProbeFailed(Outcome.LEAKED, "still there", phase=Phase.GONE)

    assert (await run(act)).phase is Phase.GONE


async def test_the_deadline_ends_a_run_as_timeout() -> None:
    """The runner keeps the deadline, the phase in progress is where it struck."""

    async def act(watch: Stopwatch) -> None:
        with watch.phase(Phase.WAIT):
            await asyncio.sleep(30)

    measured = await run(act, deadline=0.02)
    assert (measured.outcome, measured.phase, measured.blame) == (Outcome.TIMEOUT, Phase.WAIT, Blame.VENDOR)
    assert measured.phases == {}


async def test_a_second_budget_starts_when_the_probe_says_so() -> None:
    """What is left of the first is neither needed nor added."""

    async def act(watch: Stopwatch) -> None:
        await asyncio.sleep(0.02)
        watch.next_budget(0.2)
        await asyncio.sleep(0.08)
        watch.next_budget(0.02)
        with watch.phase(Phase.WAIT):
            await asyncio.sleep(30)

    began = time.perf_counter()
    measured = await run(act, deadline=0.05)
    assert measured.outcome is Outcome.TIMEOUT
    assert 0.1 < time.perf_counter() - began < 10.0


async def test_a_budget_that_starts_after_the_deadline_changes_nothing() -> None:
    """A probe that was cut cannot prolong its life while it cleans up."""

    async def act(watch: Stopwatch) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            watch.next_budget(30)

    assert (await run(act, deadline=0.02)).outcome is Outcome.TIMEOUT


async def test_at_the_deadline_the_last_polls_failure_stands() -> None:
    """A deadline that is reached while polls fail means their failure, not a timeout."""

    async def act(watch: Stopwatch) -> None:
        watch.enter(Phase.WAIT)
        watch.standing = ProbeFailed(Outcome.THROTTLED, "429")
        await asyncio.sleep(30)

    measured = await run(act, deadline=0.02)
    assert (measured.outcome, measured.phase) == (Outcome.THROTTLED, Phase.WAIT)
    assert "429" in measured.detail


async def test_a_probe_that_is_cut_knows_whether_its_deadline_did_it() -> None:
    """What was rented and is not gone at the deadline leaked; cut by a stop, it is merely handed over."""

    async def act(watch: Stopwatch) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            if watch.overdue:
                raise ProbeFailed(Outcome.LEAKED, "still there", phase=Phase.GONE) from None
            raise

    assert (await run(act, deadline=0.02)).outcome is Outcome.LEAKED
    task = asyncio.create_task(Runner(FakeClock(), []).run(job(act), DUE))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stalled_agent_does_not_blame_the_vendor() -> None:
    """When our own loop was held up at the deadline, we could not measure honestly."""

    async def act(watch: Stopwatch) -> None:
        with watch.phase(Phase.WAIT):
            await asyncio.sleep(0.01)
            time.sleep(0.4)  # noqa: ASYNC251 - the stall that is tested
            await asyncio.sleep(0.01)

    measured = await run(act, deadline=0.05)
    assert (measured.outcome, measured.blame) == (Outcome.OVERLOADED, Blame.AGENT)


async def test_a_stalled_agent_does_not_let_a_probe_conclude_anything() -> None:
    """What was not gone when the agent woke up from a sleep has not leaked: nobody looked."""

    async def act(watch: Stopwatch) -> None:
        try:
            await asyncio.sleep(0.01)
            time.sleep(0.4)  # noqa: ASYNC251 - the stall that is tested
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            if watch.overdue:
                raise ProbeFailed(Outcome.LEAKED, "still there", phase=Phase.GONE) from None
            raise

    assert (await run(act, deadline=0.05)).outcome is Outcome.OVERLOADED


async def test_a_timeout_that_is_not_the_runners_is_a_bug() -> None:
    """Nobody else keeps deadlines."""

    async def act(watch: Stopwatch) -> None:
        del watch
        raise TimeoutError

    assert (await run(act)).outcome is Outcome.BUG


async def test_an_unknown_exception_is_a_bug_with_a_redacted_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is blamed on us, told in full to the log, and no secret gets out."""

    async def act(watch: Stopwatch) -> None:
        watch.add(Phase.CONNECT, 0.1)
        raise KeyError("hush")

    with caplog.at_level(logging.ERROR):
        measured = await run(act)
    assert (measured.outcome, measured.blame, measured.phase) == (Outcome.BUG, Blame.AGENT, Phase.CONNECT)
    assert "Traceback" in caplog.text
    assert "run-1" in caplog.text
    assert "hush" not in caplog.text + measured.detail


async def test_a_secret_that_cannot_be_read_is_the_customers_fault() -> None:
    """A credential that vanished while the agent runs is no bug."""

    async def act(watch: Stopwatch) -> None:
        del watch
        raise SecretUnavailable("env RAX_KEY is not set")

    measured = await run(act)
    assert (measured.outcome, measured.blame) == (Outcome.DENIED, Blame.CUSTOMER)


async def test_a_long_detail_is_cut() -> None:
    """A vendor's error page is not carried around whole."""

    async def act(watch: Stopwatch) -> None:
        del watch
        raise ProbeFailed(Outcome.UNEXPECTED, "x" * 10_000)

    assert len((await run(act)).detail) == LONGEST_DETAIL


async def test_a_guard_makes_a_run_skipped_not_failed() -> None:
    """No sink hears of it."""

    async def act(watch: Stopwatch) -> None:
        del watch
        raise RunSkipped(Skip.QUOTA, "two instances at once")

    sink = KeepingSink()
    skipped = await Runner(FakeClock(), [sink]).run(job(act), DUE)
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.due) == (Skip.QUOTA, DUE)
    assert sink.kept == []


async def test_a_run_that_is_cut_from_outside_leaves_nothing() -> None:
    """A cancellation gets through, and no measurement is made of it."""

    async def act(watch: Stopwatch) -> None:
        del watch
        await asyncio.sleep(30)

    sink = KeepingSink()
    task = asyncio.create_task(Runner(FakeClock(), [sink]).run(job(act), DUE))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sink.kept == []


async def test_a_broken_sink_does_not_cost_the_others_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next one hears of the run."""

    class BrokenSink:
        def record(self, measurement: Measurement) -> None:
            raise RuntimeError(measurement.run_id)

    sink = KeepingSink()
    await Runner(FakeClock(), [BrokenSink(), sink]).run(job(), DUE)
    assert len(sink.kept) == 1
    assert "could not record" in caplog.text


async def test_the_probe_knows_its_run_and_who_asked_to_see_the_exchanges() -> None:
    """The run id goes into marks, the transcript to whoever asked."""
    seen: list[object] = []

    async def act(watch: Stopwatch) -> None:
        seen.extend((watch.run_id, watch.transcript))

    transcript = Transcript(redact=str)
    await Runner(FakeClock(), []).run(job(act), DUE, transcript=transcript, run_id="mine")
    assert seen == ["mine", transcript]


async def test_run_ids_differ() -> None:
    """Each run has a name of its own."""
    sink = KeepingSink()
    runner = Runner(FakeClock(), [sink])
    for _ in range(3):
        await runner.run(job(), DUE)
    assert len({measurement.run_id for measurement in sink.kept}) == 3


async def test_the_steps_of_a_flow_are_told_with_the_one_that_failed() -> None:
    """As what the run failed, since the runner may know better; a later one keeps its own outcome."""

    async def act(watch: Stopwatch) -> None:
        with watch.step("a"):
            await watch.clock.sleep(0.5)
        with watch.step("b") as step:
            step.seconds = 0.25
        watch.failed_steps["z"] = Outcome.VENDOR_ERROR
        with watch.step("c"):
            raise ProbeFailed(Outcome.BROKEN, "cut short")

    measured = await run(act)
    assert measured.steps == {"a": 0.5, "b": 0.25}
    assert measured.failed_steps == {"z": Outcome.BROKEN, "c": Outcome.BROKEN}


async def test_steps_that_failed_through_our_own_fault_are_nobodys_failure() -> None:
    """All of them, not only the first."""

    async def act(watch: Stopwatch) -> None:
        watch.failed_steps.update(a=Outcome.TIMEOUT, b=Outcome.REFUSED)
        raise ProbeFailed(Outcome.OVERLOADED, "no descriptors")

    measured = await run(act)
    assert measured.failed_steps == {"a": Outcome.OVERLOADED, "b": Outcome.OVERLOADED}


async def test_a_failure_names_the_exchange_that_failed() -> None:
    """What the vendor's support wants to know is the failing request, not the last one that went well."""

    async def act(watch: Stopwatch) -> None:
        watch.facts[Fact.REQUEST_ID] = "req-of-the-create"
        failed = ProbeFailed(Outcome.VENDOR_ERROR, "HTTP 500")
        failed.request_id = "req-of-the-poll"
        raise failed

    measured = await run(act)
    assert measured.facts[Fact.REQUEST_ID] == "req-of-the-poll"
