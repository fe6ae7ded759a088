"""Splits one run into phases on one clock. The only mutable thing that is handed down to a probe."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from probe.model.clock import Clock, ClockSource
from probe.model.exchange import Transcript
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Milestone, Phase


class Connection(StrEnum):
    """Whether an exchange opened its connection or found one open: two different things to measure."""

    NEW = "new"
    REUSED = "reused"


class Fact(StrEnum):
    """What a run learnt besides durations; closed, because each one may become a metric."""

    STATUS_CODE = "status_code"
    HTTP_VERSION = "http_version"
    IP_PROTOCOL = "ip_protocol"
    TLS_VERSION = "tls_version"
    CERTIFICATE_EXPIRY = "certificate_expiry"
    CHAIN_EXPIRY = "chain_expiry"
    DATAPOINT_AGE = "datapoint_age"
    DATAPOINTS_MISSING = "datapoints_missing"
    REQUEST_ID = "request_id"
    INSTANCE = "instance"
    ANSWERS = "answers"


class Step:
    """A step of a flow while it is on.

    Attributes:
        seconds: how long it took, if its own exchange knows that better than the loop.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None


@dataclass(slots=True)
class _Course:
    """What a run and the exchanges aside have in common."""

    standing: ProbeFailed | None = None
    waited: float = 0.0
    released: float = -math.inf


class Stopwatch:
    """Accounts the seconds of one run to its phases.

    Phases entered twice are summed. Those timed with `phase` are the loop's time; those added with `add` were
    timed elsewhere, usually by the kernel.

    Attributes:
        clock: the clock that everything in this run is measured on.
        run_id: the run that is measured, for marks and records; empty where there is none.
        phases: seconds per phase reached and finished.
        resolution: half the gap, in seconds, between the last "not yet" and the first "yes" of a polled phase.
        milestones: seconds from the create (delete) call.
        facts: what was learnt besides durations.
        steps: seconds per finished step of a flow.
        failed_steps: what became of the steps that failed; the run's outcome is that of the first.
        connection: whether the exchange opened its connection.
        source: `loop` as soon as one of the wire's phases had to be timed by the loop.
        transcript: where exchanges are written down when somebody asked to see them.
        standing: what a deadline that is reached now means, where that is not a timeout: the last poll's failure, the
            wait for our own request budget; the same for all that is done aside.
        deadline: seconds that the run has, from its beginning on; infinite where nobody set one.
        overdue: whether the run's deadline was reached, and rang in time: so a probe that is cancelled learns whether
            that is why, and concludes nothing from a time in which the agent itself was held up.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        transcript: Transcript | None = None,
        reschedule: Callable[[float], None] | None = None,
        run_id: str = "",
        deadline: float = math.inf,
    ) -> None:
        self.clock = clock
        self.run_id = run_id
        self.deadline = deadline
        self.phases: dict[Phase, float] = {}
        self.resolution: dict[Phase, float] = {}
        self.milestones: dict[Milestone, float] = {}
        self.facts: dict[Fact, float | str] = {}
        self.steps: dict[str, float] = {}
        self.failed_steps: dict[str, Outcome] = {}
        self.connection = Connection.NEW
        self.source = ClockSource.LOOP
        self.transcript = transcript
        self.overdue = False
        self._reschedule = reschedule
        self._started = clock.now()
        self._running: list[Phase] = []
        self._last: Phase | None = None
        self._course = _Course()
        self._waited_before = 0.0

    @property
    def standing(self) -> ProbeFailed | None:
        """What a deadline that is reached now means, where that is not a timeout."""
        return self._course.standing

    @standing.setter
    def standing(self, failure: ProbeFailed | None) -> None:
        self._course.standing = failure

    def elapsed(self) -> float:
        """Seconds since the run began, less those for which our own request budget held it up."""
        return self.clock.now() - self._started - self.waited

    @property
    def left(self) -> float:
        """Seconds until the deadline that the run began with; what holds it up counts there."""
        return self.deadline - (self.clock.now() - self._started)

    @property
    def waited(self) -> float:
        """Seconds for which our own request budget has held the run up so far, all its exchanges together."""
        return self._course.waited

    @property
    def waited_now(self) -> float:
        """The same, since the budget of time began that is on: the run's deadline, or what `next_budget` said."""
        return self.waited - self._waited_before

    @property
    def released(self) -> float:
        """When our own request budget last let the run go on, on the monotonic clock; minus infinity if never."""
        return self._course.released

    @contextmanager
    def held(self, meaning: ProbeFailed) -> Iterator[None]:
        """While our own request budget holds the run up: no latency of anybody's.

        The time is in no phase and in no duration. A deadline that is reached meanwhile means *meaning*.
        """
        course, started, before = self._course, self.clock.now(), self._course.standing
        course.standing = meaning
        try:
            yield
        finally:
            course.waited += self.clock.now() - started
        course.released = self.clock.now()
        course.standing = before  # where the block raised, the deadline has come, and *meaning* stands

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Time the enclosed block as *phase*.

        A block that raises leaves no duration: an unfinished phase has none. It stays `where` the run ended.
        """
        started = self.clock.now() - self.waited
        self.enter(phase)
        yield
        self.add(phase, self.clock.now() - self.waited - started)

    @contextmanager
    def step(self, name: str) -> Iterator["Step"]:
        """Time the enclosed block as the step *name*, unless it knows better; one that raises has no duration.

        What ends it from outside (the deadline) counts as `timeout` until the runner has judged the run.
        """
        started = self.clock.now()
        step = Step()
        try:
            yield step
        except ProbeFailed as failed:
            self.failed_steps.setdefault(name, failed.outcome)
            raise
        except BaseException:
            self.failed_steps.setdefault(name, Outcome.TIMEOUT)
            raise
        self.steps[name] = step.seconds if step.seconds is not None else self.clock.now() - started

    def enter(self, phase: Phase) -> None:
        """Say that *phase* has begun; `add` ends it. For phases that are timed elsewhere."""
        self._running.append(phase)

    def add(self, phase: Phase, seconds: float, *, resolution: float | None = None) -> None:
        """Account *seconds* to *phase* and end it; a polled phase says how sharply it was seen."""
        running = self._running
        if running and running[-1] is phase:
            running.pop()
        elif phase in running:
            running.remove(phase)
        self._last = phase
        self.phases[phase] = self.phases.get(phase, 0.0) + max(0.0, seconds)
        if resolution is not None:
            self.resolution[phase] = resolution

    @property
    def where(self) -> Phase | None:
        """The phase in progress, else the one that finished last: where a failure happened."""
        return self._running[-1] if self._running else self._last

    def aside(self) -> "Stopwatch":
        """A stopwatch for exchanges whose wire phases are not this run's: those of a poll, of authentication.

        What holds them up holds the run up.
        """
        other = Stopwatch(self.clock, transcript=self.transcript, run_id=self.run_id)
        other._course = self._course
        return other

    def next_budget(self, seconds: float) -> None:
        """Tell the runner, who alone keeps deadlines, that the run's next budget of *seconds* starts now."""
        self._waited_before = self.waited
        if self._reschedule is not None:
            self._reschedule(seconds)
