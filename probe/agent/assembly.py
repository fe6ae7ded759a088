"""Turns a configuration into what works: clouds, renters, probes, jobs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from probe.model.clock import Clock
from probe.model.job import Job
from probe.model.meter import Meter
from probe.probes.kind import Surroundings
from probe.settings.configuration import Configuration, PlannedJob
from probe.wire import Wire

if TYPE_CHECKING:  # who measures no vendor, or rents nothing, does without the import
    from probe.cloud import Budgets, Cloud, VendorEntry
    from probe.rental import Renter
    from probe.store import Store

LastCreates = Mapping[tuple[str, str], float]
"""By probe and vendor: seconds since 1970."""


class Assembly:
    """What one configuration becomes.

    Attributes:
        configuration: what it was made from.
        clouds: one for each vendor entry, by its name.
        budgets: the request budgets of the vendors' accounts; None as long as there was no vendor.
        jobs: what is to be measured, in the order of the configuration.
    """

    def __init__(
        self,
        configuration: Configuration,
        wire: Wire,
        clock: Clock,
        meter: Meter,
        *,
        store: "Store | None" = None,
        former: "Assembly | None" = None,
        spots: bool = False,
    ) -> None:
        """Put everything together.

        Args:
            configuration: what is wanted.
            wire: speaks to everybody.
            clock: what everything is measured on.
            meter: counts.
            store: where the ledger is; without one, what rents is skipped.
            spots: whether lists are asked for beside what rents, for the metrics.
            former: what an earlier configuration became; a cloud whose entry is unchanged keeps its tokens, and
                every account what is left of its request budget.
        """
        self.configuration = configuration
        self._surroundings = Surroundings(clock, wire)
        self._clock = clock
        self._meter = meter
        self._store = store
        self._spots = spots
        self.budgets: Budgets | None = former.budgets if former else None
        self.clouds: Mapping[str, Cloud] = self._make_clouds(former) if configuration.vendors else {}
        for entry in configuration.vendors.values():
            if _speaks_tls(entry):
                wire.expect(entry.route.trust)
        self.jobs: Sequence[Job] = tuple(self._job(planned) for planned in configuration.expand())

    def _make_clouds(self, former: "Assembly | None") -> "Mapping[str, Cloud]":
        from probe.cloud import Budgets, Cloud  # noqa: PLC0415 - see the top of this file

        budgets = self.budgets = self.budgets or Budgets(self._clock)
        clouds = {
            name: former.clouds[name]
            if former and former.has(entry)
            else Cloud(entry, self._surroundings.wire, self._clock, self._meter, budgets.of(entry))
            for name, entry in self.configuration.vendors.items()
        }
        budgets.agree((cloud.entry, cloud.budget) for cloud in clouds.values())
        return clouds

    def has(self, entry: "VendorEntry") -> bool:
        """Whether just this vendor entry is in it."""
        return self.configuration.vendors.get(entry.name) == entry

    def renting(self) -> frozenset[str]:
        """The vendor entries that something is rented from."""
        return frozenset(job.target.vendor for job in self.jobs if job.renting)

    async def last_creates(self) -> LastCreates:
        """When each renting (probe, vendor) last meant to rent, seconds since 1970, as far as the ledger knows."""
        found: dict[tuple[str, str], float] = {}
        if self._store is None:
            return found
        for target in (job.target for job in self.jobs if job.renting):
            last = await self._store.ledger.last_intent(target.vendor, target.probe)
            if last is not None:
                found[(target.probe, target.vendor)] = last
        return found

    def _job(self, planned: PlannedJob) -> Job:
        probe = planned.kind.build(planned.options, planned.place, self._around(planned.vendor))
        return Job(
            probe=probe,
            target=planned.target,
            every=planned.every,
            deadline=planned.deadline,
            delete_deadline=planned.delete_deadline,
            renting=planned.renting,
            detail=planned.detail,
            objective=planned.objective,
            spec=planned.spec,
            steps=tuple(getattr(probe, "steps", ())),  # only kinds with steps have any
        )

    def _around(self, vendor: "VendorEntry | None") -> Surroundings:
        around = self._surroundings
        if vendor is None:
            return around
        cloud = self.clouds[vendor.name]
        return Surroundings(around.clock, around.wire, cloud, self._renter(cloud))

    def _renter(self, cloud: "Cloud") -> "Renter | None":
        if self._store is None:
            return None
        from probe.rental import Renter  # noqa: PLC0415 - see the top of this file

        guards, total = self.configuration.guards, self.configuration.total
        prices = self.configuration.prices.get(cloud.name)
        return Renter(cloud, self._store, guards, total, self._clock, self._meter, prices, spots=self._spots)


def of_vendors(clouds: "Mapping[str, Cloud]", names: Iterable[str]) -> "list[Cloud]":
    """The clouds with these *names*, as far as they are there."""
    return [clouds[name] for name in names if name in clouds]


def _speaks_tls(entry: "VendorEntry") -> bool:
    """Whether any of its hosts is spoken to by TLS, as far as the configuration says."""
    return not entry.endpoints or any(url.startswith("https:") for url in entry.endpoints.values())
