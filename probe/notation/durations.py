"""How people write spans of time and shares: `30s`, `1h30m`, `99.9%`."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

_UNITS: Final[Mapping[str, Fraction]] = {
    "d": Fraction(86_400),
    "h": Fraction(3_600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 1_000),
}
_PART: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|[dhms])")
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_LONGEST: Final = 64
"""Characters of a duration that still make sense; longer text is not looked at."""


def parse_duration(text: str) -> float:
    """Seconds that *text* stands for: numbers with a unit (d, h, m, s, ms), the largest unit first.

    Raises:
        ValueError: it is no duration; the message is a sentence that says how one is written.
    """
    total, rest, allowed = Fraction(0), text.strip(), list(_UNITS)
    if not rest or len(rest) > _LONGEST:
        raise ValueError("a duration is written as 30s, 5m, 1h30m or 250ms")
    if _NUMBER.fullmatch(rest):
        raise ValueError(f"a duration needs a unit: {rest}s, {rest}m or {rest}ms")
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError("a duration is written as 30s, 5m, 1h30m or 250ms")
        number, unit = part.groups()
        if unit not in allowed:
            raise ValueError("a duration names each unit once, the largest first: 1h30m, not 30m1h")
        allowed = allowed[allowed.index(unit) + 1 :]
        total += Fraction(number) * _UNITS[unit]
        rest = rest[part.end() :]
    return float(total)


def format_duration(seconds: float) -> str:
    """*seconds* as people write it, to the nearest microsecond; `parse_duration` reads it back.

    Raises:
        ValueError: a duration is neither negative nor infinite.
    """
    if not 0 <= seconds < 1e12:  # noqa: PLR2004 - what `parse_duration` can read back
        raise ValueError(f"{seconds} is not a duration")
    left, parts = round(seconds * 1_000_000), []
    for unit, size in (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    if left >= 1_000_000:  # noqa: PLR2004 - a second of microseconds
        parts.append(f"{_decimal(left, 1_000_000)}s")
    elif left:
        parts.append(f"{_decimal(left, 1_000)}ms")
    return "".join(parts) or "0s"


def _decimal(count: int, size: int) -> str:
    """*count* / *size* without the float's noise; *size* is a power of ten."""
    whole, part = divmod(count, size)
    digits = f"{part:0{len(str(size)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def parse_ratio(value: str | float) -> float:
    """The share from 0 to 1 that *value* stands for: `99.9%`, or 0.999.

    Raises:
        ValueError: it is no share; the message is a sentence that says how one is written.
    """
    text = str(value).strip()
    percent = text.endswith("%")
    number = text.removesuffix("%").rstrip() if percent else text
    if isinstance(value, bool) or not _NUMBER.fullmatch(number):
        raise ValueError("a ratio is written as 99.9% or 0.999")
    ratio = Fraction(number) / (100 if percent else 1)
    if ratio > 1:
        raise ValueError(
            f"a ratio is at most 100%: write {number}% for a percentage"
            if not percent and ratio <= 100  # noqa: PLR2004 - a percentage without its sign
            else "a ratio is at most 100%"
        )
    return float(ratio)
