"""Finds what nobody uses any more, proves that it is ours, and gives it back."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from probe.cloud import Capability, Cloud
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.rental.census import take_census
from probe.rental.clearing import Clearing
from probe.rental.evidence import Action, Evidence, Result, SweepItem, claim_on
from probe.rental.inquiry import elsewhere, inquire
from probe.rental.patience import TROUBLE, Patience
from probe.rental.plan import draw_up
from probe.rental.strays import Strays
from probe.store import SameAccount, Store

_log: Final = logging.getLogger(__name__)

_STANDING: Final = frozenset({Result.REPORTED, Result.WAITING, Result.LEAKED})
"""Results that come again with every sweep: the log tells them once."""

_AT_ONCE: Final = 4
"""Items of one vendor entry that are carried out side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """What a sweep would do.

    Attributes:
        items: everything that nobody uses, and what is to be done about it.
        failures: why no plan could be made, for the vendor entries where that is so, by name.
        accounts: what the ledger calls the same account, where it has several words for it.
    """

    items: Sequence[SweepItem] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    accounts: Sequence[SameAccount] = ()

    def of(self, action: Action) -> Sequence[SweepItem]:
        """The items with that *action*."""
        return [item for item in self.items if item.action is action]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStep:
    """What became of one item.

    Attributes:
        item: the item.
        result: what became of it.
        detail: a word about it for people.
    """

    item: SweepItem
    result: Result
    detail: str

    @property
    def news(self) -> tuple[str, ...]:
        """What makes it differ from what the last sweep told."""
        return (self.item.vendor, self.item.instance_id, self.item.name, self.result)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """What a sweep did.

    Attributes:
        steps: what became of each item, in the order in which they ended.
        failures: why nothing was done, for the vendor entries where that is so, by name.
    """

    steps: Sequence[SweepStep] = ()
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every vendor entry was swept and nothing that was to go is still there."""
        return not self.failures and not any(step.result in {Result.LEAKED, Result.FAILED} for step in self.steps)

    def count(self, result: Result, vendor: str | None = None) -> int:
        """How many items ended as *result*, of *vendor* or of all."""
        return sum(step.result is result and vendor in {None, step.item.vendor} for step in self.steps)

    def __str__(self) -> str:
        counts = Counter(step.result for step in self.steps)
        parts = [f"{count} {result}" for result, count in sorted(counts.items())]
        parts += [f"{vendor} failed: {why}" for vendor, why in self.failures.items()]
        return ", ".join(parts) or "nothing to do"


OnStep = Callable[[SweepStep, int, int], None]
"""Told of each item that ended, how many have ended, and how many there are."""


class Sweeper:
    """Sweeps several vendor entries; a vendor that fails does not keep it from the others.

    Args:
        clouds: the vendor entries.
        store: where the ledger is.
        clock: for pauses and records.
        meter: counts sweeps and what they did.
        patience: how long to wait for what.
    """

    def __init__(
        self, clouds: Iterable[Cloud], store: Store, clock: Clock, meter: Meter, patience: Patience | None = None
    ) -> None:
        self._clouds = _renting(clouds)
        self._leaving: Mapping[str, Cloud] = {}
        self._store = store
        self._clock = clock
        self._meter = meter
        self._patience = patience or Patience()
        self._one_at_a_time = asyncio.Lock()
        self._strays = Strays(store, clock, meter)
        self._told: set[tuple[str, ...]] = set()
        self._failing: frozenset[tuple[str, str]] = frozenset()

    def replace(self, clouds: Iterable[Cloud], leaving: Iterable[Cloud] = ()) -> None:
        """Sweep *clouds* from the next sweep on, and those of *leaving* for which a lease is open, while it is."""
        self._clouds = _renting(clouds)
        self._leaving = {name: cloud for name, cloud in _renting(leaving).items() if name not in self._clouds}

    async def owed(self) -> Sequence[Lease]:
        """The open leases that are ours to give back: this process's own, and those that nobody uses.

        Raises:
            StoreFailed: the ledger cannot be read.
        """
        now, store = self._clock.wall(), self._store
        await store.backlog.catch_up()
        owner_alive = await store.roll_call()
        places = {(cloud.name, cloud.region): cloud for cloud in (*self._clouds.values(), *self._leaving.values())}
        return [
            lease
            for lease in await store.ledger.open_leases()
            if (cloud := places.get((lease.vendor, lease.region))) is not None
            and _within_reach(cloud, store, lease)
            and (lease.owner == store.owner or claim_on(lease, now, owner_alive))
        ]

    async def exhaust(self, pause: float) -> None:
        """Sweep, with *pause* seconds in between, until nothing is owed; the caller has only so much patience.

        Raises:
            StoreFailed: the ledger cannot be read.
        """
        while await self.owed():
            await self.sweep()
            await self._clock.sleep(pause)

    async def plan(
        self, *, wide: bool = True, also: frozenset[str] = frozenset(), same_account: bool = False
    ) -> SweepPlan:
        """What a sweep would do; changes nothing but what a run of this process could not write down.

        *wide* also looks at what does not carry our mark, so that look-alikes are reported. The ids in *also* count as
        if they had been adopted. *same_account*: somebody says that each vendor entry opens the account that all its
        open leases were rented from.

        Raises:
            StoreFailed: the ledger cannot be read.
        """
        await self._store.backlog.catch_up()
        held = await self._store.ledger.open_leases()
        clouds = self._concerned(held)
        items: list[SweepItem] = [_homeless(lease) for lease in held if lease.vendor not in clouds]
        accounts: list[SameAccount] = []
        failures: dict[str, str] = {}

        async def ask(cloud: Cloud) -> None:
            evidence = await inquire(
                cloud, self._store, self._clock, self._patience, wide=wide, also=also, same_account=same_account
            )
            items.extend(draw_up(evidence))
            accounts.extend(_renamed(evidence))

        await _side_by_side({name: ask(cloud) for name, cloud in clouds.items()}, failures)
        return SweepPlan(items=tuple(items), failures=failures, accounts=tuple(accounts))

    async def carry_out(self, plan: SweepPlan, on_step: OnStep | None = None) -> SweepReport:
        """Do what *plan* says, looking again at everything before it is touched.

        Raises:
            StoreFailed: the ledger cannot be written; nothing was done.
        """
        for same in plan.accounts:
            await self._store.accounts.unite(same)
        steps: list[SweepStep] = []
        failures = dict(plan.failures)

        def ended(step: SweepStep) -> None:
            steps.append(step)
            if on_step is not None:
                on_step(step, len(steps), len(plan.items))

        clouds = self._concerned(plan.items)
        async with self._one_at_a_time:
            work = {name: self._clear(cloud, plan, ended) for name, cloud in clouds.items()}
            await _side_by_side(work, failures)
        for item in plan.items:
            if item.vendor not in clouds:
                ended(SweepStep(item=item, result=Result.REPORTED, detail=item.reason))
        report = SweepReport(steps=tuple(steps), failures=failures)
        self._meter.sweep("ok" if report.ok else "failed")
        return report

    async def sweep(self) -> SweepReport:
        """Plan and carry out; what is not ours is left alone and told in the log.

        Raises:
            StoreFailed: the ledger cannot be read.
        """
        report = await self.carry_out(await self.plan(wide=False))
        for step in self._news(report.steps):
            item = step.item
            _log.log(_level(step), "sweep of %s: %s %s: %s", item.vendor, item.name, step.result, step.detail)
        for vendor, why in sorted(report.failures.items() - self._failing):
            _log.warning("sweep of %s failed: %s", vendor, why)
        self._failing = frozenset(report.failures.items())
        return report

    async def patrol(self, every: float) -> None:
        """Sweep now and again *every* so many seconds, for ever."""
        while True:
            try:
                await self.sweep()
            except TROUBLE as error:
                self._meter.sweep("failed")
                if ("", str(error)) not in self._failing:
                    _log.error("the sweep failed: %s", error)
                self._failing = frozenset({("", str(error))})
            await self._clock.sleep(every)

    def _news(self, steps: Sequence[SweepStep]) -> Sequence[SweepStep]:
        """What is worth a line: what was done, and what could not be, but not what was said after the last sweep."""
        standing = {step.news for step in steps if step.result in _STANDING}
        news = [step for step in steps if step.result is not Result.SETTLED and step.news not in self._told]
        self._told = standing
        return news

    async def _clear(self, cloud: Cloud, plan: SweepPlan, ended: Callable[[SweepStep], None]) -> None:
        """Carry out the items of one vendor entry, some side by side."""
        clearing = Clearing(cloud, self._store, self._clock, self._meter, self._patience, self._strays)
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(item: SweepItem) -> None:
            async with places:
                try:
                    result, detail = await clearing.carry_out(item)
                except TROUBLE as error:
                    result, detail = Result.FAILED, str(error)
            ended(SweepStep(item=item, result=result, detail=detail))

        async with asyncio.TaskGroup() as group:
            for item in plan.items:
                if item.vendor == cloud.name:
                    group.create_task(one(item))
        kinds = cloud.residual_kinds
        await take_census(self._store, self._meter, self._clock, cloud.name, cloud.region, kinds)

    def _concerned(self, things: Iterable[Lease | SweepItem]) -> Mapping[str, Cloud]:
        """Whom a sweep speaks to: of those that are leaving, whom one of *things* is at."""
        owing = {thing.vendor for thing in things}
        return self._clouds | {name: cloud for name, cloud in self._leaving.items() if name in owing}


def _renting(clouds: Iterable[Cloud]) -> dict[str, Cloud]:
    """Those that can rent at all, by name."""
    return {cloud.name: cloud for cloud in clouds if cloud.has(Capability.LIFECYCLE)}


def _within_reach(cloud: Cloud, store: Store, lease: Lease) -> bool:
    """Whether something may be learnt of *lease* from here, as far as that can be told now."""
    try:
        return not elsewhere(cloud, store, lease.account)
    except ProbeFailed:
        return True


def _renamed(evidence: Evidence) -> Iterable[SameAccount]:
    if evidence.same:
        yield SameAccount(evidence.vendor, evidence.region, evidence.account, frozenset(evidence.same))


def _homeless(lease: Lease) -> SweepItem:
    return SweepItem(
        vendor=lease.vendor,
        region=lease.region,
        instance_id=lease.instance_id,
        name=lease.key,
        lease=lease.key,
        age=None,
        action=Action.REPORT,
        reason=f"{lease.vendor} is not swept: it left the configuration, lacks its secrets, or was not asked for",
    )


async def _side_by_side(work: Mapping[str, Coroutine[Any, Any, None]], failures: dict[str, str]) -> None:
    """Run one job for each vendor entry to its end; what failed is told by name, and keeps no other from its end."""
    results = await asyncio.gather(*work.values(), return_exceptions=True)
    for name, result in zip(work, results, strict=True):
        if isinstance(result, TROUBLE):
            failures[name] = str(result)
        elif isinstance(result, Exception):
            _log.error("the sweep of %s has a bug", name, exc_info=result)
            failures[name] = f"bug: {result!r}"
        elif isinstance(result, BaseException):
            raise result


def _level(step: SweepStep) -> int:
    if step.result in {Result.LEAKED, Result.FAILED}:
        return logging.ERROR
    return logging.WARNING if step.result is Result.REPORTED else logging.INFO
