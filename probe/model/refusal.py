"""Why a vendor entry is not rented from, in closed words: they are labels and records."""

from dataclasses import dataclass
from enum import StrEnum

from probe.model.outcome import Skip


class Cause(StrEnum):
    """Why nothing is rented from a vendor entry, whatever the guards allow.

    Attributes:
        LEAKS: something leaked and is still there.
        DELETES: a deletion was asked for long ago, and what was to go is still there.
        DENIED: the vendor answered that we may not.
        QUOTA: the vendor answered that we have used up what we may have.
    """

    LEAKS = "leaks"
    DELETES = "deletes"
    DENIED = "denied"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A vendor entry that answered in a way that makes more orders pointless for a while.

    Attributes:
        vendor: name of the vendor entry.
        cause: how it answered, denied or quota; leaks where something leaks that no lease is open for.
        failures: how often in a row.
        opened_at: when it did first, seconds since 1970.
        until: when one order may try again, seconds since 1970.
        note: what it said, for people.
    """

    vendor: str
    cause: Cause
    failures: int
    opened_at: float
    until: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run must not start.

    Attributes:
        reason: as a label.
        detail: for people.
    """

    reason: Skip
    detail: str
