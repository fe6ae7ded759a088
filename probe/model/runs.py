"""Protocols through which the rooms of one floor meet without importing each other; `agent.py` hands them over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from probe.model.job import Job
from probe.model.measurement import Measurement
from probe.model.target import Target


class Reloader(Protocol):
    """Takes a changed configuration over, or keeps the old one and says why."""

    async def reload(self) -> Sequence[str]:
        """Load the configuration anew; the complaints if it was refused, nothing if it was taken over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """How long a target has been as it is.

    Attributes:
        job: what is measured.
        last: the newest finished run, if any.
        since: start of the first of the runs in a row that ended like the newest (ok or not ok), seconds since 1970.
        ok: how many of the remembered valid runs (blame none or vendor) were ok.
        valid: how many of the remembered runs were valid.
        unsteady_since: start of the first vendor-blamed run of a spell that enough ok runs in a row have not ended yet,
            seconds since 1970; None if it is steady.
    """

    job: Job
    last: Measurement | None
    since: float | None
    ok: int
    valid: int
    unsteady_since: float | None = None


class Runs(Protocol):
    """What the page may know of the runs so far."""

    def streaks(self) -> Sequence[Streak]:
        """One for each job, in the order of the configuration."""
        ...

    def recent(self, target: Target) -> Sequence[Measurement]:
        """The newest finished runs of *target*, oldest first."""
        ...
