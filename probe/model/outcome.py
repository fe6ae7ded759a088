"""What a run ended as, and whose fault that was: two closed vocabularies and the table between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from probe.model.phase import Phase


class Blame(StrEnum):
    """Whose fault a failure was. Only `VENDOR` counts against a vendor's availability."""

    NONE = "none"
    VENDOR = "vendor"
    CUSTOMER = "customer"
    AGENT = "agent"
    EXCUSED = "excused"


class Outcome(StrEnum):
    """What a finished run found."""

    OK = "ok"
    VENDOR_ERROR = "vendor_error"
    TIMEOUT = "timeout"
    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    BROKEN = "broken"
    UNTRUSTED = "untrusted"
    UNEXPECTED = "unexpected"
    CAPACITY = "capacity"
    THROTTLED = "throttled"
    QUOTA = "quota"
    DENIED = "denied"
    INVALID = "invalid"
    MAINTENANCE = "maintenance"
    LEAKED = "leaked"
    NETWORK = "network"
    OVERLOADED = "overloaded"
    BUG = "bug"

    @property
    def blame(self) -> Blame:
        """Whose fault this outcome is."""
        return _BLAME[self]


_BLAME: Final[Mapping[Outcome, Blame]] = {
    Outcome.OK: Blame.NONE,
    Outcome.VENDOR_ERROR: Blame.VENDOR,
    Outcome.TIMEOUT: Blame.VENDOR,
    Outcome.UNRESOLVED: Blame.VENDOR,
    Outcome.REFUSED: Blame.VENDOR,
    Outcome.BROKEN: Blame.VENDOR,
    Outcome.UNTRUSTED: Blame.VENDOR,
    Outcome.UNEXPECTED: Blame.VENDOR,
    Outcome.CAPACITY: Blame.VENDOR,
    Outcome.LEAKED: Blame.VENDOR,
    Outcome.THROTTLED: Blame.CUSTOMER,
    Outcome.QUOTA: Blame.CUSTOMER,
    Outcome.DENIED: Blame.CUSTOMER,
    Outcome.INVALID: Blame.CUSTOMER,
    Outcome.NETWORK: Blame.AGENT,
    Outcome.OVERLOADED: Blame.AGENT,
    Outcome.BUG: Blame.AGENT,
    Outcome.MAINTENANCE: Blame.EXCUSED,
}


class Skip(StrEnum):
    """Why a slot of the schedule never became a run. A skipped slot is never a failure."""

    OVERLAP = "overlap"
    BUSY = "busy"
    LATE = "late"
    QUOTA = "quota"
    BUDGET = "budget"
    BREAKER = "breaker"
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
    SHARD = "shard"
    STOPPED = "stopped"


class ProbeFailed(Exception):  # noqa: N818 - it is not an error of the program: the probe was let down
    """Raised by a probe, and by the floors below it, when what was measured let it down.

    Attributes:
        outcome: what happened, as a bounded word.
        detail: the same for people; goes to logs and pages, never to a label.
        phase: where, if the raiser knows better than the stopwatch.
        request_id: what the vendor's support wants to know of the exchange that failed; empty if nobody said.
        answered: whether the failure was itself an answer: somebody refused the connection.
        by_our_clock: whether it is a time that was too long, and only our own loop's clock timed it.
    """

    request_id: str = ""
    answered: bool = False
    by_our_clock: bool = False

    def __init__(self, outcome: Outcome, detail: str, *, phase: Phase | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.phase = phase


class RunSkipped(Exception):  # noqa: N818 - nothing went wrong: the run never started
    """Raised before anything was measured when a guard says that this run must not start."""

    def __init__(self, reason: Skip, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
