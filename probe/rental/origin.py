"""Whose something is that was seen attached to an instance of ours and does not carry the marks of its lease."""

from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, Leftover

UNPROVEN: Final = (
    "nothing proves that it came with the instance; look at it, and delete it yourself, or put a mark"
    f" {MARK_AGENT} on it that says whose it is"
)
_SKEW: Final = 60.0
"""Seconds by which a vendor's clock may be behind ours: what is older than our order by no more may be ours."""
_SURELY_OLDER: Final = 3600.0
"""Seconds that no clock is wrong by with which a vendor still speaks: what is older by more was there before."""


class Whose(StrEnum):
    """Whose something is that was attached to our instance, or carries our marks.

    Attributes:
        OURS: it came with the instance.
        THEIRS: somebody attached it: it carries another mark, or was there before our order.
        UNPROVEN: nobody can tell.
    """

    OURS = "ours"
    THEIRS = "theirs"
    UNPROVEN = "unproven"


def came_along(leftover: Leftover, since: float | None) -> Whose:
    """Whose something is that was attached to our instance, ordered at *since*, and does not carry its marks."""
    if MARK_AGENT in leftover.marks:
        return Whose.THEIRS
    if leftover.created_at is None or since is None:
        return Whose.UNPROVEN
    older = since - leftover.created_at
    if older <= _SKEW:
        return Whose.OURS
    return Whose.THEIRS if older > _SURELY_OLDER else Whose.UNPROVEN
