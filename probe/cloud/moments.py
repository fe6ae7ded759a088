"""Moments as vendors write them, as seconds since 1970."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse_iso(text: object) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; UTC where it names no zone; None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def format_iso(seconds: float) -> str:
    """The ISO 8601 time, in UTC and to the second, that is *seconds* since 1970."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_http_date(text: str) -> float | None:
    """Seconds since 1970 of a date as HTTP writes it; None if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def clock_skew(headers: Mapping[str, str], wall: float) -> float:
    """Seconds by which our clock, at *wall*, is ahead of the one that wrote `Date`; 0 where there is none."""
    theirs = parse_http_date(headers.get("Date", ""))
    return 0.0 if theirs is None else wall - theirs
