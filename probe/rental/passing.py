"""Which failures may pass by themselves, so that it is worth asking again."""

from typing import Final

from probe.cloud import VendorComplaint, Verdict
from probe.model.outcome import Outcome, ProbeFailed

_PASSING: Final = frozenset(
    {
        Outcome.VENDOR_ERROR,  # a conflict or a lock, too
        Outcome.TIMEOUT,
        Outcome.UNRESOLVED,
        Outcome.REFUSED,
        Outcome.BROKEN,
        Outcome.CAPACITY,
        Outcome.THROTTLED,
        Outcome.MAINTENANCE,
    }
)
"""What may pass by itself: a delete that ended so is asked for again."""


def may_pass(error: ProbeFailed) -> bool:
    """Whether a delete, or a look, that failed with *error* is worth another attempt."""
    if isinstance(error, VendorComplaint) and error.verdict is Verdict.CONFLICT:
        return True
    return error.outcome in _PASSING
