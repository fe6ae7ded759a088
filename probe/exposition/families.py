"""Every metric, declared once: dashboards, rules and docs are written against this file and checked against it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """How Prometheus reads a family."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


class Feature(StrEnum):
    """What a family belongs to; a family exists when its feature does."""

    RUNS = "runs"
    PHASES = "phases"
    CONFIGURATION = "configuration"
    OUTAGES = "outages"
    BLACKBOX = "blackbox_exporter's names"
    MONITORING = "the vendor's monitoring"
    RENTING = "renting"
    VENDOR_API = "the vendor's API"
    AGENT = "the agent itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric name and all that is known about it before anything was measured.

    Attributes:
        name: the name of its samples; that of a counter ends in `_total`.
        type: how Prometheus reads it.
        unit: what one means: `seconds`, `ratio`, `runs`.
        help: one sentence for people; it goes to `# HELP` and to the docs.
        feature: what it belongs to.
        labels: names of its labels, in the order in which their values are given.
        buckets: upper bounds of a histogram, without the infinite one.
    """

    name: str
    type: Type
    unit: str
    help: str
    feature: Feature
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def stem(self) -> str:
        """The name as OpenMetrics has it: a counter's without `_total`."""
        return self.name.removesuffix("_total") if self.type is Type.COUNTER else self.name

    @property
    def told_unit(self) -> str:
        """The unit where OpenMetrics lets it be told: its name must end in it."""
        return self.unit if self.stem.endswith("_" + self.unit) else ""


IDENTITY: Final = ("vendor", "region", "probe", "target", "layer")
VENDOR: Final = ("vendor", "region")

RUN_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 180, 300, 600, 1800)
WIRE_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LIFE_BUCKETS: Final = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800)
VISIBILITY_BUCKETS: Final = (0.25, 1, 2.5, 5, 10, 30, 60, 300)
LAG_BUCKETS: Final = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)


def _of_probe(name: str, kind: Type, unit: str, text: str, feature: Feature, *labels: str) -> Family:
    return Family(name=name, type=kind, unit=unit, help=text, feature=feature, labels=IDENTITY + labels)


def _of_vendor(name: str, kind: Type, unit: str, text: str, feature: Feature, *labels: str) -> Family:
    return Family(name=name, type=kind, unit=unit, help=text, feature=feature, labels=VENDOR + labels)


def _of_agent(name: str, kind: Type, unit: str, text: str, *labels: str) -> Family:
    return Family(name=name, type=kind, unit=unit, help=text, feature=Feature.AGENT, labels=labels)


def _lag(name: str, text: str) -> Family:
    return Family(name=name, type=Type.HISTOGRAM, unit="seconds", help=text, feature=Feature.AGENT, buckets=LAG_BUCKETS)


# --- what is true of every probe -------------------------------------------------------------------------------------

DUE_RUNS: Final = _of_probe(
    "stability_due_runs_total",
    Type.COUNTER,
    "runs",
    "Slots of the schedule that came due; each one becomes a run, a skipped run or a run in flight.",
    Feature.RUNS,
)
RUNS: Final = _of_probe(
    "stability_runs_total",
    Type.COUNTER,
    "runs",
    "Finished runs by outcome and by whose fault it was; valid runs have blame none or vendor.",
    Feature.RUNS,
    "outcome",
    "blame",
)
FAILED_RUNS: Final = _of_probe(
    "stability_failed_runs_total",
    Type.COUNTER,
    "runs",
    "Finished runs that failed, by the phase in which they failed and by whose fault it was.",
    Feature.RUNS,
    "phase",
    "blame",
)
SKIPPED_RUNS: Final = _of_probe(
    "stability_skipped_runs_total",
    Type.COUNTER,
    "runs",
    "Slots of the schedule that never became a run, by reason; a skipped slot is never a failure.",
    Feature.RUNS,
    "reason",
)
RUNS_IN_FLIGHT: Final = _of_probe(
    "stability_runs_in_flight", Type.GAUGE, "runs", "Runs that have started and not yet finished.", Feature.RUNS
)
FAST_RUNS: Final = _of_probe(
    "stability_fast_runs_total",
    Type.COUNTER,
    "runs",
    "Runs that were ok within the probe's latency objective.",
    Feature.RUNS,
)
RUN_DURATION: Final = Family(
    name="stability_run_duration_seconds",
    type=Type.HISTOGRAM,
    unit="seconds",
    help="Duration of whole runs that were ok; a run that timed out has no duration.",
    feature=Feature.RUNS,
    labels=IDENTITY,
    buckets=RUN_BUCKETS,
)
LAST_RUN: Final = _of_probe(
    "stability_probe_last_run_timestamp_seconds",
    Type.GAUGE,
    "seconds",
    "Unix time at which the last run finished; absent before the first.",
    Feature.RUNS,
)
LAST_SUCCESS: Final = _of_probe(
    "stability_probe_last_success_timestamp_seconds",
    Type.GAUGE,
    "seconds",
    "Unix time at which the last ok run finished; absent before the first.",
    Feature.RUNS,
)

