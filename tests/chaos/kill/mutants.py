"""Ways of doing it wrong, put in at seams that are there: the harness must find every one of them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import httpx
from typing_extensions import override

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, Cloud, View
from probe.model.instance import Lease
from probe.model.outcome import ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.store import Admit, Step, Store
from probe.store.backlog import Backlog
from probe.wire import Route, Wire
from tests.chaos.kill.ledgers import AGENT


class Mutant(StrEnum):
    """What is done wrong.

    Attributes:
        NONE: nothing.
        LATE_INTENT: the intent is written down after the create.
        RETRIES: a create without an answer is sent again.
        BLIND: the sweeper takes what it does not look at for gone.
        BY_NAME: the sweeper takes a name for a proof.
        CARELESS: the sweeper does not look for what came with an instance.
    """

    NONE = "none"
    LATE_INTENT = "late-intent"
    RETRIES = "retries"
    BLIND = "blind"
    BY_NAME = "by-name"
    CARELESS = "careless"


class LateLedger:
    """A ledger that writes an intent down with the next change."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._kept: list[Lease] = []

    async def intend(self, lease: Lease, admit: Admit | None = None) -> None:
        """Keep *lease* in mind."""
        del admit
        self._kept.append(lease)

    async def change(self, key: str, step: Step) -> Lease:
        """Write down what was kept in mind, and take the step."""
        while self._kept:
            await self._ledger.intend(self._kept.pop())
        changed: Lease = await self._ledger.change(key, step)
        return changed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class RetryingWire(Wire):
    """Sends again what was not answered."""

    @override
    async def send(self, request: httpx.Request, watch: Stopwatch, route: Route, **more: Any) -> httpx.Response:
        try:
            return await super().send(request, watch, route, **more)
        except ProbeFailed:
            return await super().send(request, watch, route, **more)


class BlindCloud(Cloud):
    """Says of every instance that it is gone."""

    @override
    async def inspect(self, instance_id: str, watch: Stopwatch, *, addresses: bool = False) -> View | None:
        return None


class CarelessCloud(Cloud):
    """Knows of nothing that may outlive an instance."""

    @property
    @override
    def residual_kinds(self) -> tuple[str, ...]:
        return ()


class GullibleCloud(Cloud):
    """Takes everything that is called like ours for ours."""

    @override
    async def inspect(self, instance_id: str, watch: Stopwatch, *, addresses: bool = False) -> View | None:
        view = await super().inspect(instance_id, watch, addresses=addresses)
        return None if view is None else _believed(view)

    @override
    async def inventory(
        self, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[View]:
        """The same with our marks on whatever has a name like ours; the list itself is asked for without a filter."""
        del marks, everything
        return [_believed(view) for view in await super().inventory(watch, everything=True)]


def _believed(view: View) -> View:
    if not view.name.startswith("probe-") or MARK_LEASE in view.marks:
        return view
    ours = {MARK_AGENT: AGENT, MARK_LEASE: view.name, MARK_EXPIRES: "1"}
    return dataclasses.replace(view, marks={**view.marks, **ours})


_SWEEPERS: Mapping[Mutant, type[Cloud]] = {
    Mutant.BLIND: BlindCloud,
    Mutant.BY_NAME: GullibleCloud,
    Mutant.CARELESS: CarelessCloud,
}


def wire_of(mutant: Mutant) -> type[Wire]:
    """What speaks to the vendor."""
    return RetryingWire if mutant is Mutant.RETRIES else Wire


def spoil(store: Store, mutant: Mutant) -> None:
    """Give *store* the ledger that *mutant* has."""
    if mutant is Mutant.LATE_INTENT:
        store.ledger = LateLedger(store.ledger)  # type: ignore[assignment]  # it is one, as far as anybody asks
        store.backlog = Backlog(store.ledger)


def swept(clouds: Sequence[Cloud], mutant: Mutant, anew: Callable[[type[Cloud], Cloud], Cloud]) -> Sequence[Cloud]:
    """What the sweeper of *mutant* sees of *clouds*."""
    kind = _SWEEPERS.get(mutant)
    return clouds if kind is None else [anew(kind, cloud) for cloud in clouds]
