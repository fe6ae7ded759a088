"""Runs a job once: the only place where failures become values, deadlines are kept and everything is caught."""

import errno
import logging
import random
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from probe.engine.controls import NETWORK_LIKE, Network
from probe.engine.deadline import Deadline, Deadlines
from probe.engine.stalls import Stalls
from probe.model.clock import Clock, ClockSource
from probe.model.exchange import Transcript
from probe.model.job import Job, Sink
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import Phase
from probe.model.secret import SecretUnavailable
from probe.model.stopwatch import Fact, Stopwatch
from probe.model.target import Layer, Target

STALL: Final = 0.25
"""Seconds by which a deadline's alarm may ring late before the agent, not the vendor, is blamed for the timeout; and
seconds of a run in which our loop was held up before that, not the vendor, is blamed for its failure."""
BLUR: Final = 0.05
"""Seconds of such a hold-up that spoil what only our loop's clock has timed."""
HINDSIGHT: Final = 10.0
"""Seconds before a failure within which such a hold-up explains it."""
HELD_UP: Final = 0.1
"""Share of a deadline that our own request budget may take before a vendor, which had only the rest, is not blamed for
the timeout."""
STARVED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""What the system says when it has no more to give us."""
LONGEST_DETAIL: Final = 500
_JUDGED: Final = frozenset({Blame.NONE, Blame.VENDOR})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A run that a guard forbade before anything was measured.

    Attributes:
        target: who was to be measured.
        due: when the schedule wanted the run, seconds since 1970.
        reason: why not, as a bounded word.
        detail: the same for people.
    """

    target: Target
    due: float
    reason: Skip
    detail: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    outcome: Outcome
    detail: str = ""
    phase: Phase | None = None
    request_id: str = ""
    answered: bool = False
    by_our_clock: bool = False


_GOOD: Final = _Verdict(Outcome.OK)


def new_run_id() -> str:
    """A name for a run that no other run has."""
    return f"{random.getrandbits(128):032x}"  # a name, no secret: the system need not be asked


