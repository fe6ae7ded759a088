"""Works: what a vendor that answers before it is done lets one ask about (actions, operations, results)."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from probe.model.clock import Clock
from probe.sandbox.identifiers import Ids, number_of
from probe.sandbox.instances import Instance
from probe.sandbox.points import moment

_REMEMBERED: Final = 5_000


class Stage(StrEnum):
    """How far a work is; a vendor's data file has its own words for them."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Verb(StrEnum):
    """What is being done to an instance."""

    CREATE = "create"
    START = "start"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStyle:
    """How a vendor tells of what it does after it has answered.

    Attributes:
        ids: of works.
        words: its own for how far a work is.
        starts_apart: whether starting an instance is a work of its own after the one that creates it.
        asked_for: whether one can ask about a work, and so learn that a deletion failed.
    """

    ids: Ids
    words: Mapping[Stage, object]
    starts_apart: bool
    asked_for: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something that takes its time. Moments are seconds on the sandbox's clock, infinite if they never come.

    Attributes:
        work_id: the vendor's identifier.
        verb: what is done.
        instance: to which it is done.
        begun: when it was asked for.
        begun_wall: the same, seconds since 1970.
        ends: when it is over.
        code: why it failed, in a word.
        reason: why it failed; empty if it does not.
    """

    work_id: str
    verb: Verb
    instance: Instance
    begun: float
    begun_wall: float
    ends: float
    code: str = ""
    reason: str = ""

    def stage(self, now: float) -> Stage:
        """How far it is at *now*."""
        if now < self.ends:
            return Stage.RUNNING
        return Stage.FAILED if self.reason else Stage.DONE


class Works:
    """The works of one vendor, with its own words for their stages; the newest are remembered."""

    def __init__(self, clock: Clock, style: WorkStyle) -> None:
        self._clock = clock
        self._style = style
        self._all: OrderedDict[str, Work] = OrderedDict()

    def begin(self, verb: Verb, instance: Instance, ends: float, code: str = "", reason: str = "") -> Work:
        """A new work on *instance* that is over at *ends*; it fails if there is a *reason* for it."""
        work = Work(
            work_id=self._style.ids.new(f"{verb}-{instance.name}"),
            verb=verb,
            instance=instance,
            begun=self._clock.now(),
            begun_wall=self._clock.wall(),
            ends=ends,
            code=code,
            reason=reason,
        )
        self._all[work.work_id] = work
        if len(self._all) > _REMEMBERED:
            self._all.popitem(last=False)
        return work

    def find(self, work_id: str) -> Work | None:
        """The work of that identifier."""
        return self._all.get(work_id)

    def of(self, instance: Instance, verb: Verb) -> Work | None:
        """The newest work of that kind on *instance*."""
        works = reversed(self._all.values())
        return next((work for work in works if work.instance is instance and work.verb is verb), None)

    def shown(self, work: Work) -> dict[str, object]:
        """*work* as bodies see it now."""
        now = self._clock.now()
        stage = work.stage(now)
        over = stage is not Stage.RUNNING
        return {
            "id": work.work_id,
            "number": number_of(work.work_id),
            "verb": work.verb.value,
            "creates": work.verb is Verb.CREATE,
            "status": self._style.words[stage],
            "over": over,
            "failed": stage is Stage.FAILED,
            "progress": 100 if over else 0,
            "begun": moment(work.begun_wall),
            "ended": moment(work.begun_wall + work.ends - work.begun) if over else None,
            "code": work.code if stage is Stage.FAILED else None,
            "reason": work.reason if stage is Stage.FAILED else None,
        }
