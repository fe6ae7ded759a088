"""One instance from its intent to the certainty that it is gone."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from probe.cloud import Cloud, Handle, VendorComplaint, View, is_gone, poll
from probe.model.clock import Clock
from probe.model.instance import InstanceState, Lease, LeaseState
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.phase import Milestone, Phase
from probe.model.stopwatch import Stopwatch
from probe.rental import steps
from probe.rental.audit import Subject, audit, in_words
from probe.rental.census import KIND, take_census
from probe.rental.errands import Errands
from probe.rental.finishing import to_the_end
from probe.rental.inquiry import elsewhere
from probe.rental.leftovers import Leavings
from probe.rental.passing import may_pass
from probe.rental.patience import TROUBLE, Patience
from probe.rental.spots import Spots
from probe.store import Step, Store, StoreFailed

_log: Final = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 15.0
_READABLE: Final = 300
"""Characters of an error that are kept in the ledger."""


class Rental:
    """What a run holds while it rents: it gives it back, or hands it over to the sweeper.

    As an async context manager it hands over whatever was not given back, however its block ends.

    Attributes:
        lease: as it was last written down.
        ordered: when the create call began, on the run's clock; the origin of the milestones.
        accepted: when its answer was there.
        returned: when the delete call began that the vendor acknowledged; None before.
    """

    def __init__(
        self, cloud: Cloud, store: Store, clock: Clock, meter: Meter, lease: Lease, *, spots: Spots, errands: Errands
    ) -> None:
        self.lease = lease
        self.ordered = 0.0
        self.accepted = 0.0
        self.returned: float | None = None
        self._acknowledged = 0.0
        self._cloud = cloud
        self._store = store
        self._clock = clock
        self._meter = meter
        self._shown: View | None = None
        self._spots = spots
        self._errands = errands
        self._leavings = Leavings(cloud, store, clock, meter, Patience())
        self._clearing = False
        self._works: tuple[Handle, ...] = ()
        self._deletion: tuple[Handle, ...] = ()

    @property
    def instance_id(self) -> str:
        """The vendor's identifier."""
        return self.lease.instance_id

    @property
    def subject(self) -> Subject:
        """What the audit calls it."""
        return Subject(self.lease.vendor, self.lease.region, self.lease.key, self.instance_id)

    async def inspect(self, watch: Stopwatch) -> View | None:
        """How the instance is, with its addresses; None if the vendor does not know it.

        While the vendor still works on the order it is pending, whatever it shows; when that work failed, so has it.

        Raises:
            ProbeFailed: the vendor did not say.
        """
        if self._works:
            progress = await self._cloud.follow(self._works, watch)
            if progress.failure is not None:
                return self._imagined(InstanceState.FAILED, progress.failure)
            self._works = progress.pending
        sent = self._clock.now()
        view = await self._cloud.inspect(self.instance_id, watch, addresses=not self._works)
        self._shown = view or self._shown
        self._spots.looked(self.lease, max(sent, watch.released), known=view is not None)
        if not self._works:
            return view
        if view is None:
            return self._imagined(InstanceState.PENDING)
        return replace(view, state=InstanceState.PENDING) if view.state is InstanceState.READY else view

    def follow(self, works: tuple[Handle, ...]) -> None:
        """Take it from now on that the order is not done before *works* are."""
        self._works = works

    def _imagined(self, state: InstanceState, failure: VendorComplaint | None = None) -> View:
        """An instance that the vendor does not show, in the *state* that its work on the order is in."""
        if failure is None:
            return View(id=self.instance_id, name=self.lease.key, state=state)
        return View(
            id=self.instance_id, name=self.lease.key, state=state, reason=failure.detail, outcome=failure.outcome
        )

    async def begin(self, instance_id: str) -> None:
        """Write down what the vendor called it."""
        await self._record(steps.became_active(instance_id))
        self._meter.resource_created(self.lease.vendor, self.lease.region, KIND)

    async def give_back(self, watch: Stopwatch) -> None:
        """Ask for the deletion until the vendor acknowledges it: phase delete.

        Keeps no deadline: the runner does. What a deadline would mean is in `watch.standing`.

        Raises:
            ProbeFailed: the vendor refused for a reason that does not pass by itself.
        """
        self._spots.ending(self.lease)
        await self._record(steps.deletion_asked(self.instance_id, self._clock.wall()))
        await self._note_attached()
        watch.enter(Phase.DELETE)
        first, waited = self._clock.now(), watch.waited
        pause = _FIRST_PAUSE
        while True:
            aside = watch.aside()
            try:
                await self._delete(aside)
            except ProbeFailed as error:
                if not may_pass(error):
                    raise
                watch.standing = error
                wish = error.retry_after if isinstance(error, VendorComplaint) else None
            else:
                break
            await self._clock.sleep(max(pause, wish or 0.0))  # "retry after 0" is an answer, too
            pause = min(2 * pause, _LONGEST_PAUSE)
        watch.standing = None
        self._acknowledged = self._clock.now()
        self.returned = first + watch.waited - waited  # the wait for our own request budget is no part of it
        watch.add(Phase.DELETE, self._acknowledged - self.returned)

    async def confirm_gone(self, watch: Stopwatch, *, poll_grace: float = 30.0, budget: float = 300.0) -> None:
        """Wait until the vendor says that it does not exist, and settle the lease: phase gone.

        What came with the instance is given back in the background, for what is left of *budget*: seconds from the
        delete call on. The lease is settled then.

        *poll_grace*: seconds for which polls may fail before their failure decides. A deadline that is reached while
        they succeed (`watch.standing` is None) means that it leaked.

        Raises:
            ProbeFailed: the vendor could not be asked.
        """
        watch.enter(Phase.GONE)
        seen = await poll(
            lambda: self._look_for(watch.aside()), is_gone, watch, self._clock, self._cloud.pace, poll_grace
        )
        seconds, resolution = seen.since(self._acknowledged)
        watch.add(Phase.GONE, seconds, resolution=resolution)
        if self.returned is not None:
            watch.milestones[Milestone.GONE] = self._acknowledged + seconds - self.returned
        self._spots.gone(self.lease)
        if self._cloud.residual_kinds:  # looking for them would be part of what the run measures
            self._clearing = True
            since = self._acknowledged if self.returned is None else self.returned
            self._errands.run(self._clear(since + budget - self._clock.now()), f"clear {self.lease.key}")
        else:
            await self.settle()

    async def _clear(self, seconds: float) -> None:
        """Give back what came with the instance, for *seconds*; what is then left is the sweeper's."""
        try:
            complaint = await self._leavings.clear(self.lease, seconds)
        except TROUBLE as error:
            complaint = f"gone; what came with it could not be looked for: {error}"
        if complaint:
            await self.hand_over(complaint[:_READABLE])
        else:
            await self.settle()

    async def _look_for(self, aside: Stopwatch) -> View | None:
        """Whether it is still there; a deletion that the vendor took on and did not do is asked for again."""
        if self._deletion:
            progress = await self._cloud.follow(self._deletion, aside)
            self._deletion = progress.pending
            if progress.failure is not None:
                _log.warning("lease %s: its deletion failed at the vendor: %s", self.lease.key, progress.failure.detail)
                await self._delete(aside)
        return await self._cloud.inspect(self.instance_id, aside)

    async def _note_attached(self) -> None:
        """Write down what came with the instance; should that fail, it is found by its marks or at its deletion."""
        view, self._shown = self._shown, None
        if view is not None and view.attached:
            with suppress(StoreFailed):
                lease = self.lease
                await to_the_end(self._leavings.note(view, lease.key, lease.intended_at, lease.account))

    async def settle(self) -> None:
        """Cross it out: the vendor said that it does not exist, and it is the account that it was rented from."""
        if self.lease.state.settled:
            return
        try:
            other = elsewhere(self._cloud, self._store, self.lease.account)
        except ProbeFailed as error:
            await self.hand_over(f"not found, in an account that nobody can tell: {error.detail}"[:_READABLE])
            return
        if other:
            await self.hand_over("its vendor entry was given the credentials of another account meanwhile")
            return
        await self._record(steps.gone(self._clock.wall()))
        self._meter.resource_deleted(self.lease.vendor, self.lease.region, KIND)

    async def void(self, note: str) -> None:
        """Cross it out: it is certain that the vendor never made it."""
        await self._record(steps.never_created(self._clock.wall(), note))

    async def hand_over(self, note: str) -> None:
        """Leave it to the sweeper; quick, and not cut short by a cancellation."""
        await self._record(steps.handed_over(self._clock.wall(), note))

    async def mark_leaked(self, note: str) -> None:
        """Write down that it was not gone in time after its deletion was asked for; the sweeper keeps trying."""
        if self.lease.state.settled or self.lease.state is LeaseState.LEAKED:
            return
        await self._record(steps.leaked(self._clock.wall(), note))
        self._meter.resource_leaked(self.lease.vendor, self.lease.region, KIND)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spots.ending(self.lease)
        if not (self.lease.state.settled or self.lease.handed_over or self._clearing):
            await self.hand_over(ended_by(error))

    async def _delete(self, aside: Stopwatch) -> None:
        try:
            self._deletion = await self._cloud.delete(self.instance_id, aside)
        except BaseException as error:
            audit("delete", self.subject, aside, error)
            raise
        audit("delete", self.subject, aside)

    async def _record(self, step: Step) -> None:
        """Take a *step*, here and in the ledger.

        A disk that fails does not keep us from giving back what we hold: the step is then taken here, and written down
        with the next one, or by the sweeper.
        """
        await to_the_end(self._write(step))

    async def _write(self, step: Step) -> None:
        try:
            self.lease = await self._store.backlog.take(self.lease.key, step)
        except StoreFailed as error:
            _log.error("lease %s goes on unwritten: %s", self.lease.key, error)
            self.lease = step(self.lease)
        else:
            await take_census(self._store, self._meter, self._clock, self.lease.vendor, self.lease.region)


def ended_by(error: BaseException | None) -> str:
    """Why a run ended without giving back what it rented, for people and of readable length."""
    if error is None:
        return "the run ended"
    if isinstance(error, asyncio.CancelledError):
        return "the run was cut short"
    return " ".join(in_words(error).split())[:_READABLE]
