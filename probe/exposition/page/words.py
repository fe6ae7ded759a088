"""Times, durations and shares as people say them; times are UTC."""

from datetime import UTC, datetime
from math import sqrt
from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 86400.0
_Z95: Final = 1.959964
"""Two-sided 95 %."""


def duration(seconds: float) -> str:
    """*seconds* with as many digits as one reads: `0.4 ms`, `312 ms`, `3.04 s`, `12.3 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds < 1.0:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"  # noqa: PLR2004 - digits
    if seconds < _MINUTE:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"  # noqa: PLR2004 - digits
    return _long(round(seconds))


def _long(seconds: int) -> str:
    for size, word, smaller, smaller_word in (
        (int(_DAY), "d", int(_HOUR), "h"),
        (int(_HOUR), "h", int(_MINUTE), "min"),
        (int(_MINUTE), "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {word}" + (f" {rest} {smaller_word}" if rest else "")
    return f"{seconds} s"


def interval(seconds: float) -> str:
    """*seconds* as one writes them in a configuration: `20 s`, `0.5 s`, `15 min`."""
    return f"{seconds:g} s" if seconds < _MINUTE else _long(round(seconds))


def short(seconds: float) -> str:
    """*seconds* in one unit: `12 s`, `3 min`, `2 h`, `4 d`."""
    for size, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {word}"
    return f"{int(max(0.0, seconds))} s"


def ago(then: float, now: float) -> str:
    """How long *then* is past at *now*."""
    return "just now" if now - then < 1.0 else f"{short(now - then)} ago"


def clock_time(then: float, now: float) -> str:
    """*then* as the time of day in UTC, with the date if *now* is another day."""
    moment, today = datetime.fromtimestamp(then, UTC), datetime.fromtimestamp(now, UTC)
    if moment.date() == today.date():
        return f"{moment:%H:%M} UTC"
    return f"{moment.day} {moment:%b %H:%M} UTC"


def exact_time(then: float) -> str:
    """*then* as the time of day in UTC, to the second."""
    return f"{datetime.fromtimestamp(then, UTC):%H:%M:%S} UTC"


def iso(then: float) -> str:
    """*then* for machines."""
    return datetime.fromtimestamp(then, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def percent(share: float) -> str:
    """*share* of one in per cent; never rounded up to 100 or down to 0."""
    figure = f"{share * 100:.1f}"
    if figure == "100.0" and share < 1.0:
        figure = "99.9"
    if figure == "0.0" and share > 0.0:
        figure = "0.1"
    return f"{figure.removesuffix('.0')} %"


def plural(count: int, word: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:  # noqa: PLR2004 - there is nothing to join
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def wilson(ok: int, valid: int) -> tuple[float, float]:
    """The interval that holds the true share in 95 of 100 cases, given *ok* of *valid*; (0, 1) if there is nothing."""
    if valid == 0:
        return (0.0, 1.0)
    share, z2 = ok / valid, _Z95 * _Z95
    middle = share + z2 / (2 * valid)
    spread = _Z95 * sqrt(share * (1 - share) / valid + z2 / (4 * valid * valid))
    low, high = (middle - spread) / (1 + z2 / valid), (middle + spread) / (1 + z2 / valid)
    return (low if ok else 0.0, high if ok < valid else 1.0)
