"""Rents from one vendor entry: nothing is ordered that was not written down, and nothing is ordered twice."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

from probe.cloud import Cloud, Created, Order, VendorComplaint, Verdict
from probe.model.clock import Clock
from probe.model.instance import Lease, LeaseState
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import Milestone, Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.rental import steps
from probe.rental.audit import audit
from probe.rental.breaker import closing, failures_of, opening
from probe.rental.census import take_census
from probe.rental.errands import Errands
from probe.rental.finishing import to_the_end
from probe.rental.guards import Guards, Prices, TotalGuards, Wish, admission
from probe.rental.marks import marks_of, new_key
from probe.rental.rental import Rental, ended_by
from probe.rental.spots import Spots
from probe.store import Admit, IntentRefused, Store, StoreFailed
from probe.store.breakers import Turn

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

_UNSENT: Final = frozenset({Outcome.UNRESOLVED, Outcome.REFUSED, Outcome.UNTRUSTED})
"""What fails before a request is sent: without an address, a connection or trust, nothing left."""

_UNSURE: Final = frozenset({408, 409, 425, 499})
"""Refusals that leave open whether the order went through: it timed out, or it exists already (sent on twice by
something between us), or somebody hung up."""

_REFUSED: Final = 400
_FAILED: Final = 500


class Renter:
    """Rents from one vendor entry, within its guards.

    Args:
        cloud: the vendor.
        store: where the ledger is.
        guards: the limits of this vendor entry.
        total: the limits of the agent.
        clock: the clock of the runs.
        meter: counts what is rented.
        prices: what it costs; None if nobody says.
        spots: whether lists are asked for beside the runs, to see whether they know what was just done.
    """

    def __init__(
        self,
        cloud: Cloud,
        store: Store,
        guards: Guards,
        total: TotalGuards | None,
        clock: Clock,
        meter: Meter,
        prices: Prices | None = None,
        *,
        spots: bool = False,
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._guards = guards
        self._total = total
        self._prices = prices or Prices(currency="")
        self._clock = clock
        self._meter = meter
        self._refusing: Skip | None = None
        self._errands = Errands()
        self._spots = Spots(cloud, store.agent_id, clock, meter, lists=spots)

    async def rent(
        self,
        probe: str,
        run_id: str,
        size: str,
        image: str,
        watch: Stopwatch,
        *,
        user_data: str = "",
        network: Mapping[str, Any] | None = None,
    ) -> Rental:
        """Order an instance, once: phase accept, and auth where a token had to be fetched.

        Its intent is on the disk before the create call is sent. Whatever then happens, the lease is crossed out, in
        the hands of the rental that is returned, or handed over to the sweeper.

        Raises:
            RunSkipped: a guard forbids it (quota, budget), or a breaker does: something leaks, the vendor said denied
                or quota a while ago, the ledger cannot be written.
            ProbeFailed: the vendor did not accept, or did not answer.
        """
        now = self._clock.wall()
        held = await self._ask_guards(self._store.ledger.check(self._cloud.name, now, self._admit(size, now)))
        refused = failures_of(held)
        try:
            await self._cloud.authenticate(watch)
            size_id, image_id = await self._cloud.resolve(size, image, watch.aside())
            lease = self._lease(probe, run_id, size)
            order = self._order(lease, size_id, image_id, user_data, network or {})
            return await self._order_it(lease, order, watch, refused)
        except ProbeFailed as error:
            turn = opening(self._cloud.name, error, self._clock.wall(), refused)
            if turn is not None:
                await self._turn(turn)
            raise

    async def _order_it(self, lease: Lease, order: Order, watch: Stopwatch, refused: int) -> Rental:
        """Write the intent down, send the order, and see that whatever comes of it is in somebody's hands.

        *refused*: how many orders in a row were refused before it.
        """
        rental = Rental(
            self._cloud, self._store, self._clock, self._meter, lease, spots=self._spots, errands=self._errands
        )
        await self._intend(rental)
        try:
            await self._create(rental, order, watch)
            self._spots.created(rental.lease, rental.accepted)
            await self._close(refused)
        except BaseException as error:
            await _abandon(rental, error)
            raise
        return rental

    async def _close(self, refused: int) -> None:
        """Close the breaker, if it is open, as it nearly never is: else there is no reason to write."""
        with suppress(StoreFailed):
            if await self._store.breakers.is_open(self._cloud.name):
                await self._turn(closing(refused))

    async def _turn(self, turn: Turn) -> None:
        """Turn the breaker; a disk that fails leaves it as it is: the guards ask it themselves before they admit."""
        with suppress(StoreFailed):
            await to_the_end(self._store.breakers.turn(self._cloud.name, turn))
            await take_census(self._store, self._meter, self._clock, self._cloud.name, self._cloud.region)

    async def _intend(self, rental: Rental) -> None:
        """Write the intent down, if the guards still agree."""
        lease = rental.lease
        try:
            await self._ask_guards(to_the_end(self._write_down(lease)))
        except asyncio.CancelledError:  # it is written down all the same, see `to_the_end`; and nothing was sent
            await rental.void("the run was stopped before it ordered")
            raise

    async def _write_down(self, lease: Lease) -> None:
        try:
            await self._store.ledger.intend(lease, self._admit(lease.size, lease.intended_at))
        except StoreFailed:  # a server may have written it down all the same, and not lived to say so
            never = steps.never_created(lease.intended_at, "the ledger failed before it was ordered")
            self._store.backlog.owe(lease.key, never)
            raise

    async def _ask_guards(self, question: Awaitable[T]) -> T:
        try:
            answer = await question
        except IntentRefused as refused:
            raise self._refused(refused.refusal.reason, refused.refusal.detail) from refused
        except StoreFailed as failed:
            raise self._refused(Skip.BREAKER, f"nothing is rented without a ledger: {failed}") from failed
        if self._refusing is not None:
            _log.info("%s is rented from again", self._cloud.name)
            self._refusing = None
        return answer

    def _refused(self, reason: Skip, detail: str) -> RunSkipped:
        """What a run is skipped for; the log is told when it begins, and not at each slot."""
        if reason is not self._refusing:
            _log.warning("%s is not rented from (%s): %s", self._cloud.name, reason, detail)
            self._refusing = reason
        return RunSkipped(reason, detail)

    async def _create(self, rental: Rental, order: Order, watch: Stopwatch) -> None:
        """Send the create call, the only time."""
        aside = watch.aside()
        watch.enter(Phase.ACCEPT)
        rental.ordered, waited = self._clock.now(), watch.waited
        try:
            created = await self._cloud.create(order, aside)
        except BaseException as error:
            audit("create", rental.subject, aside, error)
            raise
        rental.accepted = self._clock.now()
        # a token that was renewed first is no part of the order, nor is the wait for our own request budget
        rental.ordered += aside.phases.get(Phase.AUTH, 0.0) + watch.waited - waited
        seconds = rental.accepted - rental.ordered
        audit("create", replace(rental.subject, instance_id=created.id), aside)
        _account(watch, aside, seconds, created.id)
        await rental.begin(created.id)
        await self._complete(rental, created, watch)

    async def _complete(self, rental: Rental, created: Created, watch: Stopwatch) -> None:
        """Make the calls that the vendor wants after its create: they are part of its acceptance."""
        aside, began = watch.aside(), self._clock.now()
        try:
            completed = await self._cloud.complete(created, aside)
        except BaseException as error:
            audit("complete", rental.subject, aside, error)
            raise
        rental.follow(completed.handles)
        if completed is not created:
            rental.accepted = self._clock.now()
            watch.add(Phase.ACCEPT, rental.accepted - began)
            watch.milestones[Milestone.ACCEPTED] = rental.accepted - rental.ordered
            audit("complete", rental.subject, aside)

    def _admit(self, size: str, now: float) -> Admit:
        prices = self._prices
        cost = prices.of_lease(size, self._guards.lease)
        wish = Wish(vendor=self._cloud.name, now=now, cost=cost, currency=prices.currency)
        return admission(wish, self._guards, self._total)

    def _lease(self, probe: str, run_id: str, size: str) -> Lease:
        now, prices = self._clock.wall(), self._prices
        return Lease(
            key=new_key(self._store.agent_id),
            vendor=self._cloud.name,
            region=self._cloud.region,
            probe=probe,
            run_id=run_id,
            owner=self._store.owner,
            intended_at=now,
            expires_at=now + self._guards.lease,
            size=size,
            currency=prices.currency,
            price=prices.per_hour.get(size, 0),
            rounds_up_to=prices.rounds_up_to,
            cost=prices.of_lease(size, self._guards.lease),
            account=self._cloud.account(self._store.agent_id),
        )

    def _order(self, lease: Lease, size: str, image: str, user_data: str, network: Mapping[str, Any]) -> Order:
        return Order(
            name=lease.key,
            size=size,
            image=image,
            marks=marks_of(lease, self._store.agent_id),
            user_data=user_data,
            network=network,
            token=lease.key,
        )


def _account(watch: Stopwatch, aside: Stopwatch, seconds: float, instance_id: str) -> None:
    """Put what the create call took into the run's own account."""
    if Phase.AUTH in aside.phases:
        watch.add(Phase.AUTH, aside.phases[Phase.AUTH])
    watch.add(Phase.ACCEPT, seconds)
    watch.milestones[Milestone.ACCEPTED] = seconds
    watch.facts[Fact.INSTANCE] = instance_id
    if Fact.REQUEST_ID in aside.facts:
        watch.facts[Fact.REQUEST_ID] = aside.facts[Fact.REQUEST_ID]


async def _abandon(rental: Rental, error: BaseException) -> None:
    """End a rental whose create call failed: crossed out if it is certain that nothing was made, else handed over."""
    note = ended_by(error)
    if rental.lease.state is LeaseState.INTENDED and _never_created(error):
        await rental.void(note)
    else:
        await rental.hand_over(f"create: {note}")


def _never_created(error: BaseException) -> bool:
    """Whether *error* makes it certain that the vendor made nothing."""
    if isinstance(error, VendorComplaint):
        refused = _REFUSED <= error.status < _FAILED and error.status not in _UNSURE
        return refused and error.verdict is not Verdict.CONFLICT
    return isinstance(error, ProbeFailed) and error.outcome in _UNSENT
