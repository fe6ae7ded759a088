"""Rents an instance, waits until it is of use, gives it back and makes sure that it is gone."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from probe.cloud import Capability, Cloud, Seen, VendorEntry, View, has_address, is_ready, poll
from probe.model.clock import Clock
from probe.model.job import Detail
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.phase import LIFECYCLE_PHASES, Milestone, Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.probes.checking import VENDOR_OUTCOMES
from probe.probes.fields import Duration, Shape
from probe.probes.kind import Complaint, Surroundings
from probe.probes.reaching import Door, reach
from probe.probes.vendors import the_cloud
from probe.rental import Rental, Renter
from probe.wire import Wire

SSH_PORT: Final = 22


def _door(value: object) -> object:
    if isinstance(value, Door):
        return value
    if value == "ssh":
        return Door(SSH_PORT, banner=True)
    if isinstance(value, dict) and len(value) == 1 and (word := next(iter(value))) in {"tcp", "ssh"}:
        port = value[word]
        if isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65_536:  # noqa: PLR2004 - 16 bits
            return Door(port, banner=word == "ssh")
    raise ValueError("must be {tcp: PORT}, {ssh: PORT} or ssh")


_PORT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": 65_535}
DoorField = Annotated[
    Door,
    BeforeValidator(_door),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "ssh"},
                *(
                    {"type": "object", "properties": {word: _PORT}, "required": [word], "additionalProperties": False}
                    for word in ("tcp", "ssh")
                ),
            ]
        }
    ),
]


class LifecycleOptions(Shape):
    """What is rented, and how far it is followed."""

    size: str = Field(
        min_length=1,
        description="the instance's size: an alias of the vendor's file, or the vendor's own word",
        examples=["small"],
    )
    image: str = Field(
        min_length=1,
        description="the image it starts from: an alias of the vendor's file, or the vendor's own word",
        examples=["debian-12"],
    )
    reach: DoorField | None = Field(
        None,
        description="where it has to answer before it counts as usable; off by default, because default security "
        "groups close every port; needs the vendor's `network:` options",
        examples=[{"tcp": 22}, "ssh"],
    )
    user_data: str = Field("", max_length=16_384, description="what cloud-init is told")
    delete_deadline: Duration = Field(
        300.0, description="the second budget: how long deleting may take, from the delete call on", examples=["5m"]
    )
    poll_grace: Duration = Field(
        30.0, description="how long every poll may fail before the last one's failure decides", examples=["30s"]
    )


class LifecycleProbe:
    """One instance, from its order to the certainty that it is gone."""

    kind: ClassVar[str] = "lifecycle"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.AUTH, *LIFECYCLE_PHASES)
    outcomes: ClassVar[frozenset[Outcome]] = VENDOR_OUTCOMES | {Outcome.CAPACITY, Outcome.QUOTA, Outcome.LEAKED}
    Options: ClassVar[type[BaseModel]] = LifecycleOptions
    Place: ClassVar[type[BaseModel] | None] = None
    renting: ClassVar[bool] = True
    detail: ClassVar[Detail] = Detail.FULL

    def __init__(
        self, options: LifecycleOptions, cloud: Cloud, renter: Renter | None, wire: Wire, clock: Clock
    ) -> None:
        self._options = options
        self._cloud = cloud
        self._renter = renter
        self._wire = wire
        self._clock = clock

    @classmethod
    def build(cls, options: LifecycleOptions, place: None, surroundings: Surroundings) -> Self:
        """Make the probe of one vendor."""
        del place  # the vendor is the place
        return cls(options, the_cloud(surroundings), surroundings.renter, surroundings.wire, surroundings.clock)

    @classmethod
    def complaints(cls, options: LifecycleOptions, vendor: VendorEntry | None) -> Sequence[Complaint]:
        """Whether instances can be rented from that vendor, and be reached if they are to be."""
        if vendor is None:
            return ()
        if not vendor.file.has(Capability.LIFECYCLE):
            problem = f"{vendor.file.vendor} rents no instances that we know how to order"
            return (((), problem, f"remove {vendor.name} from this probe's vendors"),)
        return () if options.reach is None else _reach_complaints(vendor)

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Rent, wait, give back, make sure.

        However it ends, what was rented is given back or in the hands of the sweeper.

        Raises:
            ProbeFailed: the vendor let us down; the first failure decides.
            RunSkipped: a guard forbids to rent.
        """
        if self._renter is None:
            raise RunSkipped(Skip.BREAKER, "nothing is rented without a ledger, and there is none; the log says why")
        rental = await self._renter.rent(
            target.probe,
            watch.run_id,
            self._options.size,
            self._options.image,
            watch,
            user_data=self._options.user_data,
        )
        async with rental:
            await self._follow(rental, watch)
            watch.next_budget(self._options.delete_deadline)
            await rental.give_back(watch)
            await self._confirm_gone(rental, watch)

    async def _follow(self, rental: Rental, watch: Stopwatch) -> None:
        """Wait until the instance is of use: provision, address, reach."""
        watch.enter(Phase.PROVISION)
        seen = await self._poll(rental, watch, is_ready)
        ready = _account(watch, Phase.PROVISION, seen, rental.accepted)
        watch.milestones[Milestone.ACTIVE] = ready - rental.ordered
        seen, addressed = await self._address(rental, watch, seen, ready)
        if self._options.reach is not None and seen.view is not None:
            await self._reach(rental, self._options.reach, seen.view.addresses[0], watch, addressed)

    async def _address(self, rental: Rental, watch: Stopwatch, seen: Seen, ready: float) -> tuple[Seen, float]:
        """Wait until it has an address, and when that was.

        What was there at the same look as its readiness took no time that anybody could see: 0, give or take what is
        known of readiness. Left out, it would leave the slow ones alone in the figures.
        """
        watch.enter(Phase.ADDRESS)
        if seen.view is not None and seen.view.addresses:
            watch.add(Phase.ADDRESS, 0.0, resolution=watch.resolution[Phase.PROVISION])
            return seen, ready
        seen = await self._poll(rental, watch, has_address)
        return seen, _account(watch, Phase.ADDRESS, seen, ready)

    async def _poll(self, rental: Rental, watch: Stopwatch, decide: Callable[[View | None], bool]) -> Seen:
        return await poll(
            lambda: rental.inspect(watch.aside()),
            decide,
            watch,
            self._clock,
            self._cloud.pace,
            self._options.poll_grace,
            missing_grace=max(0.0, self._cloud.not_found_grace - (self._clock.now() - rental.accepted)),
        )

    async def _reach(self, rental: Rental, door: Door, host: str, watch: Stopwatch, since: float) -> None:
        watch.enter(Phase.REACH)
        seen = await reach(host, door, watch, self._wire, self._clock, self._cloud.pace)
        reached = _account(watch, Phase.REACH, seen, since)
        watch.milestones[Milestone.REACHABLE] = reached - rental.ordered

    async def _confirm_gone(self, rental: Rental, watch: Stopwatch) -> None:
        """Wait until it is gone; if the budget ends first though the vendor could be asked, it leaked."""
        try:
            budget = self._options.delete_deadline
            await rental.confirm_gone(watch, poll_grace=self._options.poll_grace, budget=budget)
        except asyncio.CancelledError:
            if not watch.overdue or watch.standing is not None:
                raise
            seconds = self._options.delete_deadline
            detail = f"its deletion was acknowledged, and after {seconds:g} s it is still there"
            await rental.mark_leaked(detail)
            raise ProbeFailed(Outcome.LEAKED, detail, phase=Phase.GONE) from None


def _account(watch: Stopwatch, phase: Phase, seen: Seen, since: float) -> float:
    """Account *phase*, which began at *since*; the moment at which it ended, as well as we know."""
    seconds, resolution = seen.since(since)
    watch.add(phase, seconds, resolution=resolution)
    return since + max(0.0, seconds)


def _reach_complaints(vendor: VendorEntry) -> Sequence[Complaint]:
    if not vendor.file.has(Capability.REACH):
        return ((("reach",), f"instances of {vendor.file.vendor} cannot be reached", "remove it"),)
    lacking = [name for name in vendor.file.network.reach_needs if name not in vendor.network]
    if not lacking:
        return ()
    remedy = f"write under vendors.{vendor.name}.network: {', '.join(lacking)}"
    return ((("reach",), "the vendor's default security group closes every port", remedy),)
