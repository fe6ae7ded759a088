"""Whose something is that was seen attached to an instance of ours and does not carry the marks of its lease."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, Leftover
from probe.rental.marks import Standing, lease_key, standing
from probe.store import Residual

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
        UNPROVEN: nobody can tell.
        THEIRS: somebody attached it: it carries another mark, or was there before our order.
    """

    OURS = "ours"
    UNPROVEN = "unproven"
    THEIRS = "theirs"


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


def whose_is(shown: Leftover, noted: Sequence[Residual], ours: Collection[str]) -> Whose:
    """Whose something is that was *noted* at instances of ours: that one of them brought it along is enough."""
    found = {_by_note(shown, one, ours) for one in noted}
    return next(whose for whose in Whose if whose in found)  # they stand in this order


def proven(shown: Leftover, residual: Residual, ours: Collection[str]) -> bool:
    """Whether its marks say that it came with the instance that *residual* was noted at."""
    return standing(shown, ours) is Standing.OURS and lease_key(shown) == residual.lease


def _by_note(shown: Leftover, residual: Residual, ours: Collection[str]) -> Whose:
    return Whose.OURS if proven(shown, residual, ours) else came_along(shown, residual.ordered_at)
