"""From a vendor's error to one of our words: ordered rules, the first that fits decides."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import Jmespath, OneOrMore, Pattern, Strict
from probe.model.outcome import Outcome


class Verdict(StrEnum):
    """What an error of a vendor means.

    Attributes:
        NOT_FOUND: it does not exist (yet, or any more).
        CONFLICT: it is busy; the same call may work a little later.
    """

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    VENDOR_ERROR = "vendor_error"
    CAPACITY = "capacity"
    THROTTLED = "throttled"
    QUOTA = "quota"
    DENIED = "denied"
    INVALID = "invalid"
    MAINTENANCE = "maintenance"

    @property
    def outcome(self) -> Outcome:
        """The outcome of a run that ends with this verdict: what neither grace nor patience helped is the vendor's."""
        if self in {Verdict.NOT_FOUND, Verdict.CONFLICT}:
            return Outcome.VENDOR_ERROR
        return Outcome(self.value)


class Fit(Strict):
    """Fits an error when everything it names fits."""

    status: Annotated[tuple[int, ...], OneOrMore] = Field((), description="HTTP statuses")
    code: Annotated[tuple[str, ...], OneOrMore] = Field((), description="the vendor's codes, exactly")
    code_regex: Pattern | None = Field(None, description="found anywhere in the vendor's code")
    message: Pattern | None = Field(None, description="found anywhere in the vendor's message")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name, None) for name in ("status", "code", "code_regex", "message", "headers")):
            raise ValueError("fits every error: name a status, code, code_regex, message or header")
        return self


class ErrorRule(Fit):
    """What an error means that fits."""

    headers: dict[str, Pattern] = Field({}, description="headers of the answer, each with what is found in it")
    verdict: Verdict = Field(alias="is", description="what the error means")
    renew: bool = Field(
        False, description="whether new credentials may help, as after any 401: the call is made once more with them"
    )


class Errors(Strict):
    """How errors are told, and what they mean."""

    code: Jmespath | None = Field(None, description="finds the code in the body of an error")
    message: Jmespath | None = Field(None, description="finds the message in the body of an error")
    rules: tuple[ErrorRule, ...] = Field(
        (), description="in order; what none fits is vendor_error for a 5xx and else invalid, and is counted"
    )
