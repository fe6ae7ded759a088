"""What both text formats ask of a line: numbers, escapes, headers, and which of the two a scraper wants."""

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from probe.exposition.families import Family


class Format(StrEnum):
    """The two text formats, by their content types."""

    PLAIN = "text/plain; version=0.0.4; charset=utf-8"
    OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


END: Final = b"# EOF\n"
"""How an exposition in OpenMetrics ends; one without it was cut short."""

_EXACT: Final = 2.0**53
_OPEN_VERSIONS: Final = frozenset({"", "0.0.1", "1.0.0"})


def number(value: float) -> str:
    """*value* as both formats write it, without losing a bit."""
    if math.isfinite(value):
        return str(int(value)) if value == int(value) and abs(value) < _EXACT else repr(value)
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def bound(value: float) -> str:
    """*value* as the bound of a bucket: OpenMetrics wants it to look like a float, and both formats must agree."""
    return "+Inf" if math.isinf(value) else repr(float(value))


def escaped(text: str) -> str:
    """*text* as the value of a label."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def label_text(names: Sequence[str], values: Iterable[str]) -> str:
    """The labels between the braces."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in zip(names, values, strict=True))


def encoded(text: str) -> bytes:
    """*text* in UTF-8; what cannot be encoded (half a surrogate pair) becomes a question mark, not an exception."""
    return text.encode("utf-8", "replace")


def header(family: Family, form: Format) -> bytes:
    """What stands above the samples of *family*."""
    if form is Format.PLAIN:
        text = family.help.replace("\\", r"\\").replace("\n", r"\n")
        return encoded(f"# HELP {family.name} {text}\n# TYPE {family.name} {family.type}\n")
    unit = f"# UNIT {family.stem} {family.told_unit}\n" if family.told_unit else ""
    return encoded(f"# HELP {family.stem} {escaped(family.help)}\n# TYPE {family.stem} {family.type}\n{unit}")


def negotiated(accept: str | None) -> Format:
    """The format that a scraper's `Accept` header prefers.

    As prometheus_client's `choose_encoder`, but the weights are honoured; what we do not speak (protobuf, OpenMetrics
    2) is passed over, and who asks for nothing that we speak gets the plain format, which everybody reads.
    """
    best, wanted = 0.0, Format.PLAIN
    for entry in (accept or "").split(","):
        kind, weight = _entry(entry)
        if kind is not None and weight > best:
            best, wanted = weight, kind
    return wanted


def _entry(entry: str) -> tuple[Format | None, float]:
    media, *rest = (part.strip() for part in entry.split(";"))
    options = {name.strip().lower(): value.strip() for name, _, value in (part.partition("=") for part in rest)}
    weight = _weight(options.get("q", "1"))
    if media == "application/openmetrics-text" and options.get("version", "") in _OPEN_VERSIONS:
        return Format.OPEN, weight
    if media in {"text/plain", "text/*", "*/*"}:
        return Format.PLAIN, weight
    return None, 0.0


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


def gzip_accepted(accept_encoding: str | None) -> bool:
    """Whether a scraper reads gzip."""
    for entry in (accept_encoding or "").split(","):
        coding, *rest = (part.strip().lower() for part in entry.split(";"))
        if coding == "gzip":
            return not any(part.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for part in rest)
    return False
