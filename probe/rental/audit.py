"""One line for each create and each delete that was asked for, with what the vendor's support wants to know."""

import logging
from dataclasses import dataclass
from typing import Final

from probe.cloud import VendorComplaint
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch

_log: Final = logging.getLogger("probe.audit")


@dataclass(frozen=True, slots=True)
class Subject:
    """What was created or deleted.

    Attributes:
        vendor: name of the vendor entry.
        region: the vendor's region.
        lease: the lease's key.
        instance_id: the vendor's identifier, empty if it did not tell.
    """

    vendor: str
    region: str
    lease: str
    instance_id: str = ""


def audit(action: str, subject: Subject, watch: Stopwatch, error: BaseException | None = None) -> None:
    """Tell that *action* (create, delete) was asked for and how it ended; *watch* accompanied that one call."""
    complained = error.request_id if isinstance(error, VendorComplaint) else ""
    _log.info(
        action,
        extra={
            "vendor": subject.vendor,
            "region": subject.region,
            "lease": subject.lease,
            "instance": subject.instance_id or "unknown",
            "request_id": complained or watch.facts.get(Fact.REQUEST_ID) or "unknown",
            "result": "ok" if error is None else in_words(error),
        },
    )


def in_words(error: BaseException) -> str:
    """What *error* says to people; what is no sentence of ours, or none at all, has the name of its class before it."""
    said = str(error)
    return said if said and isinstance(error, ProbeFailed) else f"{type(error).__name__} {said}".rstrip()
