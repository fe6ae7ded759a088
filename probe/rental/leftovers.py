"""Gives back what came with an instance and outlived it, and touches none of it that is not proven to be ours."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, MARK_LEASE, Cloud, Leftover, View
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental.audit import Subject, audit
from probe.rental.inquiry import whose
from probe.rental.marks import lease_key
from probe.rental.passing import may_pass
from probe.rental.patience import Patience, in_time
from probe.store import Store

_log: Final = logging.getLogger(__name__)

IN_USE: Final = "something uses it"
_UNPROVEN: Final = (
    "nothing proves that it came with the instance; look at it, and delete it yourself, or put a mark"
    f" {MARK_AGENT} on it that says whose it is"
)
_SKEW: Final = 60.0
"""Seconds by which a vendor's clock may be behind ours: what is older than our order by no more may be ours."""
_SURELY_OLDER: Final = 3600.0
"""Seconds that no clock is wrong by with which a vendor still speaks: what is older by more was there before."""


class _Whose(StrEnum):
    """Whose something is that was attached to our instance, or carries our marks.

    Attributes:
        OURS: it came with the instance.
        THEIRS: somebody attached it: it carries another mark, or was there before our order.
        UNPROVEN: nobody can tell.
    """

    OURS = "ours"
    THEIRS = "theirs"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class _Origin:
    """An instance that is gone, as far as what came with it is concerned.

    Attributes:
        key: of the lease that it was rented under.
        since: when it was ordered, seconds since 1970; None if nobody knows.
        attached: what was attached to it: kind and identifier.
        alone: whether it is the only one of its lease, so that all that carries the lease's marks came with it.
    """

    key: str
    since: float | None
    attached: frozenset[tuple[str, str]]
    alone: bool = True


class Leavings:
    """What came with the instances of one vendor entry.

    Args:
        cloud: the vendor.
        store: where the ledger is.
        clock: for the pauses and the records.
        meter: counts what is deleted and what leaks.
        patience: how long to wait for what.
    """

    def __init__(self, cloud: Cloud, store: Store, clock: Clock, meter: Meter, patience: Patience) -> None:
        self._cloud = cloud
        self._store = store
        self._clock = clock
        self._meter = meter
        self._patience = patience

    async def clear(self, lease: Lease, seconds: float | None = None) -> str:
        """Give back what came with the instance of *lease*, which is gone; a sentence if some of it is still there.

        *seconds* are for all of it, though everything is asked for once; None for what the patience and the vendor's
        file say.

        Raises:
            ProbeFailed: the vendor could not be asked.
            StoreFailed: the ledger could not be read or written.
        """
        noted = await self._store.residuals.of(lease.key)
        attached = frozenset((residual.kind, residual.id) for residual in noted)
        complaint = await self._clear(_Origin(lease.key, lease.intended_at, attached), seconds)
        if not complaint:
            for residual in noted:
                await self._store.residuals.gone(residual, self._clock.wall())
        return complaint

    async def clear_stray(self, view: View, since: float | None) -> str:
        """The same of an instance whose lease we do not know, or know with another instance.

        It was ordered at *since*, seconds since 1970; None if nobody knows.

        Raises:
            ProbeFailed: the vendor could not be asked.
            StoreFailed: the ledger could not be read.
        """
        attached = frozenset((kind, one) for kind, ids in view.attached.items() for one in ids)
        if not attached:
            return ""
        return await self._clear(_Origin(lease_key(view), since, attached, alone=False))

    async def _clear(self, origin: _Origin, seconds: float | None = None) -> str:
        until = self._clock.now() + (self._default if seconds is None else seconds)
        while True:
            left, complaint = await self._once(origin)
            if not left:
                return ""
            if self._clock.now() >= until:
                return f"its instance is gone, and {_named(left)} not: {complaint}"
            await self._clock.sleep(self._patience.pause)

    @property
    def _default(self) -> float:
        return max(self._patience.gone, self._cloud.residual_delay)

    async def delete(self, leftover: Leftover, key: str) -> str:
        """Delete one thing whose proof was looked at; a sentence if the vendor refused for good."""
        subject = Subject(self._cloud.name, self._cloud.region, key, f"{leftover.kind}/{leftover.id}")
        aside = Stopwatch(self._clock)
        try:
            call = self._cloud.delete_residual(leftover.kind, leftover.id, aside)
            await in_time(call, self._patience.call, f"the delete of {leftover.id}")
        except ProbeFailed as error:
            audit("delete", subject, aside, error)
            if may_pass(error):
                return f"not yet: {error.detail}"
            return error.detail
        audit("delete", subject, aside)
        return "acknowledged, and still there"

    async def of_kind(self, kind: str, marks: Mapping[str, str], *, everything: bool) -> Sequence[Leftover]:
        """What the vendor's list shows of a *kind*."""
        listing = self._cloud.residuals(kind, Stopwatch(self._clock), marks, everything=everything)
        return await in_time(listing, self._patience.call, f"the list of {kind} of {self._cloud.name}")

    async def _once(self, origin: _Origin) -> tuple[Sequence[Leftover], str]:
        """Ask for the deletion of all that is there: what was there, and what was said of it last."""
        left: list[Leftover] = []
        complaint = ""
        for leftover, its in await self._found(origin):
            if its is _Whose.THEIRS:
                _log.warning("%s %s was attached to %s: not ours, it stays", leftover.kind, leftover.id, origin.key)
                continue
            left.append(leftover)
            if its is _Whose.UNPROVEN:
                complaint = _UNPROVEN
            elif not leftover.free:
                complaint = IN_USE
            else:
                complaint = await self.delete(leftover, origin.key)
        return left, complaint

    async def _found(self, origin: _Origin) -> Sequence[tuple[Leftover, _Whose]]:
        """All that is there and carries the marks of the lease or was attached to its instance, and whose it is."""
        ours = await whose(self._store)
        found: list[tuple[Leftover, _Whose]] = []
        for kind in self._cloud.residual_kinds:
            known = any(attached == kind for attached, _ in origin.attached)
            for leftover in await self.of_kind(kind, {MARK_AGENT: self._store.agent_id}, everything=known):
                attached = (kind, leftover.id) in origin.attached
                marked = leftover.marks.get(MARK_AGENT) in ours and leftover.marks.get(MARK_LEASE) == origin.key
                if marked and (attached or origin.alone):
                    found.append((leftover, _Whose.OURS))
                elif attached:
                    found.append((leftover, _whose(leftover, origin.since)))
        return found


def _whose(leftover: Leftover, since: float | None) -> _Whose:
    """Whose something is that was attached to our instance, ordered at *since*, and does not carry its marks."""
    if MARK_AGENT in leftover.marks:
        return _Whose.THEIRS
    if leftover.created_at is None or since is None:
        return _Whose.UNPROVEN
    older = since - leftover.created_at
    if older <= _SKEW:
        return _Whose.OURS
    return _Whose.THEIRS if older > _SURELY_OLDER else _Whose.UNPROVEN


def _named(left: Sequence[Leftover]) -> str:
    names = ", ".join(f"{one.kind} {one.id}" for one in left[:3])
    return f"{names} {'is' if len(left) == 1 else 'are'}"
