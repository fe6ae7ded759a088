"""A pretend vendor behind the public methods of `Cloud`, with its own truth and faults on demand."""

import asyncio
import itertools
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from typing_extensions import override

from probe.cloud import (
    MARK_AGENT,
    Capability,
    Cloud,
    Created,
    Handle,
    Leftover,
    Order,
    Pace,
    Progress,
    VendorComplaint,
    Verdict,
    View,
)
from probe.model.clock import Clock
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Fact, Stopwatch


@dataclass(slots=True)
class Faults:
    """What goes wrong, until it is changed back.

    Attributes:
        create: raised instead of an answer to a create.
        lose_answer: raised after a create that was done.
        hold: what a create waits for before anything is done.
        hang_create: whether a create is never answered, though it is done.
        delete: raised, one after the other, instead of an answer to a delete; then deletes work.
        delete_lies: whether deletes are acknowledged and not done.
        inspect: raised, one after the other, instead of an answer to an inspect.
        inventory: raised instead of an answer to a list.
        ignore_filters: whether the list shows everything, whatever was asked for.
        lose_marks: whether what is created carries no marks.
        residuals: raised instead of an answer to a list of leftovers.
        delete_residual: raised instead of an answer to the delete of a leftover.
        complete: raised by what follows a create.
        account: raised where it must be told which account the credentials open.
        works: what goes on after a create; `progress` says how it stands, look after look, then it is done.
        delete_works: the same for a delete.
    """

    create: ProbeFailed | None = None
    lose_answer: ProbeFailed | None = None
    hold: asyncio.Event | None = None
    hang_create: bool = False
    delete: list[ProbeFailed] = field(default_factory=list)
    delete_lies: bool = False
    inspect: list[ProbeFailed] = field(default_factory=list)
    inventory: ProbeFailed | None = None
    ignore_filters: bool = False
    lose_marks: bool = False
    residuals: ProbeFailed | None = None
    delete_residual: ProbeFailed | None = None
    complete: ProbeFailed | None = None
    account: ProbeFailed | None = None
    works: tuple[Handle, ...] = ()
    delete_works: tuple[Handle, ...] = ()
    progress: list[Progress] = field(default_factory=list)


