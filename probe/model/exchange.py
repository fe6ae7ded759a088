"""What went over the wire, for `once --explain`: already redacted when it is written down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, or why there was none; every text in it is redacted and cut to a readable length."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str
    failure: str = ""


@dataclass(slots=True)
class Transcript:
    """Collects the exchanges of a run.

    Attributes:
        redact: replaces every secret the agent knows in a text.
        exchanges: in the order in which they ended.
    """

    redact: Callable[[str], str]
    exchanges: list[Exchange] = field(default_factory=list)
