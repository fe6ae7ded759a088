"""A configuration that was found good: everything the agent is built from, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from probe.model.job import Detail, Objective
from probe.model.ledger import LedgerPlace
from probe.model.target import OWN, Layer, Target
from probe.probes.kind import Kind
from probe.rental.guards import Guards, Prices, TotalGuards
from probe.settings.secrets import Redactor
from probe.settings.shape.agent import Agent
from probe.wire import Trust

if TYPE_CHECKING:  # who has no vendors, or no modules, does without what reads them
    from probe.cloud import VendorEntry, VendorFile
    from probe.probes.blackbox import Blackbox


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTarget:
    """A target of the operator's own: what it is called, and where it is."""

    name: str
    place: BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProbe:
    """One item of `probes:`.

    Attributes:
        name: the `probe` label.
        kind: the class that measures.
        options: what the kind was told, an instance of its `Options`.
        vendors: names of the vendor entries to measure; empty for kinds with targets.
        targets: the operator's own targets; empty for kinds that measure vendors.
        every: seconds from one run to the next.
        deadline: seconds after which a run is a timeout (a lifecycle's until its delete call).
        delete_deadline: seconds that a lifecycle has from its delete call on; 0 for other kinds.
        detail: how many series it exposes.
    """

    name: str
    kind: type[Kind]
    options: BaseModel
    vendors: tuple[str, ...] = ()
    targets: tuple[PlannedTarget, ...] = ()
    every: float
    deadline: float
    delete_deadline: float = 0.0
    detail: Detail = Detail.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One probe on one target; two that are equal need not be rebuilt by a reload.

    Attributes:
        target: the identity of its series, unique in a configuration.
        kind: the class that measures.
        options: what the kind was told.
        place: where the operator's own target is; None for vendors.
        vendor: the vendor entry; None for the operator's own targets.
        every: seconds from one run to the next.
        deadline: seconds after which a run is a timeout.
        delete_deadline: seconds that a lifecycle has from its delete call on; 0 for other kinds.
        renting: whether a run costs money.
        detail: how many series it exposes.
        objective: what it is held to, if anything.
        spec: what is rented, as written (`small/debian-12`), so that like is compared with like.
    """

    target: Target
    kind: type[Kind]
    options: BaseModel
    place: BaseModel | None
    vendor: "VendorEntry | None"
    every: float
    deadline: float
    delete_deadline: float
    renting: bool
    detail: Detail
    objective: Objective | None
    spec: str


class Asked(StrEnum):
    """What a control check asks."""

    GATEWAY = "gateway"
    RESOLVER = "resolver"
    HTTPS = "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCheck:
    """One control check.

    Attributes:
        name: the `check` label, unique.
        asked: what is asked.
        host: where; empty for the gateway.
        port: which port there; 0 for the gateway.
        query: the name that a resolver is asked for.
        trust: whose certificates are believed.
    """

    name: str
    asked: Asked
    host: str = ""
    port: int = 0
    query: str = ""
    trust: Trust = field(default_factory=Trust)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedControls:
    """The control checks.

    Attributes:
        checks: who is asked.
        quorum: how many must fail before it is our network; None for more than half.
        within: seconds that each may take.
        every: seconds between two rounds while all is well.
    """

    checks: tuple[PlannedCheck, ...] = ()
    quorum: int | None = None
    within: float = 1.0
    every: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The whole configuration.

    Attributes:
        path: the file that it was read from.
        agent: the agent itself; `listen` is what $PROBE_LISTEN made of it.
        vendors: the vendor entries by name.
        vendor_files: every vendor file that can be used, by name.
        probes: what is measured, in the order of the file.
        objectives: what probes are held to, by name of the probe.
        guards: limits of what may be rented, for each vendor entry.
        total: the same for all of them together.
        redactor: takes the secrets out of a text.
        blackbox: what `/probe` may do; None if there are no modules.
        controls: the references that tell a vendor that is down from a network of our own that is.
        prices: what the vendor entries cost that say so, by name.
    """

    path: Path
    agent: Agent
    vendors: Mapping[str, "VendorEntry"]
    vendor_files: Mapping[str, "VendorFile"]
    probes: tuple[PlannedProbe, ...]
    objectives: Mapping[str, Objective]
    guards: Guards
    total: TotalGuards
    redactor: Redactor
    blackbox: "Blackbox | None" = None
    controls: PlannedControls = PlannedControls()
    prices: Mapping[str, Prices] = field(default_factory=dict)

    @property
    def ledger(self) -> LedgerPlace | None:
        """Where the ledger is; None if it is in the state folder."""
        said = self.agent.ledger
        return None if said is None else LedgerPlace(url=said.url, password=said.password)

    def expand(self) -> tuple[PlannedJob, ...]:
        """Every probe on every vendor or target it names, in the order of the file."""
        return tuple(job for probe in self.probes for job in self._jobs(probe))

    def without(self, *, vendors: frozenset[str], probes: frozenset[str]) -> "Configuration":
        """This configuration less some *vendors* and *probes*: those whose secrets cannot be read now."""
        left = tuple(
            replace(probe, vendors=tuple(name for name in probe.vendors if name not in vendors))
            for probe in self.probes
            if probe.name not in probes
        )
        kept = {name: entry for name, entry in self.vendors.items() if name not in vendors}
        return replace(self, vendors=kept, probes=left)

    def _jobs(self, probe: PlannedProbe) -> list[PlannedJob]:
        entries = [self.vendors[name] for name in probe.vendors]
        return [
            *(self._job(probe, Target(entry.name, entry.region, probe.name), vendor=entry) for entry in entries),
            *(
                self._job(probe, Target(OWN, "", probe.name, target.name, Layer.SERVICE), place=target.place)
                for target in probe.targets
            ),
        ]

    def _job(
        self,
        probe: PlannedProbe,
        target: Target,
        *,
        vendor: "VendorEntry | None" = None,
        place: BaseModel | None = None,
    ) -> PlannedJob:
        return PlannedJob(
            target=target,
            kind=probe.kind,
            options=probe.options,
            place=place,
            vendor=vendor,
            every=probe.every,
            deadline=probe.deadline,
            delete_deadline=probe.delete_deadline,
            renting=probe.kind.renting,
            detail=probe.detail,
            objective=self.objectives.get(probe.name),
            spec=_spec(probe.options),
        )


def _spec(options: BaseModel) -> str:
    """What is rented; empty for kinds that rent nothing."""
    parts = (getattr(options, name, None) for name in ("size", "image"))
    return "/".join(part for part in parts if isinstance(part, str))


_TAKEN_OVER: Final = frozenset({"grace"})
"""Keys of `agent:` that a running agent reads anew."""


def needs_restart(old: Configuration, new: Configuration) -> tuple[str, ...]:
    """The keys that are otherwise in *new* than in *old*, and that a running agent cannot take over."""
    changed = (key for key in Agent.model_fields if getattr(old.agent, key) != getattr(new.agent, key))
    return tuple(f"agent.{key}" for key in changed if key not in _TAKEN_OVER)