class KeptInstances(MutableMapping[str, View]):
    """A vendor's truth in a folder, so that it outlives the process that rents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def __getitem__(self, key: str) -> View:
        try:
            kept = json.loads((self._folder / key).read_text())
        except FileNotFoundError as error:
            raise KeyError(key) from error
        return View(id=key, name=kept["name"], state=InstanceState(kept["state"]), marks=kept["marks"])

    def __setitem__(self, key: str, view: View) -> None:
        kept = {"name": view.name, "state": view.state, "marks": dict(view.marks)}
        (self._folder / key).write_text(json.dumps(kept))

    def __delitem__(self, key: str) -> None:
        (self._folder / key).unlink()

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self)


class FakeCloud(Cloud):
    """A vendor that keeps what it rents in memory.

    Attributes:
        instances: what really exists, by identifier.
        orders: every create that arrived.
        deletes: every identifier whose delete arrived.
        faults: what goes wrong.
        going: seconds between a delete and being gone.
        brings: the kinds of things that come with an instance and stay when it goes.
        lingering: seconds for which they may count as used after that.
        leftovers: those that exist, by identifier.
        cleared: the identifiers of those whose delete arrived.
        opens: the account that its credentials open.
        delay: seconds for which its list may not show what was created.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "acme",
        region: str = "north",
        list_delay: float = 0.0,
        instances: MutableMapping[str, View] | None = None,
    ) -> None:
        self.instances: MutableMapping[str, View] = {} if instances is None else instances
        self.orders: list[Order] = []
        self.deletes: list[str] = []
        self.faults = Faults()
        self.going = 0.0
        self.brings: tuple[str, ...] = ()
        self.lingering = 0.0
        self.leftovers: dict[str, Leftover] = {}
        self.cleared: list[str] = []
        self.opens = "account-1"
        self._time = clock
        self._called = name
        self._where = region
        self.delay = list_delay
        self._ids = itertools.count(1)
        self._shown_from: dict[str, float] = {}
        self._gone_at: dict[str, float] = {}

    @property
    @override
    def name(self) -> str:
        return self._called

    @property
    @override
    def region(self) -> str:
        return self._where

    @property
    @override
    def pace(self) -> Pace:
        return Pace(1.0, 0.05, 10.0)

    @property
    @override
    def not_found_grace(self) -> float:
        return self.delay

    @property
    @override
    def list_delay(self) -> float:
        return self.delay

    @override
    def account(self, key: str) -> str:
        if self.faults.account is not None:
            raise self.faults.account
        return self.opens

    @override
    def has(self, capability: Capability) -> bool:
        return capability is Capability.LIFECYCLE

    @override
    async def authenticate(self, watch: Stopwatch) -> None:
        await asyncio.sleep(0)

    @override
    async def resolve(self, size: str, image: str, watch: Stopwatch) -> tuple[str, str]:
        await asyncio.sleep(0)
        return f"size-{size}", f"image-{image}"

    @override
    async def create(self, order: Order, watch: Stopwatch) -> Created:
        self.orders.append(order)
        await self._time.sleep(0.25)
        if self.faults.hold is not None:
            await self.faults.hold.wait()
        if self.faults.create is not None:
            raise self.faults.create
        view = self.put(name=order.name, marks={} if self.faults.lose_marks else order.marks)
        if self.faults.hang_create:
            await asyncio.Event().wait()
        if self.faults.lose_answer is not None:
            raise self.faults.lose_answer
        watch.facts[Fact.REQUEST_ID] = f"req-{view.id}"
        return Created(id=view.id, handles=self.faults.works)

    @override
    async def complete(self, created: Created, watch: Stopwatch) -> Created:
        if self.faults.complete is not None:
            raise self.faults.complete
        await asyncio.sleep(0)
        return created

    @override
    async def follow(self, handles: Sequence[Handle], watch: Stopwatch) -> Progress:
        await self._time.sleep(0.01)
        return self.faults.progress.pop(0) if self.faults.progress else Progress()

    @override
    async def inspect(self, instance_id: str, watch: Stopwatch, *, addresses: bool = False) -> View | None:
        await self._time.sleep(0.01)
        if self.faults.inspect:
            raise self.faults.inspect.pop(0)
        self._settle()
        return self.instances.get(instance_id)

    @override
    async def delete(self, instance_id: str, watch: Stopwatch) -> tuple[Handle, ...]:
        self.deletes.append(instance_id)
        await self._time.sleep(0.1)
        if self.faults.delete:
            raise self.faults.delete.pop(0)
        if not self.faults.delete_lies and instance_id in self.instances:
            self._gone_at.setdefault(instance_id, self._time.now() + self.going)
        watch.facts[Fact.REQUEST_ID] = f"req-delete-{instance_id}"
        self._settle()
        return self.faults.delete_works

    @override
    async def inventory(
        self, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[View]:
        await self._time.sleep(0.05)
        if self.faults.inventory is not None:
            raise self.faults.inventory
        self._settle()
        wanted = dict(marks or {})
        return [
            view
            for view in self.instances.values()
            if self._time.now() >= self._shown_from.get(view.id, 0.0)
            and (everything or self.faults.ignore_filters or self._matches(view, wanted))
        ]

    @property
    @override
    def residual_kinds(self) -> tuple[str, ...]:
        return self.brings

    @property
    @override
    def residual_delay(self) -> float:
        return self.lingering

    @override
    async def residuals(
        self, kind: str, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[Leftover]:
        await self._time.sleep(0.05)
        if self.faults.residuals is not None:
            raise self.faults.residuals
        self._settle()
        wanted = dict(marks or {})
        shown = [one for one in self.leftovers.values() if one.kind == kind]
        return [one for one in shown if everything or self._matches(one, wanted)]

    @override
    async def delete_residual(self, kind: str, residual_id: str, watch: Stopwatch) -> None:
        self.cleared.append(residual_id)
        await self._time.sleep(0.05)
        if self.faults.delete_residual is not None:
            raise self.faults.delete_residual
        self.leftovers.pop(residual_id, None)

    def leave(self, kind: str, *, marks: Mapping[str, str] | None = None, age: float = 0.0, name: str = "") -> Leftover:
        """Let something exist that may come with an instance."""
        wall = self._time.wall() - age
        one = Leftover(
            kind=kind, id=f"{kind}-{next(self._ids)}", name=name, marks=dict(marks or {}), created_at=wall, free=True
        )
        self.leftovers[one.id] = one
        return one

    def put(
        self,
        *,
        name: str,
        marks: Mapping[str, str] | None = None,
        state: InstanceState = InstanceState.READY,
    ) -> View:
        """Let an instance exist from now on."""
        view = View(
            id=f"i-{self.name}-{os.getpid()}-{next(self._ids)}",
            name=name,
            state=state,
            addresses=("127.0.0.1",),
            marks=dict(marks or {}),
            created_at=self._time.wall(),
            attached={kind: (self.leave(kind, marks=marks).id,) for kind in self.brings},
        )
        self.instances[view.id] = view
        self._shown_from[view.id] = self._time.now() + self.delay
        return view

    def change(self, instance_id: str, *, state: InstanceState) -> None:
        """Let an instance be in another state."""
        self.instances[instance_id] = replace(self.instances[instance_id], state=state)

    def _settle(self) -> None:
        """Let go what is due."""
        for instance_id, moment in list(self._gone_at.items()):
            if self._time.now() >= moment:
                del self._gone_at[instance_id]
                del self.instances[instance_id]

    @staticmethod
    def _matches(view: View | Leftover, wanted: Mapping[str, str]) -> bool:
        return MARK_AGENT in view.marks and wanted.items() <= view.marks.items()


def complaint(verdict: Verdict, status: int, detail: str = "no") -> VendorComplaint:
    """What a vendor complains about."""
    return VendorComplaint(verdict, detail, code="Code", status=status, request_id="req-1")


def failure(outcome: Outcome, detail: str = "no answer") -> ProbeFailed:
    """What the wire tells when there was no answer."""
    return ProbeFailed(outcome, detail)