# --- where the time goes ---------------------------------------------------------------------------------------------

WIRE_PHASE: Final = Family(
    name="stability_wire_phase_duration_seconds",
    type=Type.HISTOGRAM,
    unit="seconds",
    help="Duration of the finished phases of a probe's own exchange, over a new or a reused connection.",
    feature=Feature.PHASES,
    labels=(*IDENTITY, "phase", "connection"),
    buckets=WIRE_BUCKETS,
)
LIFECYCLE_PHASE: Final = Family(
    name="stability_lifecycle_phase_duration_seconds",
    type=Type.HISTOGRAM,
    unit="seconds",
    help="Duration of the finished phases of an instance's life; increments, so they add up.",
    feature=Feature.PHASES,
    labels=(*IDENTITY, "phase"),
    buckets=LIFE_BUCKETS,
)
MILESTONE: Final = Family(
    name="stability_milestone_seconds",
    type=Type.HISTOGRAM,
    unit="seconds",
    help="Time from the create call (gone: from the delete call) to a moment of an instance's life.",
    feature=Feature.PHASES,
    labels=(*IDENTITY, "milestone"),
    buckets=LIFE_BUCKETS,
)
RESOLUTION: Final = _of_probe(
    "stability_phase_resolution_seconds",
    Type.GAUGE,
    "seconds",
    "Half the gap between the last not yet and the first yes of a polled phase, in the last run that finished it.",
    Feature.PHASES,
    "phase",
)

FLOW_STEP: Final = Family(
    name="stability_flow_step_duration_seconds",
    type=Type.HISTOGRAM,
    unit="seconds",
    help="Duration of the finished steps of a flow: of its exchange, or of all that it took until a poll said yes.",
    feature=Feature.PHASES,
    labels=(*IDENTITY, "step"),
    buckets=WIRE_BUCKETS,
)
FAILED_FLOW_STEPS: Final = _of_probe(
    "stability_failed_flow_steps_total",
    Type.COUNTER,
    "steps",
    "Steps of a flow that failed, by whose fault it was.",
    Feature.PHASES,
    "step",
    "blame",
)

# --- the configuration, so that no rule hard-codes it ----------------------------------------------------------------

INTERVAL: Final = _of_probe(
    "stability_probe_interval_seconds",
    Type.GAUGE,
    "seconds",
    "Time between two slots of a probe.",
    Feature.CONFIGURATION,
)
DEADLINE: Final = _of_probe(
    "stability_probe_deadline_seconds",
    Type.GAUGE,
    "seconds",
    "Time after which a run is a timeout; of a lifecycle, until its delete call.",
    Feature.CONFIGURATION,
)
OBJECTIVE_AVAILABILITY: Final = _of_probe(
    "stability_probe_objective_availability_ratio",
    Type.GAUGE,
    "ratio",
    "Wanted share of ok runs among valid runs; absent without such an objective.",
    Feature.CONFIGURATION,
)
OBJECTIVE_LATENCY: Final = _of_probe(
    "stability_probe_objective_latency_seconds",
    Type.GAUGE,
    "seconds",
    "Duration within which an ok run is fast; absent without such an objective.",
    Feature.CONFIGURATION,
)
OBJECTIVE_LATENCY_RATIO: Final = _of_probe(
    "stability_probe_objective_latency_ratio",
    Type.GAUGE,
    "ratio",
    "Wanted share of fast runs among ok runs; absent without such an objective.",
    Feature.CONFIGURATION,
)
PROBE_INFO: Final = _of_probe(
    "stability_probe_info",
    Type.GAUGE,
    "probes",
    "Always 1: what a probe is, what it asks for, and the clock that its last ok run was measured on.",
    Feature.CONFIGURATION,
    "kind",
    "spec",
    "clock",
)