class Runner:
    """Runs jobs and hands what they found to every sink.

    Args:
        clock: what everything is measured on.
        sinks: who receives each finished run, in this order.
        new_id: names runs.
        redact: replaces every secret the agent knows in a text.
        stalls: knows when our own loop was held up.
        network: is asked before a vendor is blamed for what a network of our own would have done, too.
    """

    def __init__(
        self,
        clock: Clock,
        sinks: Sequence[Sink],
        *,
        new_id: Callable[[], str] = new_run_id,
        redact: Callable[[str], str] = str,
        stalls: Stalls | None = None,
        network: Network | None = None,
    ) -> None:
        self._clock = clock
        self._sinks = tuple(sinks)
        self._new_id = new_id
        self._redact = redact
        self._stalls = stalls
        self._network = network
        self._deadlines = Deadlines()

    async def run(
        self, job: Job, due: float, *, transcript: Transcript | None = None, run_id: str | None = None
    ) -> Measurement | Skipped:
        """Run *job* once, now.

        *due* is when the schedule wanted it, seconds since 1970. Every sink has recorded the measurement when this
        returns, in the same turn of the loop. Only a cancellation from outside gets through, and leaves nothing.
        """
        started = self._clock.wall()
        deadline = Deadline(job.deadline, lambda: _expire(watch, deadline), self._deadlines)
        watch = Stopwatch(
            self._clock,
            transcript=transcript,
            reschedule=deadline.restart,
            run_id=run_id or self._new_id(),
            deadline=job.deadline,
        )
        verdict = await self._judge(job, watch, deadline)
        if isinstance(verdict, RunSkipped):
            return Skipped(target=job.target, due=due, reason=verdict.reason, detail=self._readable(verdict.detail))
        seconds = watch.elapsed()
        verdict, seconds = self._without_stalls(watch, verdict, seconds)
        verdict = await self._acquitted(job, verdict, seconds)
        measurement = self._measurement(job, watch, verdict, due=due, started=started, seconds=seconds)
        self._tell(measurement)
        return measurement

    async def _judge(self, job: Job, watch: Stopwatch, deadline: Deadline) -> _Verdict | RunSkipped:
        try:
            with deadline:
                await job.probe.run(job.target, watch)
        except RunSkipped as skipped:
            return skipped
        except (ProbeFailed, SecretUnavailable) as failed:
            return _told(failed)
        except Exception as error:  # noqa: BLE001 - the one place: whatever a probe does, its run ends as a value
            if deadline.rung and isinstance(error, TimeoutError):
                return _overdue(watch, deadline)
            if _starved(error):
                return _Verdict(Outcome.OVERLOADED, f"{type(error).__name__}: {error}")
            return self._bug(job, watch, error)
        return _GOOD

    def _without_stalls(self, watch: Stopwatch, verdict: _Verdict, seconds: float) -> tuple[_Verdict, float]:
        """*verdict* on a run that ended just now after so many *seconds*, and how long it would have taken without us.

        What the kernel has timed is true however late we were: only the time of the whole has our own in it.
        """
        if self._stalls is None or verdict.outcome.blame not in _JUDGED:
            return verdict, seconds
        now = self._clock.now()
        failed = verdict.outcome is not Outcome.OK
        lost = self._stalls.seconds(now - (min(seconds, HINDSIGHT) if failed else seconds), now)
        words = f"the agent itself was held up for {lost:.3g} s"
        if failed:
            explains = lost >= BLUR if verdict.by_our_clock else lost >= STALL and verdict.outcome in NETWORK_LIKE
            told = replace(verdict, outcome=Outcome.OVERLOADED, detail=f"{verdict.detail}; {words}")
            return (told if explains else verdict), seconds
        if watch.source is ClockSource.KERNEL or lost < BLUR or watch.resolution:
            return verdict, max(seconds - lost, min(seconds, sum(watch.phases.values())))
        return _Verdict(Outcome.OVERLOADED, f"{words}, and only its clock timed this"), seconds

    async def _acquitted(self, job: Job, verdict: _Verdict, seconds: float) -> _Verdict:
        """*verdict* on a run that took *seconds* up to now, unless our own network explains it."""
        if self._network is None or job.target.layer is not Layer.PLATFORM:
            return verdict
        if verdict.outcome is Outcome.OK:
            self._network.vendor_answered()
        if verdict.outcome not in NETWORK_LIKE:
            return verdict
        now = self._clock.now()
        excuse = await self._network.excuse(now - seconds, now, answered=verdict.answered)
        return replace(verdict, outcome=Outcome.NETWORK, detail=f"{verdict.detail}; {excuse}") if excuse else verdict

    def _bug(self, job: Job, watch: Stopwatch, error: Exception) -> _Verdict:
        trace = self._redact("".join(traceback.format_exception(error)))
        _log.error("the %s probe %s has a bug, run %s: %s", job.probe.kind, job.target, watch.run_id, trace)
        return _Verdict(Outcome.BUG, f"{type(error).__name__}: {error}")

    def _measurement(
        self, job: Job, watch: Stopwatch, verdict: _Verdict, *, due: float, started: float, seconds: float
    ) -> Measurement:
        failed = verdict.outcome is not Outcome.OK
        return Measurement(
            run_id=watch.run_id,
            kind=job.probe.kind,
            target=job.target,
            due=due,
            started=started,
            seconds=seconds,
            outcome=verdict.outcome,
            phase=(verdict.phase or watch.where or job.probe.phases[0]) if failed else None,
            detail=self._readable(verdict.detail),
            phases=dict(watch.phases),
            resolution=dict(watch.resolution),
            milestones=dict(watch.milestones),
            facts=watch.facts | ({Fact.REQUEST_ID: verdict.request_id} if verdict.request_id else {}),
            steps=dict(watch.steps),
            failed_steps=_failed_steps(watch, verdict.outcome),
            connection=watch.connection,
            clock=watch.source,
        )

    def _tell(self, measurement: Measurement) -> None:
        for sink in self._sinks:
            try:
                sink.record(measurement)
            except Exception:  # noqa: BLE001 - a sink promises not to raise; one that does must not cost the others the run
                _log.exception("a sink could not record run %s", measurement.run_id)

    def _readable(self, detail: str) -> str:
        if not detail:
            return detail
        text = self._redact(detail)
        return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def _told(failed: ProbeFailed | SecretUnavailable) -> _Verdict:
    if _starved(failed):
        return _Verdict(Outcome.OVERLOADED, str(failed))
    if isinstance(failed, SecretUnavailable):
        return _Verdict(Outcome.DENIED, str(failed))
    words = failed.outcome, failed.detail, failed.phase, failed.request_id
    return _Verdict(*words, answered=failed.answered, by_our_clock=failed.by_our_clock)


def _starved(error: BaseException) -> bool:
    """Whether *error* came of what this machine refused us: descriptors, memory, buffers."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in STARVED):
        return True
    return error.__cause__ is not None and _starved(error.__cause__)


def _failed_steps(watch: Stopwatch, outcome: Outcome) -> Mapping[str, Outcome]:
    """The steps that failed: the first as the run did, and all of them as the run if that was our own fault."""
    if not watch.failed_steps:
        return {}
    ours = outcome.blame is Blame.AGENT
    return {
        name: outcome if ours or position == 0 else own
        for position, (name, own) in enumerate(watch.failed_steps.items())
    }


def _expire(watch: Stopwatch, deadline: Deadline) -> None:
    """Tell the probe that its time is up, unless it was the agent that slept: then it may conclude nothing from it."""
    watch.overdue = deadline.late <= STALL


def _overdue(watch: Stopwatch, deadline: Deadline) -> _Verdict:
    if deadline.late > STALL:
        return _Verdict(Outcome.OVERLOADED, f"the agent itself was held up for {deadline.late:.3g} s at the deadline")
    if (standing := watch.standing) is not None:
        detail = f"until the deadline: {standing.detail}"
        return _Verdict(standing.outcome, detail, standing.phase, standing.request_id)
    if watch.waited_now > HELD_UP * deadline.seconds:
        detail = f"our own request budget held it up for {watch.waited_now:.3g} s of its {deadline.seconds:g} s"
        return _Verdict(Outcome.THROTTLED, detail)
    return _Verdict(Outcome.TIMEOUT, f"not done after {watch.elapsed():.3g} s")
