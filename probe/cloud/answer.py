"""What a vendor answered to a call that it did, and how such an answer is told from a complaint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from probe.cloud.complaint import VendorComplaint
from probe.cloud.file.errors import Errors, Verdict
from probe.model.outcome import ProbeFailed
from probe.notation.paths import Query


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered to a call that it did.

    Attributes:
        status: the HTTP status.
        body: the decoded body; None for an empty one.
        headers: as they came.
        request_id: what to tell the vendor's support, empty if it gave none.
    """

    status: int
    body: Any
    headers: Mapping[str, str]
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What success looks like.

    Attributes:
        codec: what answers are written in.
        statuses: those that mean success; any 2xx if none.
        complaint: finds an error's code in an answer that says success.
        clocked: whether a refusal may be the fault of our clock.
        errors: how errors are told and judged; as the vendor file says where none are given.
    """

    codec: Literal["json", "xml"] = "json"
    statuses: tuple[int, ...] = ()
    complaint: Query | None = None
    clocked: bool = False
    errors: Errors | None = None

    def takes(self, status: int) -> bool:
        """Whether an answer with *status* says success."""
        return status in self.statuses if self.statuses else httpx.codes.is_success(status)

    def hidden_code(self, body: object) -> str | None:
        """The code of an error inside *body*, which said success; None if there is none."""
        if self.complaint is None or not self.complaint.holds(body):
            return None
        return str(self.complaint.search(body))


def unparseable(what: str, answer: Answer) -> ProbeFailed:
    """The failure of a vendor whose answer says success, and lacks *what* it must hold."""
    detail = f"HTTP {answer.status}: the answer has no {what}"
    return VendorComplaint(Verdict.VENDOR_ERROR, detail, status=answer.status, request_id=answer.request_id)