# --- outages ---------------------------------------------------------------------------------------------------------

OUTAGES: Final = _of_probe(
    "stability_outages_total",
    Type.COUNTER,
    "outages",
    "Outages that began: three failed valid runs in a row open one, one success closes it; survives restarts.",
    Feature.OUTAGES,
)
OUTAGE_SECONDS: Final = _of_probe(
    "stability_outage_seconds_total",
    Type.COUNTER,
    "seconds",
    "Time spent in outages; survives restarts.",
    Feature.OUTAGES,
)
OUTAGE_ACTIVE: Final = _of_probe(
    "stability_outage_active", Type.GAUGE, "boolean", "Whether there is an outage now, 0 or 1.", Feature.OUTAGES
)

# --- blackbox_exporter's names, with its meaning ---------------------------------------------------------------------

PROBE_SUCCESS: Final = _of_probe(
    "probe_success", Type.GAUGE, "boolean", "Whether the last run was ok, 0 or 1.", Feature.BLACKBOX
)
PROBE_DURATION: Final = _of_probe(
    "probe_duration_seconds",
    Type.GAUGE,
    "seconds",
    "How long the last run took, whether it was ok or not.",
    Feature.BLACKBOX,
)
PROBE_HTTP_DURATION: Final = _of_probe(
    "probe_http_duration_seconds",
    Type.GAUGE,
    "seconds",
    "Duration of the last run's HTTP exchange by phase; processing is send and wait; not reached is absent.",
    Feature.BLACKBOX,
    "phase",
)
PROBE_CERT_EXPIRY: Final = _of_probe(
    "probe_ssl_earliest_cert_expiry",
    Type.GAUGE,
    "seconds",
    "Unix time at which the first certificate of the chain expires, as last seen.",
    Feature.BLACKBOX,
)
PROBE_DNS_LOOKUP: Final = _of_probe(
    "probe_dns_lookup_time_seconds",
    Type.GAUGE,
    "seconds",
    "Time that the last run took to look its target's name up; not reached is absent.",
    Feature.BLACKBOX,
)
PROBE_IP_PROTOCOL: Final = _of_probe(
    "probe_ip_protocol",
    Type.GAUGE,
    "version",
    "Version of IP that the last run spoke, 4 or 6; not reached is absent.",
    Feature.BLACKBOX,
)

# --- the vendor's monitoring -----------------------------------------------------------------------------------------

DATAPOINT_AGE: Final = _of_probe(
    "stability_vendor_datapoint_age_seconds",
    Type.GAUGE,
    "seconds",
    "Age of the newest datapoint that the vendor's monitoring API showed when it was last asked.",
    Feature.MONITORING,
)
DATAPOINTS_MISSING: Final = _of_probe(
    "stability_vendor_datapoints_missing",
    Type.GAUGE,
    "boolean",
    "Whether the vendor's monitoring API had no datapoint to show when it was last asked, 0 or 1.",
    Feature.MONITORING,
)

# --- what we own -----------------------------------------------------------------------------------------------------

