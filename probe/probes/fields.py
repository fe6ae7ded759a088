"""The types of value that probe options are made of, each with a sentence for what it is not."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from probe.cloud.file.fields import Jmespath, Pattern
from probe.model.secret import Secret
from probe.notation.durations import parse_duration
from probe.wire import Family
from probe.wire.route import PROXY_SCHEMES

__all__ = [
    "FOLDER",
    "Duration",
    "FamilyField",
    "FileName",
    "HeaderValue",
    "Host",
    "HttpUrl",
    "Jmespath",
    "Pattern",
    "Port",
    "Proxy",
    "Shape",
    "StatusRange",
    "Statuses",
    "Words",
    "holds_status",
]

FOLDER: Final = "folder"
"""The key of pydantic's validation context under which a reader says where relative paths begin."""
LOWEST_STATUS: Final = 100
HIGHEST_STATUS: Final = 599
_TEXT: Final = {"type": "string"}
_STATUS: Final = re.compile(r"([0-9]{3})(?:\s*-\s*([0-9]{3}))?")
_HEADER: Final = re.compile(r"[\t\x20-\x7e]*")
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?")
_LONGEST_NAME: Final = 253


class Shape(BaseModel):
    """A section of a probe's configuration: frozen, and a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class StatusRange(NamedTuple):
    """HTTP statuses from *first* to *last*, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


def holds_status(ranges: tuple[StatusRange, ...], status: int) -> bool:
    """Whether *status* lies in one of *ranges*."""
    return any(wanted.first <= status <= wanted.last for wanted in ranges)


def _duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("a duration is written as 30s, 5m, 1h30m or 250ms")  # noqa: TRY004 - pydantic wants ValueError  # noqa: TRY004 - pydantic wants ValueError
    return parse_duration(str(value))


def _status(value: object) -> StatusRange:
    if isinstance(value, StatusRange):
        return value
    match = _STATUS.fullmatch(str(value).strip())
    if match is None or isinstance(value, (bool, float)):
        raise ValueError(f"`{value}` is no HTTP status: write 200, or 200-299")
    first, last = int(match[1]), int(match[2] or match[1])
    if not LOWEST_STATUS <= first <= last <= HIGHEST_STATUS:
        raise ValueError(f"`{value}` is no range of HTTP statuses: they go from {LOWEST_STATUS} to {HIGHEST_STATUS}")
    return StatusRange(first, last)


def _statuses(value: object) -> tuple[StatusRange, ...]:
    several = value if isinstance(value, (list, tuple)) and not isinstance(value, StatusRange) else [value]
    return tuple(_status(one) for one in several)


def _several(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


def _header(value: object) -> str | Secret:
    if isinstance(value, Secret):
        return value
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _HEADER.fullmatch(text):
        raise ValueError("must be one line of ASCII text, or a secret: {env: NAME} or {file: PATH}")
    return text


def _host(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a host name or an address, as text")
    text = value.removeprefix("[").removesuffix("]")
    labels = text.removesuffix(".").split(".")
    named = len(text) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in labels)
    if not named and not (":" in text and _ADDRESS.fullmatch(text)):
        raise ValueError(f"`{value}` is no host name or address: write it without scheme, port and path")
    return text


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole, parts = False, urlsplit("")
    if not whole:
        raise ValueError(f"`{value}` is no URL that can be probed: write https://HOST/PATH")
    if parts.username or parts.password:
        raise ValueError("a URL holds no user or password: send them in a header, by reference to a secret")
    return value


def _proxy(value: object) -> str:
    remedy = "write http://HOST:PORT or https://HOST:PORT"
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        good = parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"is no URL: {remedy}") from error
    if not good:
        raise ValueError(f"is no proxy that can be gone through: {remedy}")
    if parts.username or parts.password:
        raise ValueError("holds a user or password: remove it: proxies that ask for a password cannot be used yet")
    return str(value)


def _beside(value: Path, info: ValidationInfo) -> Path:
    """*value* from the folder of the file that it is written in, where the reader says which that is."""
    context = info.context if isinstance(info.context, dict) else {}
    return Path(context.get(FOLDER, "")) / value.expanduser()


_REFERENCE: Final[dict[str, Any]] = {
    "oneOf": [
        {"type": "object", "properties": {word: _TEXT}, "required": [word], "additionalProperties": False}
        for word in ("env", "file")
    ]
}
_ONE_STATUS: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "integer", "minimum": LOWEST_STATUS, "maximum": HIGHEST_STATUS},
        {**_TEXT, "examples": ["200-299"]},
    ]
}

Duration = Annotated[
    float,
    BeforeValidator(_duration),
    Field(gt=0),
    WithJsonSchema({**_TEXT, "pattern": r"^([0-9]+(\.[0-9]+)?(d|h|ms|m|s))+$", "examples": ["30s", "5m", "250ms"]}),
]
Statuses = Annotated[
    tuple[StatusRange, ...],
    BeforeValidator(_statuses),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [*_ONE_STATUS["anyOf"], {"type": "array", "items": _ONE_STATUS, "minItems": 1}]}),
]
HeaderValue = Annotated[
    str | Secret, BeforeValidator(_header), WithJsonSchema({"anyOf": [_TEXT, *_REFERENCE["oneOf"]]})
]
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
]
Host = Annotated[str, BeforeValidator(_host), WithJsonSchema(_TEXT)]
Port = Annotated[int, Field(ge=1, le=65_535)]
HttpUrl = Annotated[str, AfterValidator(_url), WithJsonSchema({**_TEXT, "pattern": "^https?://"})]
Proxy = Annotated[str, BeforeValidator(_proxy), WithJsonSchema({**_TEXT, "pattern": "^https?://"})]
FileName = Annotated[Path, AfterValidator(_beside), WithJsonSchema(_TEXT)]
FamilyField = Annotated[Family, WithJsonSchema({**_TEXT, "enum": list(Family)})]
