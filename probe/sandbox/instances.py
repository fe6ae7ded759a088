"""What a pretend vendor has rented out, and the truth about when each thing happened.

States follow from planned moments and the clock, so a state changes exactly when it was planned, whoever looks.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probe.model.clock import Clock

_REMEMBERED: Final = 5_000
"""Instances that are kept after they are gone, so that the truth can still be asked for."""


class Life(StrEnum):
    """The states of an instance; a vendor's data file has its own words for them."""

    WAITING = "waiting"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    DELETING = "deleting"
    DELETED = "deleted"
    GONE = "gone"


@dataclass(slots=True, kw_only=True)
class Instance:
    """Something rented out. All moments are seconds on the sandbox's clock, infinite if they never come.

    Attributes:
        instance_id: the vendor's identifier.
        name: as ordered.
        size: as ordered.
        image: as ordered.
        marks: tags or metadata as ordered, by key.
        tags: bare tags as ordered.
        token: the order's idempotency token.
        address: where it answers.
        accepted: when it was ordered.
        accepted_wall: the same, seconds since 1970.
        ready: when it becomes (or became) ready.
        fails: when it ends in the error state.
        reason: why it failed.
        code: the same in a word.
        reachable: when its port answers.
        vanishes: when it is gone without having been deleted.
        found_from: when asking for it by its id finds it.
        listed_from: when it appears in lists.
        delete_asked: when deletion was asked for and taken up.
        deleted: when it is deleted.
        lingers: seconds that it can still be seen as deleted.
        haunts: seconds that it stays in lists after it is deleted, looking as before.
        belongings: identifiers of what came with it, by kind.
        plan: of one that waits until it is started: seconds from then until it is ready, fails and is reachable.
    """

    instance_id: str
    name: str
    size: str = ""
    image: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    token: str = ""
    address: str = ""
    accepted: float = 0.0
    accepted_wall: float = 0.0
    ready: float = math.inf
    fails: float = math.inf
    reason: str = ""
    code: str = ""
    reachable: float = math.inf
    vanishes: float = math.inf
    found_from: float = -math.inf
    listed_from: float = -math.inf
    delete_asked: float = math.inf
    deleted: float = math.inf
    lingers: float = 0.0
    haunts: float = 0.0
    belongings: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[float, float, float] | None = None

    def hold(self) -> None:
        """Let what was planned wait until it is started."""
        self.plan = self.ready - self.accepted, self.fails - self.accepted, self.reachable - self.accepted
        self.ready = self.fails = self.reachable = math.inf

    def start(self, now: float) -> None:
        """Let what was planned begin at *now*."""
        if self.plan is not None:
            self.ready, self.fails, self.reachable = (now + after for after in self.plan)
            self.plan = None

    def state(self, now: float) -> Life:
        """What it is at *now*."""
        if now >= min(self.vanishes, self.deleted + self.lingers):
            return Life.GONE
        if now >= self.deleted:
            return Life.DELETED
        if now >= self.delete_asked:
            return Life.DELETING
        return self.before_deletion(now)

    def before_deletion(self, now: float) -> Life:
        """What it is, or looks like as a ghost, apart from deletion."""
        if self.plan is not None:
            return Life.WAITING
        if now >= self.fails:
            return Life.FAILED
        return Life.READY if now >= self.ready else Life.BUILDING

    @property
    def gone(self) -> float:
        """When it stops being the customer's."""
        return min(self.vanishes, self.deleted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """When things happened to an instance, on the machine's monotonic clock; None for what never did or will.

    Attributes:
        accepted: the order was taken.
        ready: it became ready.
        reachable: its port began to answer.
        delete_asked: its deletion was taken up.
        gone: it stopped being the customer's.
    """

    accepted: float
    ready: float | None
    reachable: float | None
    delete_asked: float | None
    gone: float | None


def truth(instance: Instance) -> Truth:
    """The truth about *instance*."""

    def known(moment: float) -> float | None:
        return moment if math.isfinite(moment) else None

    return Truth(
        accepted=instance.accepted,
        ready=known(instance.ready),
        reachable=known(instance.reachable),
        delete_asked=known(instance.delete_asked),
        gone=known(instance.gone),
    )


class Instances:
    """The instances of one vendor; up to *remembered* are kept after they are gone."""

    def __init__(self, clock: Clock, remembered: int = _REMEMBERED) -> None:
        self._clock = clock
        self._remembered = remembered
        self._all: dict[str, Instance] = {}

    def add(self, instance: Instance) -> None:
        """Take *instance* on; forget the oldest of those long gone."""
        self._all[instance.instance_id] = instance
        if len(self._all) > self._remembered:
            now = self._clock.now()
            past = (key for key, other in self._all.items() if other.state(now) is Life.GONE)
            oldest = next(past, None)
            if oldest is not None:
                del self._all[oldest]

    def known(self, instance_id: str) -> Instance | None:
        """The instance with that id, gone or not, hidden or not: for the truth."""
        return self._all.get(instance_id)

    def find(self, instance_id: str) -> Instance | None:
        """The instance with that id, as the vendor's API finds it."""
        instance, now = self._all.get(instance_id), self._clock.now()
        if instance is None or instance.state(now) is Life.GONE or now < instance.found_from:
            return None
        return instance

    def listing(self) -> Iterator[tuple[Instance, Life]]:
        """What the vendor's list shows, with the state it shows; oldest first."""
        now = self._clock.now()
        for instance in self._all.values():
            if now < instance.listed_from:
                continue
            state = instance.state(now)
            if state in {Life.DELETED, Life.GONE} and now < instance.gone + instance.haunts:
                yield instance, instance.before_deletion(now)
            elif state is not Life.GONE:
                yield instance, state

    def alive(self) -> list[Instance]:
        """What the customer would have to pay for now, and what is only on its way out."""
        now = self._clock.now()
        return [item for item in self._all.values() if now < item.gone]

    def first(self, wanted: Callable[[Instance], bool]) -> Instance | None:
        """The oldest instance alive that is *wanted*."""
        return next((item for item in self.alive() if wanted(item)), None)

    def everything(self) -> list[Instance]:
        """All that are remembered, oldest first."""
        return list(self._all.values())