RESOURCES: Final = _of_vendor(
    "stability_resources",
    Type.GAUGE,
    "resources",
    "What the agent owns now, by type and by where it stands.",
    Feature.RENTING,
    "type",
    "state",
)
RESOURCES_CREATED: Final = _of_vendor(
    "stability_resources_created_total",
    Type.COUNTER,
    "resources",
    "What the agent has rented.",
    Feature.RENTING,
    "type",
)
RESOURCES_DELETED: Final = _of_vendor(
    "stability_resources_deleted_total",
    Type.COUNTER,
    "resources",
    "What the agent has given back, as the vendor confirmed.",
    Feature.RENTING,
    "type",
)
RESOURCES_LEAKED: Final = _of_vendor(
    "stability_resources_leaked_total",
    Type.COUNTER,
    "resources",
    "What the agent asked to be deleted and was not gone in time.",
    Feature.RENTING,
    "type",
)
OLDEST_RESOURCE: Final = _of_vendor(
    "stability_oldest_resource_age_seconds",
    Type.GAUGE,
    "seconds",
    "Age of the oldest thing that the agent owns, 0 if it owns nothing.",
    Feature.RENTING,
    "type",
)
RESIDUALS: Final = _of_vendor(
    "stability_residuals",
    Type.GAUGE,
    "residuals",
    "What came with instances (volumes, addresses) and is not known to be gone, by the vendor file's word for it.",
    Feature.RENTING,
    "kind",
)

ESTIMATED_COST: Final = _of_vendor(
    "stability_estimated_cost_total",
    Type.COUNTER,
    "currency",
    "What everything rented has cost so far, by the configuration's prices, estimated upwards; survives restarts.",
    Feature.RENTING,
    "currency",
)
BREAKER_OPEN: Final = _of_vendor(
    "stability_breaker_open",
    Type.GAUGE,
    "boolean",
    "Whether nothing is rented from the vendor for this cause, 0 or 1: leaks, deletes, denied, quota.",
    Feature.RENTING,
    "cause",
)

READS_AFTER_WRITES: Final = _of_vendor(
    "stability_reads_after_writes_total",
    Type.COUNTER,
    "reads",
    "Looks at what was just created or gone, by what was asked and by whether it knew: get_after_create is the run's "
    "first look, the lists are spot checks beside it.",
    Feature.RENTING,
    "read",
    "consistent",
)
VISIBILITY: Final = Family(
    name="stability_visibility_seconds",
    type=Type.HISTOGRAM,
    unit="seconds",
    help="Time from the vendor's word that something was created (list_after_delete: gone) until a read knew of it; "
    "half of the first look's time where that one knew.",
    feature=Feature.RENTING,
    labels=(*VENDOR, "read"),
    buckets=VISIBILITY_BUCKETS,
)
VISIBILITY_RESOLUTION: Final = _of_vendor(
    "stability_visibility_resolution_seconds",
    Type.GAUGE,
    "seconds",
    "Half the gap between the last look that did not know and the first that did, when a delay was last observed.",
    Feature.RENTING,
    "read",
)
NOT_VISIBLE: Final = _of_vendor(
    "stability_visibility_missed_total",
    Type.COUNTER,
    "writes",
    "What a read did not know for as long as the vendor file allows; no delay of it is in the histogram.",
    Feature.RENTING,
    "read",
)

# --- the vendor's API ------------------------------------------------------------------------------------------------

API_REQUESTS: Final = _of_vendor(
    "stability_api_requests_total",
    Type.COUNTER,
    "requests",
    "Calls of the agent to the vendor's API, by operation and class of answer; error is no answer at all.",
    Feature.VENDOR_API,
    "operation",
    "code",
)
API_REQUEST_DURATION: Final = _of_vendor(
    "stability_api_request_duration_seconds",
    Type.SUMMARY,
    "seconds",
    "Duration of the agent's calls to the vendor's API, by operation.",
    Feature.VENDOR_API,
    "operation",
)
API_BUDGET_LIMIT: Final = _of_vendor(
    "stability_api_budget_limit",
    Type.GAUGE,
    "requests",
    "Requests that the vendor says we may send in its current window.",
    Feature.VENDOR_API,
)
API_BUDGET_REMAINING: Final = _of_vendor(
    "stability_api_budget_remaining",
    Type.GAUGE,
    "requests",
    "Requests that the vendor says are left in its current window.",
    Feature.VENDOR_API,
)
API_BUDGET_RESET: Final = _of_vendor(
    "stability_api_budget_reset_timestamp_seconds",
    Type.GAUGE,
    "seconds",
    "Unix time at which the vendor says its current window ends.",
    Feature.VENDOR_API,
)
API_BUDGET_WAIT: Final = _of_vendor(
    "stability_api_budget_wait_seconds_total",
    Type.COUNTER,
    "seconds",
    "Time for which the agent's calls waited for its own request budget of the account; no latency has it in it.",
    Feature.VENDOR_API,
)
UNMATCHED_ERRORS: Final = _of_vendor(
    "stability_unmatched_errors_total",
    Type.COUNTER,
    "errors",
    "Errors of the vendor that no rule of its file knew.",
    Feature.VENDOR_API,
)
CREDENTIALS_EXPIRY: Final = Family(
    name="stability_credentials_expiry_timestamp_seconds",
    type=Type.GAUGE,
    unit="seconds",
    help="Unix time at which a vendor's credentials expire, where it says so; self-renewing tokens do not count.",
    feature=Feature.VENDOR_API,
    labels=("vendor",),
)

