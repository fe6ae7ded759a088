"""The series of a vendor and region as a whole: its API as we use it, and what we own there."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from probe.exposition import families as names
from probe.exposition.table import Table
from probe.model.job import Job
from probe.model.refusal import Cause
from probe.model.target import Layer

RENTED: Final = "instance"
"""The type of what renting probes rent, announced at 0."""
API_CODES: Final = ("2xx", "4xx", "429", "5xx", "error")
"""The classes of answers that an operation is announced with; others come on first use."""

READS: Final = ("get_after_create", "list_after_create", "list_after_delete")
"""What is read after what."""
STATES: Final = ("active", "deleting", "leaked")
_COUNTS: Final = (
    names.RESOURCES_CREATED,
    names.RESOURCES_DELETED,
    names.RESOURCES_LEAKED,
    names.OLDEST_RESOURCE,
)
_OWED: Final = (names.RESOURCES, names.RESIDUALS)
"""What keeps the series of a vendor that has left the configuration."""
_OF_RENTING: Final = (
    names.RESOURCES,
    names.RESIDUALS,
    names.ESTIMATED_COST,
    names.BREAKER_OPEN,
    names.READS_AFTER_WRITES,
    names.VISIBILITY,
    names.VISIBILITY_RESOLUTION,
    names.NOT_VISIBLE,
    *_COUNTS,
)
_OF_API: Final = (
    names.API_REQUESTS,
    names.API_REQUEST_DURATION,
    names.API_BUDGET_LIMIT,
    names.API_BUDGET_REMAINING,
    names.API_BUDGET_RESET,
    names.API_BUDGET_WAIT,
    names.UNMATCHED_ERRORS,
)
FORGETTABLE: Final = (*_OF_API, *_OF_RENTING)
"""What is dropped when a vendor leaves the configuration."""
Vendor = tuple[str, ...]
"""Name and region."""
_ByLease = dict[str, Mapping[str, int]]
"""How many of each kind, by the lease with whose instance they came."""


class VendorSeries:
    """Creates them at 0 for the vendors of the configuration, and drops them when a vendor leaves and owes nothing."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._configured: frozenset[Vendor] = frozenset()
        self._seen: dict[Vendor, _ByLease] = {}

    def announce(self, jobs: Iterable[Job]) -> None:
        """Create the series of all vendors of *jobs*, and drop those of vendors that are not among them."""
        platform = [job for job in jobs if job.target.layer is Layer.PLATFORM]
        self._configured = frozenset((job.target.vendor, job.target.region) for job in platform)
        for vendor in self._told() - self._configured:
            self._forget(vendor)
        self._forget_credentials()
        for vendor in self._configured:
            self._table.value(names.UNMATCHED_ERRORS, *vendor)
        for job in platform:
            if job.renting:
                self._announce_renting((job.target.vendor, job.target.region))

    def _announce_renting(self, vendor: Vendor) -> None:
        for family in _COUNTS:
            self._table.value(family, *vendor, RENTED)
        for state in STATES:
            self._table.value(names.RESOURCES, *vendor, RENTED, state)
        for cause in Cause:
            self._table.value(names.BREAKER_OPEN, *vendor, cause)
        for read in READS:
            for consistent in ("yes", "no"):
                self._table.value(names.READS_AFTER_WRITES, *vendor, read, consistent)
            self._table.histogram(names.VISIBILITY, *vendor, read)
            self._table.value(names.NOT_VISIBLE, *vendor, read)

    def _told(self) -> set[Vendor]:
        return {key[:2] for family in FORGETTABLE for key in self._table.keys(family)}

    def _owes(self, vendor: Vendor) -> bool:
        told = ((family, key) for family in _OWED for key in self._table.keys(family) if key[:2] == vendor)
        return any(self._table.value(family, *key).value for family, key in told)

    def _forget(self, vendor: Vendor) -> None:
        owes = self._owes(vendor)
        if not owes:
            self._seen.pop(vendor, None)
        for family in _OF_API if owes else FORGETTABLE:
            for key in self._table.keys(family):
                if key[:2] == vendor:
                    self._table.drop(family, *key)

    def _forget_credentials(self) -> None:
        names_left = {vendor[0] for vendor in self._configured}
        for key in self._table.keys(names.CREDENTIALS_EXPIRY):
            if key[0] not in names_left:
                self._table.drop(names.CREDENTIALS_EXPIRY, *key)

    def api_request(self, vendor: Vendor, operation: str, code: str, seconds: float) -> None:
        """Count one of our calls; the first of an operation creates its other codes at 0."""
        totals = self._table.totals(names.API_REQUEST_DURATION, *vendor, operation)
        if not totals.count:
            for known in API_CODES:
                self._table.value(names.API_REQUESTS, *vendor, operation, known)
        totals.observe(seconds)
        self._table.value(names.API_REQUESTS, *vendor, operation, code).increase()

    def resources(self, vendor: Vendor, kind: str, counts: Mapping[str, int], oldest: float) -> None:
        """Note what is owned now, by state; a vendor that has left and owes nothing any more is forgotten."""
        for state in STATES:
            self._table.value(names.RESOURCES, *vendor, kind, state).set(counts[state])
        self._table.value(names.OLDEST_RESOURCE, *vendor, kind).set(oldest)
        if vendor not in self._configured and not self._owes(vendor):
            self._forget(vendor)

    def left_behind(self, vendor: Vendor, lease: str, counts: Mapping[str, int]) -> None:
        """Note how much of what came with the instance of a *lease* was there at the last look."""
        self._seen.setdefault(vendor, {})[lease] = counts

    def residuals(
        self, vendor: Vendor, noted: Mapping[str, Mapping[str, int]], kinds: Collection[str]
    ) -> Mapping[str, int]:
        """Note how much is left of what came with instances, and return it by kind; what was told once is told at 0.

        Of each lease it is what is written down or what was seen, whichever is more: some vendors say what is attached,
        and it is written down beforehand, with others it is found by its marks when the instance is gone.
        """
        seen = self._seen[vendor] = {key: one for key, one in self._seen.get(vendor, {}).items() if key in noted}
        found: Counter[str] = Counter()
        for lease, counts in noted.items():
            found += Counter(counts) | Counter(seen.get(lease, {}))
        told = {key[2] for key in self._table.keys(names.RESIDUALS) if key[:2] == vendor}
        for kind in sorted({*told, *kinds, *found}):
            self._table.value(names.RESIDUALS, *vendor, kind).set(found[kind])
        return found

    def cost(self, vendor: Vendor, currency: str, amount: float) -> None:
        """Note what everything so far has cost; a clock that was set back makes it no less."""
        told = self._table.value(names.ESTIMATED_COST, *vendor, currency)
        told.set(max(told.value, amount))

    def breaker(self, vendor: Vendor, causes: Collection[Cause]) -> None:
        """Note which causes stop orders now."""
        if vendor in self._configured or causes:
            for cause in Cause:
                self._table.value(names.BREAKER_OPEN, *vendor, cause).set(float(cause in causes))
