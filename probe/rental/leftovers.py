"""Gives back what came with an instance and outlived it, and touches none of it that is not proven to be ours."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from probe.cloud import MARK_AGENT, MARK_LEASE, Cloud, Leftover, View
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental.audit import Subject, audit
from probe.rental.evidence import IN_USE
from probe.rental.inquiry import Exchanged, elsewhere, whose
from probe.rental.origin import UNPROVEN, Whose, came_along
from probe.rental.passing import may_pass
from probe.rental.patience import Patience, in_time
from probe.store import Residual, Store

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Origin:
    """An instance that is gone, as far as what came with it is concerned.

    Attributes:
        key: of the lease that it was rented under.
        since: when it was ordered, seconds since 1970; None if nobody knows.
        attached: what was attached to it: kind and identifier.
        account: of which account it was, as far as that is known and not proven otherwise.
        alone: whether it is the only one of its lease, so that all that carries the lease's marks came with it.
    """

    key: str
    since: float | None
    attached: frozenset[tuple[str, str]]
    account: str
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

    async def note(self, view: View, lease: str, ordered_at: float | None, account: str) -> Sequence[Residual]:
        """Write down what is attached to the instance of *account* that *view* shows, rented under the key *lease*.

        Raises:
            StoreFailed: nothing was written.
        """
        cloud = self._cloud
        noted = [
            Residual(lease, kind, one, view.id, cloud.name, cloud.region, account, ordered_at)
            for kind, ids in view.attached.items()
            for one in ids
        ]
        await self._store.residuals.note(noted, self._clock.wall())
        return noted

    async def clear(self, lease: Lease, seconds: float | None = None) -> str:
        """Give back what came with the instance of *lease*, which is gone; a sentence if some of it is still there.

        *seconds* are for all of it, though everything is asked for once; None for what the patience and the vendor's
        file say.

        Raises:
            ProbeFailed: the vendor could not be asked, or its credentials open another account now than the lease's.
            StoreFailed: the ledger could not be read or written.
        """
        noted = [one for one in await self._store.residuals.of(lease.key) if one.instance_id in {"", lease.instance_id}]
        account = "" if lease.state.settled else lease.account  # what is settled learns nothing of its account any more
        origin = _Origin(lease.key, lease.intended_at, frozenset((one.kind, one.id) for one in noted), account)
        return await self._clear_noted(origin, noted, seconds)

    async def clear_stray(self, key: str, noted: Sequence[Residual]) -> str:
        """The same of an instance whose lease, *key*, we do not know, or know with another instance.

        Raises:
            ProbeFailed: the vendor could not be asked, or its credentials open another account now.
            StoreFailed: the ledger could not be read or written.
        """
        if not noted:
            return ""
        attached = frozenset((one.kind, one.id) for one in noted)
        origin = _Origin(key, noted[0].ordered_at, attached, noted[0].account, alone=False)
        return await self._clear_noted(origin, noted)

    async def _clear_noted(self, origin: _Origin, noted: Sequence[Residual], seconds: float | None = None) -> str:
        """Give it back and cross it out."""
        complaint = await self._clear(origin, seconds)
        if not complaint:
            await self._store.residuals.gone(noted, self._clock.wall())
        return complaint

    async def _clear(self, origin: _Origin, seconds: float | None = None) -> str:
        until = self._clock.now() + (self._default if seconds is None else seconds)
        while True:
            left, complaint = await self._once(origin)
            kinds = Counter(one.kind for one in left)
            self._meter.left_behind(self._cloud.name, self._cloud.region, origin.key, kinds)
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
        except asyncio.CancelledError as error:  # it may have arrived
            audit("delete", subject, aside, error)
            raise
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
        found = await self._found(origin)
        if elsewhere(self._cloud, self._store, origin.account):
            raise Exchanged
        for leftover, its in found:
            if its is Whose.THEIRS:
                _log.warning("%s %s was attached to %s: not ours, it stays", leftover.kind, leftover.id, origin.key)
                continue
            left.append(leftover)
            if its is Whose.UNPROVEN:
                complaint = UNPROVEN
            elif not leftover.free:
                complaint = IN_USE
            else:
                complaint = await self.delete(leftover, origin.key)
        return left, complaint

    async def _found(self, origin: _Origin) -> Sequence[tuple[Leftover, Whose]]:
        """All that is there and carries the marks of the lease or was attached to its instance, and whose it is."""
        ours = await whose(self._store)
        found: list[tuple[Leftover, Whose]] = []
        for kind in self._cloud.residual_kinds:
            known = any(attached == kind for attached, _ in origin.attached)
            for leftover in await self.of_kind(kind, {MARK_AGENT: self._store.agent_id}, everything=known):
                attached = (kind, leftover.id) in origin.attached
                marked = leftover.marks.get(MARK_AGENT) in ours and leftover.marks.get(MARK_LEASE) == origin.key
                if marked and (attached or origin.alone):
                    found.append((leftover, Whose.OURS))
                elif attached:
                    found.append((leftover, came_along(leftover, origin.since)))
        return found


def _named(left: Sequence[Leftover]) -> str:
    names = ", ".join(f"{one.kind} {one.id}" for one in left[:3])
    return f"{names} {'is' if len(left) == 1 else 'are'}"
