"""Bounded counts that arise on any floor, and are exposed on one."""

from collections.abc import Collection, Mapping

from probe.model.outcome import Skip
from probe.model.refusal import Cause
from probe.model.renting import Standing
from probe.model.target import Target


class Meter:
    """Counts nothing: the base of the meter that does, and enough for a command that exposes no metrics.

    Every method takes bounded words only (names from the configuration, members of closed sets) and must be cheap:
    it is called from inside measurements.
    """

    def slots_due(self, target: Target, slots: int) -> None:
        """Count slots of the schedule that came due."""

    def run_skipped(self, target: Target, reason: Skip, slots: int = 1) -> None:
        """Count slots that never became a run."""

    def run_started(self, target: Target) -> None:
        """Count a run as in flight."""

    def run_ended(self, target: Target) -> None:
        """Count a run as no longer in flight."""

    def outages(self, target: Target, *, begun: int, seconds: float, active: bool) -> None:
        """Note the outages of *target* so far, restarts included: how many began, seconds spent in them, one now."""

    def target_retired(self, target: Target) -> None:
        """Take note that *target* left the schedule and its last run has ended: its counters may go."""

    def schedule_lateness(self, seconds: float) -> None:
        """Observe how late a run started."""

    def loop_lag(self, seconds: float) -> None:
        """Observe how late the event loop woke us."""

    def receive_lag(self, seconds: float) -> None:
        """Observe the time between the kernel's receipt of bytes and our reading of them."""

    def cpu_lost(self, seconds: Mapping[str, float]) -> None:
        """Note the CPU time that others took, in seconds since some beginning, by how: steal, wait, throttled."""

    def control_checks(self, results: Mapping[str, bool | None]) -> None:
        """Note whether our own network's checks succeeded, by name; None for one that could tell nothing this time.

        They are all that there are: what is known of any other is forgotten.
        """

    def api_request(self, vendor: str, region: str, operation: str, code: str, seconds: float) -> None:
        """Count one of our calls to a vendor; *code* is one of 2xx 3xx 4xx 429 5xx error."""

    def api_budget(
        self, vendor: str, region: str, *, limit: float | None, remaining: float | None, reset: float | None
    ) -> None:
        """Note the vendor's own statement of our rate limit; *reset* in seconds since 1970."""

    def api_wait(self, vendor: str, region: str, seconds: float) -> None:
        """Count time for which our calls to a vendor waited for our own request budget."""

    def unmatched_error(self, vendor: str, region: str) -> None:
        """Count an error of a vendor that no rule of its file knew."""

    def credentials_expiry(self, vendor: str, timestamp: float) -> None:
        """Note when the credentials of a vendor expire, seconds since 1970."""

    def resource_created(self, vendor: str, region: str, kind: str) -> None:
        """Count something rented."""

    def resource_deleted(self, vendor: str, region: str, kind: str) -> None:
        """Count something given back, as the vendor confirmed."""

    def resource_leaked(self, vendor: str, region: str, kind: str) -> None:
        """Count something whose deletion was asked for and that was not gone in time."""

    def resources(
        self, vendor: str, region: str, kind: str, *, active: int, deleting: int, leaked: int, oldest: float
    ) -> None:
        """Note what is owned now; *oldest* is the age of the oldest in seconds."""

    def left_behind(self, vendor: str, region: str, lease: str, counts: Mapping[str, int]) -> None:
        """Note how much of what came with the instance of a *lease* was there at the last look, by kind.

        It is told with the next `residuals`.
        """

    def residuals(
        self, vendor: str, region: str, noted: Mapping[str, Mapping[str, int]], kinds: Collection[str] = ()
    ) -> None:
        """Note how much that came with instances is written down and not known to be gone, by lease and by kind.

        Every open lease is in *noted*: what was seen of any other is forgotten. All *kinds* are told, though of some
        there be none.
        """

    def standing(self, vendor: str, region: str, standing: Standing) -> None:
        """Take note of how a vendor entry stands; what is in it is for people, and bounds no series."""

    def estimated_cost(self, vendor: str, region: str, currency: str, amount: float) -> None:
        """Note what everything rented so far has cost, in the currency, estimated upwards; it never falls."""

    def read_after_write(self, vendor: str, region: str, read: str, *, consistent: bool) -> None:
        """Count a look at what was just written; *read* is one of get_after_create list_after_create list_after_delete.

        It is *consistent* if it showed what was created, or did not show what was gone.
        """

    def visible(self, vendor: str, region: str, read: str, seconds: float, resolution: float) -> None:
        """Observe how many *seconds* after a write a *read* knew of it, give or take *resolution*."""

    def not_visible(self, vendor: str, region: str, read: str) -> None:
        """Count a write that a *read* did not know for as long as the vendor's file allows."""

    def breaker(self, vendor: str, region: str, causes: Collection[Cause]) -> None:
        """Note why nothing is rented from a vendor entry now, whatever the guards allow; empty if nothing forbids."""

    def wrong_move(self) -> None:
        """Count a move that the table of leases does not allow, and that was therefore not made: a bug."""

    def sweep(self, result: str) -> None:
        """Count a sweep; *result* is one of ok, failed."""

    def store_write_error(self) -> None:
        """Count a failed write to the store."""

    def ledger(self, *, there: bool) -> None:
        """Note whether there is a ledger: without one nothing is rented."""

    def config_reload(self, *, successful: bool) -> None:
        """Note how the last reload of the configuration ended."""
