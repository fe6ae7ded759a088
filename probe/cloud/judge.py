"""Says what it means that a vendor did not do what was asked, and counts what the rules of its file do not know."""

import logging
from typing import Final

import httpx

from probe.cloud.answer import Answer, Wanted
from probe.cloud.complaint import Judgement, VendorComplaint, describe, judge, match, readable, retry_after
from probe.cloud.entry import VendorEntry
from probe.cloud.file.errors import Verdict
from probe.cloud.moments import clock_skew
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome

_SKEWED: Final = 120.0
"""Seconds between our clock and the vendor's beyond which a refused signature is the clock's fault, not the key's."""
_TOLD: Final = 50
"""Errors that no rule knows which are logged, each once; the counter goes on."""
_LONGEST_CODE: Final = 200
"""Characters of a code by which one such error is told from another."""

_logger: Final = logging.getLogger(__name__)


class Judge:
    """Holds complaints of one vendor against the rules of its file."""

    def __init__(self, entry: VendorEntry, clock: Clock, meter: Meter) -> None:
        self._entry = entry
        self._clock = clock
        self._meter = meter
        self._told: set[tuple[int, str]] = set()

    def complaint(
        self, response: httpx.Response, body: object, request_id: str, code: str | None, wanted: Wanted
    ) -> VendorComplaint:
        """What *response*, whose decoded *body* it is, complains about.

        Args:
            response: not the one that was wanted.
            body: None where it could not be read.
            request_id: what to tell the vendor's support, empty if it gave none.
            code: the error's code, if it stood in an answer that said success.
            wanted: what success would have been.
        """
        file, status, wall = self._entry.file, response.status_code, self._clock.wall()
        judgement = judge(wanted.errors or file.errors, status, body, response.headers, code, self._entry.redactor)
        if not judgement.matched:
            self._note_unmatched(judgement, status)
        denied = judgement.verdict is Verdict.DENIED
        excuse = _excuse(clock_skew(response.headers, wall)) if wanted.clocked and denied else ""
        return VendorComplaint(
            judgement.verdict,
            describe(judgement, status) + excuse,
            code=judgement.code,
            message=judgement.message,
            status=status,
            request_id=request_id,
            retry_after=retry_after(file.limits.retry_after, response.headers, wall),
            renewable=denied and (status == httpx.codes.UNAUTHORIZED or judgement.renew),
            outcome=Outcome.OVERLOADED if excuse else None,
        )

    def failure_inside(self, answer: Answer, code: str, message: str) -> VendorComplaint:
        """What it means that *answer* said success, and tells of work that failed with *code* and *message*."""
        entry = self._entry
        code, message = entry.redactor(code), entry.redactor(message)
        rule = match(entry.file.errors.rules, status=None, code=code, message=message, headers={})
        verdict = rule.verdict if rule is not None else Verdict.VENDOR_ERROR
        if rule is None:
            self._note_unmatched(Judgement(verdict, code, message, matched=False), answer.status)
        words = readable(" ".join(part for part in (code, message) if part)) or "no explanation"
        return VendorComplaint(
            verdict,
            f"it ended badly: {words}",
            code=code,
            message=message,
            status=answer.status,
            request_id=answer.request_id,
        )

    def _note_unmatched(self, judgement: Judgement, status: int) -> None:
        """Count an error that no rule knows; the first of its kind is told."""
        entry, kind = self._entry, (status, judgement.code[:_LONGEST_CODE])
        self._meter.unmatched_error(entry.name, entry.region)
        if kind not in self._told and len(self._told) < _TOLD:
            self._told.add(kind)
            _logger.warning("%s: no rule of %s knows %s", entry.name, entry.file.vendor, describe(judgement, status))


def _excuse(skew: float) -> str:
    """What is said of a refusal that is the fault of our clock; nothing where *skew* is too small for that."""
    if abs(skew) <= _SKEWED:
        return ""
    return f" (our clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} theirs)"
