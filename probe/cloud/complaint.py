"""What a vendor complained about, and what that means by the rules of its file."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from probe.cloud.file.errors import ErrorRule, Errors, Fit, Verdict
from probe.cloud.moments import parse_http_date
from probe.model.outcome import Outcome, ProbeFailed
from probe.notation.paths import Query, QueryTypeError

_READABLE: Final = 300
"""Characters of a vendor's message that go into a detail."""
_HEARD: Final = 1 << 16
"""Characters of what a vendor says that are listened to at all."""
_JUDGED: Final = 1_000
"""Characters of a text that rules look at: `a.*b` takes a time that grows with the square of it."""
_LONGEST_WAIT: Final = 3_600.0
"""Seconds beyond which a vendor's wish to be left alone is a mistake, or an attack."""
_SERVER_ERROR: Final = 500
_COMPLAINT: Final = 300
"""Statuses below it say success."""

Redact = Callable[[str], str]
"""Takes the secrets out of a text."""


class VendorComplaint(ProbeFailed):
    """Raised when the vendor answered, and did not do what was asked.

    Attributes:
        verdict: what it means by the rules of the vendor's file.
        code: the vendor's own code, empty if it gave none.
        message: its own message, the same.
        status: the HTTP status.
        request_id: what to tell the vendor's support, empty if it gave none.
        retry_after: seconds after which the vendor wants to be asked again.
        renewable: whether new credentials may help.
    """

    def __init__(
        self,
        verdict: Verdict,
        detail: str,
        *,
        code: str = "",
        message: str = "",
        status: int = 0,
        request_id: str = "",
        retry_after: float | None = None,
        renewable: bool = False,
        outcome: Outcome | None = None,
    ) -> None:
        super().__init__(outcome or verdict.outcome, detail)
        self.verdict = verdict
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.renewable = renewable


def unless_absent(complaint: VendorComplaint) -> None:
    """What is to be deleted may be gone already.

    Raises:
        VendorComplaint: it says something else.
    """
    if complaint.verdict is not Verdict.NOT_FOUND:
        raise complaint


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of an error.

    Attributes:
        verdict: what it means.
        code: the vendor's own, empty if it gave none.
        message: the same.
        matched: whether a rule knew it.
        renew: whether the rule says that new credentials may help.
    """

    verdict: Verdict
    code: str
    message: str
    matched: bool
    renew: bool = False


def judge(
    errors: Errors,
    status: int,
    body: object,
    headers: Mapping[str, str],
    code: str | None = None,
    redact: Redact = str,
) -> Judgement:
    """What an answer with *status* and the decoded *body* means.

    Args:
        errors: the rules of the vendor's file.
        status: the HTTP status; one that says success, though another was wanted, is the vendor's error.
        body: the decoded body.
        headers: as they came.
        code: the error's code, if it stood elsewhere than the file says.
        redact: takes the secrets out of what the vendor said.
    """
    said = redact(found_text(errors.code, body) if code is None else code[:_HEARD])
    message = redact(found_text(errors.message, body))
    rule = match(errors.rules, status=status, code=said, message=message, headers=headers)
    if rule is not None:
        return Judgement(rule.verdict, said, message, matched=True, renew=rule.renew)
    theirs = status >= _SERVER_ERROR or (status < _COMPLAINT and code is None)
    return Judgement(Verdict.VENDOR_ERROR if theirs else Verdict.INVALID, said, message, matched=False)


def match(
    rules: tuple[ErrorRule, ...], *, status: int | None, code: str, message: str, headers: Mapping[str, str]
) -> ErrorRule | None:
    """The first rule that fits; *status* is None where there was no answer of its own (a failed state)."""
    shown = {name: value[:_JUDGED] for name, value in headers.items()}
    said, told = code[:_JUDGED], message[:_JUDGED]
    return next((rule for rule in rules if _fits(rule, status, said, told, httpx.Headers(shown))), None)


def fits(fit: Fit, complaint: VendorComplaint) -> bool:
    """Whether *complaint* is one that *fit* describes."""
    return _fit(fit, complaint.status, complaint.code[:_JUDGED], complaint.message[:_JUDGED])


def _fit(fit: Fit, status: int | None, code: str, message: str) -> bool:
    return (
        (not fit.status or status in fit.status)
        and (not fit.code or code in fit.code)
        and (fit.code_regex is None or fit.code_regex.search(code) is not None)
        and (fit.message is None or fit.message.search(message) is not None)
    )


def _fits(rule: ErrorRule, status: int | None, code: str, message: str, headers: Mapping[str, str]) -> bool:
    return _fit(rule, status, code, message) and all(
        name in headers and pattern.search(headers[name]) for name, pattern in rule.headers.items()
    )


def found_text(query: Query | None, data: object) -> str:
    """What *query* finds in *data* as text of bounded length; empty for nothing and for what is no text or number."""
    if query is None:
        return ""
    try:
        found: Any = query.search(data)
    except QueryTypeError:
        return ""
    if isinstance(found, bool) or not isinstance(found, (str, int, float)):
        return ""
    return str(found)[:_HEARD]


def describe(judgement: Judgement, status: int) -> str:
    """The complaint for people, on one line and of readable length."""
    words = " ".join(part for part in (judgement.code, judgement.message) if part)
    return f"HTTP {status}: {readable(words) or 'no explanation'}"


def readable(text: str) -> str:
    """*text*, which holds no secret any more, on one line and of readable length.

    A secret has to be taken out before: half of one, at the cut, would be recognised by nobody.
    """
    return " ".join(text.split())[:_READABLE]


def retry_after(names: tuple[str, ...], headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds after which the vendor wants to be asked again, from the first of the headers *names* that says so."""
    for name in names:
        seconds = _seconds(headers.get(name, ""), wall)
        if seconds is not None:
            return min(max(seconds, 0.0), _LONGEST_WAIT)
    return None


def _seconds(text: str, wall: float) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        moment = parse_http_date(text)
        return None if moment is None else moment - wall
    return seconds if math.isfinite(seconds) else None