# --- the agent itself ------------------------------------------------------------------------------------------------

BUILD_INFO: Final = _of_agent(
    "stability_build_info", Type.GAUGE, "agents", "Always 1: the version that is running.", "version"
)
RELOAD_SUCCESSFUL: Final = _of_agent(
    "stability_config_last_reload_successful",
    Type.GAUGE,
    "boolean",
    "Whether the last attempt to load the configuration succeeded, 0 or 1.",
)
RELOAD_TIMESTAMP: Final = _of_agent(
    "stability_config_last_reload_success_timestamp_seconds",
    Type.GAUGE,
    "seconds",
    "Unix time at which the configuration was last loaded.",
)
SWEEPS: Final = _of_agent(
    "stability_sweeps_total", Type.COUNTER, "sweeps", "Sweeps for what runs left behind, by how they ended.", "result"
)
SWEEP_TIMESTAMP: Final = _of_agent(
    "stability_sweep_last_success_timestamp_seconds",
    Type.GAUGE,
    "seconds",
    "Unix time at which the last successful sweep ended; absent before the first.",
)
LEDGER: Final = _of_agent(
    "stability_ledger_available",
    Type.GAUGE,
    "boolean",
    "Whether the agent has opened its ledger, 0 or 1; as long as it has not, nothing is rented, the rest is measured.",
)
STORE_ERRORS: Final = _of_agent(
    "stability_store_write_errors_total", Type.COUNTER, "errors", "Writes to the agent's own store that failed."
)
WRONG_MOVES: Final = _of_agent(
    "stability_wrong_moves_total",
    Type.COUNTER,
    "moves",
    "Moves of a lease that its table does not allow, and that were not made; each one is a bug of the agent.",
)
CONTROL_CHECK: Final = _of_agent(
    "stability_control_check_success",
    Type.GAUGE,
    "boolean",
    "Whether a reference that has nothing to do with any vendor was reached when last tried, 0 or 1.",
    "check",
)
CPU_STEAL: Final = _of_agent(
    "stability_cpu_steal_seconds_total",
    Type.COUNTER,
    "seconds",
    "Time of all CPUs of the agent's machine that its host gave to others; absent where the kernel does not count it.",
)
CPU_WAIT: Final = _of_agent(
    "stability_cpu_wait_seconds_total",
    Type.COUNTER,
    "seconds",
    "Time that the agent's event loop was ready to run and had no CPU; absent where the kernel does not count it.",
)
CPU_THROTTLED: Final = _of_agent(
    "stability_cpu_throttled_seconds_total",
    Type.COUNTER,
    "seconds",
    "Time that the agent's control group was kept from running by its CPU limit; absent where there is none.",
)
SCHEDULE_LATENESS: Final = _lag("stability_schedule_lateness_seconds", "How late runs started after they were due.")
LOOP_LAG: Final = _lag("stability_loop_lag_seconds", "How late the agent's event loop woke up.")
RECEIVE_LAG: Final = _lag(
    "stability_receive_lag_seconds", "Time between the kernel's receipt of an answer and the agent's reading of it."
)

FAMILIES: Final[tuple[Family, ...]] = tuple(value for value in list(globals().values()) if isinstance(value, Family))
"""All of them, in the order in which they are declared, rendered and documented."""
