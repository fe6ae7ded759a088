"""What probes of endpoints share: how an exchange is judged, and which outcomes the wire can have."""

from typing import Final

from probe.model.clock import ClockSource
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import WIRE_PHASES
from probe.model.stopwatch import Stopwatch

WIRE_OUTCOMES: Final = frozenset(
    {Outcome.OK, Outcome.TIMEOUT, Outcome.UNRESOLVED, Outcome.REFUSED, Outcome.BROKEN, Outcome.UNEXPECTED}
)
"""What can become of any exchange with an endpoint."""
VENDOR_OUTCOMES: Final = frozenset(
    {
        *WIRE_OUTCOMES - {Outcome.UNEXPECTED},
        Outcome.UNTRUSTED,
        Outcome.VENDOR_ERROR,
        Outcome.THROTTLED,
        Outcome.DENIED,
        Outcome.INVALID,
        Outcome.MAINTENANCE,
    }
)
"""What can become of a call to a vendor: the wire's, and those of its file's error rules."""
_SHOWN: Final = 120
_TOLD: Final = 65_536
"""Characters of an answer that are searched for secrets."""


def unexpected(detail: str) -> ProbeFailed:
    """An assertion of the configuration failed."""
    return ProbeFailed(Outcome.UNEXPECTED, detail)


def too_long(detail: str, watch: Stopwatch) -> ProbeFailed:
    """What *watch* timed took longer than the configuration allows."""
    failed = unexpected(detail)
    failed.by_our_clock = watch.source is ClockSource.LOOP
    return failed


def latency(watch: Stopwatch) -> float:
    """Seconds of the exchange: its wire phases together, without our own queueing."""
    return sum(watch.phases.get(phase, 0.0) for phase in WIRE_PHASES)


def check_latency(watch: Stopwatch, allowed: float | None) -> None:
    """Fail the run whose exchange took longer than *allowed* seconds.

    Raises:
        ProbeFailed: unexpected.
    """
    if allowed is not None and (taken := latency(watch)) > allowed:
        raise too_long(f"took {taken:.3f} s, more than the {allowed:g} s of max_latency", watch)


def shown(text: str, most: int = _SHOWN) -> str:
    """*text* for a detail: on one line and of readable length."""
    line = " ".join(text[: 2 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def told(text: str) -> str:
    """What a peer answered, for the end of a detail.

    It is not cut to a readable length here: it may hold a secret of ours, which is hidden, whole, before the runner
    cuts the detail; half of one would not be found.
    """
    return shown(text, _TOLD)
