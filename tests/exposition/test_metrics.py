from collections.abc import Iterable
from dataclasses import replace

from prometheus_client import CollectorRegistry

from probe.exposition.metrics import Metrics
from probe.exposition.vendors import READS
from probe.model.clock import ClockSource
from probe.model.job import Detail, Job, Objective
from probe.model.outcome import Outcome, Skip
from probe.model.phase import LIFECYCLE_PHASES, Milestone, Phase
from probe.model.stopwatch import Connection, Fact
from probe.probes.api import ApiProbe
from probe.probes.http import HttpProbe
from probe.probes.lifecycle import LifecycleProbe
from probe.probes.monitoring import MonitoringProbe
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import FakeApi, FakeHttp, FakeLifecycle, FakeMonitoring, fake_job, fake_run

OBJECTIVE = Objective(availability=0.999, latency=0.8, latency_ratio=0.99)


def metrics_of(*jobs: Job) -> Metrics:
    """Metrics that know *jobs*."""
    metrics = Metrics(FakeClock(), "1.0")
    metrics.announce(jobs)
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The sum of all samples of that name and these labels; None if there is none."""
    found = [
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def count(registry: CollectorRegistry) -> int:
    """Series without those of the process."""
    ours = [family for family in registry.collect() if family.name.startswith(("stability_", "probe_"))]
    return sum(len(family.samples) for family in ours)


def test_a_configured_probe_is_told_at_zero_before_its_first_run() -> None:
    """`increase()` misses the first event of a counter that appears together with it."""
    metrics = metrics_of(fake_job(FakeApi(), objective=OBJECTIVE))
    assert value(metrics, "stability_due_runs_total", probe="api") == 0
    assert value(metrics, "stability_runs_in_flight") == 0
    for outcome in (*FakeApi.outcomes, Outcome.TIMEOUT, Outcome.BUG, Outcome.OVERLOADED):
        assert value(metrics, "stability_runs_total", outcome=str(outcome), blame=str(outcome.blame)) == 0
    for phase in FakeApi.phases:
        assert value(metrics, "stability_failed_runs_total", phase=str(phase), blame="vendor") == 0
        assert value(metrics, "stability_wire_phase_duration_seconds_count", phase=str(phase), connection="new") == 0
    assert value(metrics, "stability_skipped_runs_total", reason="overlap") == 0
    assert value(metrics, "stability_fast_runs_total") == 0
    assert value(metrics, "stability_outages_total") == 0
    assert value(metrics, "stability_run_duration_seconds_bucket", le="+Inf") == 0
    assert value(metrics, "stability_unmatched_errors_total", vendor="sandbox-steady", region="eu-1") == 0


def test_what_is_not_known_yet_is_absent() -> None:
    """A time of 1970 or a success of 0 before the first run would set off alerts."""
    metrics = metrics_of(fake_job(FakeApi()))
    for name in ("stability_probe_last_run_timestamp_seconds", "probe_success", "probe_duration_seconds"):
        assert value(metrics, name) is None
    assert value(metrics, "stability_fast_runs_total") is None
    assert value(metrics, "stability_wire_phase_duration_seconds_count", connection="reused") is None


def test_the_configuration_is_told_so_that_no_rule_hard_codes_it() -> None:
    """Interval, deadline and objectives are series; without an objective there is none."""
    metrics = metrics_of(fake_job(FakeApi(), every=30, objective=OBJECTIVE), fake_job(FakeMonitoring()))
    assert value(metrics, "stability_probe_interval_seconds", probe="api") == 30
    assert value(metrics, "stability_probe_deadline_seconds", probe="api") == 15
    assert value(metrics, "stability_probe_objective_availability_ratio", probe="api") == 0.999
    assert value(metrics, "stability_probe_objective_latency_seconds", probe="api") == 0.8
    assert value(metrics, "stability_probe_objective_latency_ratio", probe="api") == 0.99
    assert value(metrics, "stability_probe_objective_availability_ratio", probe="monitoring") is None
    assert value(metrics, "stability_probe_info", probe="api", kind="api") == 1


def test_a_good_run_counts_as_ok_and_has_a_duration() -> None:
    """Runs, last times, fast runs and blackbox_exporter's gauges move together."""
    job = fake_job(FakeApi(), objective=OBJECTIVE)
    metrics = metrics_of(job)
    metrics.record(fake_run(job, seconds=0.5))
    metrics.record(fake_run(job, seconds=0.9))
    assert value(metrics, "stability_runs_total", outcome="ok", blame="none") == 2
    assert value(metrics, "stability_fast_runs_total") == 1
    assert value(metrics, "stability_run_duration_seconds_bucket", le="0.5") == 1
    assert value(metrics, "stability_run_duration_seconds_sum") == 1.4
    assert value(metrics, "stability_probe_last_success_timestamp_seconds") == 1_800_000_000
    assert value(metrics, "probe_success") == 1
    assert value(metrics, "probe_duration_seconds") == 0.9


def test_a_failed_run_has_an_outcome_a_phase_and_a_blame_but_no_duration() -> None:
    """A vendor that times out must not look faster than one that answers."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    metrics.record(fake_run(job, outcome=Outcome.TIMEOUT, phase=Phase.WAIT, seconds=10))
    assert value(metrics, "stability_runs_total", outcome="timeout", blame="vendor") == 1
    assert value(metrics, "stability_failed_runs_total", phase="wait", blame="vendor") == 1
    assert value(metrics, "stability_run_duration_seconds_count") == 0
    assert value(metrics, "stability_probe_last_success_timestamp_seconds") is None
    assert value(metrics, "stability_probe_last_run_timestamp_seconds") == 1_800_000_000
    assert value(metrics, "probe_success") == 0
    assert value(metrics, "probe_duration_seconds") == 10


def test_phases_go_to_the_histogram_of_their_scale() -> None:
    """Milliseconds of a wire and minutes of a life do not share buckets."""
    job = fake_job(FakeLifecycle())
    metrics = metrics_of(job)
    metrics.record(
        fake_run(
            job,
            phases={Phase.AUTH: 0.02, Phase.ACCEPT: 0.3, Phase.PROVISION: 42.0},
            resolution={Phase.PROVISION: 0.5},
            milestones={Milestone.ACTIVE: 43.0},
        )
    )
    assert value(metrics, "stability_wire_phase_duration_seconds_count", phase="auth", connection="new") == 1
    assert value(metrics, "stability_lifecycle_phase_duration_seconds_sum", phase="provision") == 42.0
    assert value(metrics, "stability_lifecycle_phase_duration_seconds_count", phase="gone") == 0
    assert value(metrics, "stability_milestone_seconds_sum", milestone="active") == 43.0
    assert value(metrics, "stability_phase_resolution_seconds", phase="provision") == 0.5
    assert value(metrics, "stability_wire_phase_duration_seconds_count", phase="provision") is None


def test_a_reused_connection_is_another_thing_to_measure() -> None:
    """Its phases appear on first use, under their own label."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    metrics.record(fake_run(job, phases={Phase.WAIT: 0.1}, connection=Connection.REUSED))
    assert value(metrics, "stability_wire_phase_duration_seconds_count", phase="wait", connection="reused") == 1
    assert value(metrics, "stability_wire_phase_duration_seconds_count", phase="wait", connection="new") == 0


def test_blackbox_names_mean_what_they_mean_there() -> None:
    """Processing begins with the connection and ends with the first byte; a phase not reached is absent, never 0."""
    job = fake_job(FakeHttp(), "shop")
    metrics = metrics_of(job)
    phases = {Phase.RESOLVE: 0.001, Phase.CONNECT: 0.002, Phase.TLS: 0.003, Phase.SEND: 0.25, Phase.WAIT: 0.5}
    facts: dict[Fact, float | str] = {Fact.IP_PROTOCOL: 6.0, Fact.CERTIFICATE_EXPIRY: 2e9, Fact.CHAIN_EXPIRY: 1.9e9}
    metrics.record(fake_run(job, phases=phases, facts=facts))
    assert value(metrics, "probe_http_duration_seconds", phase="processing", target="shop", layer="service") == 0.75
    assert value(metrics, "probe_http_duration_seconds", phase="tls") == 0.003
    assert value(metrics, "probe_http_duration_seconds", phase="transfer") is None
    assert value(metrics, "probe_dns_lookup_time_seconds") == 0.001
    assert value(metrics, "probe_ip_protocol") == 6
    assert value(metrics, "probe_ssl_earliest_cert_expiry") == 1.9e9
    metrics.record(fake_run(job, outcome=Outcome.UNRESOLVED, phase=Phase.RESOLVE))
    assert value(metrics, "probe_http_duration_seconds", phase="tls") is None
    assert value(metrics, "probe_ip_protocol") is None
    assert value(metrics, "probe_ssl_earliest_cert_expiry") == 1.9e9


def test_a_lean_probe_has_no_phase_histograms() -> None:
    """That is what lean means; its failures and skipped runs appear on first use."""
    job = fake_job(FakeHttp(), "shop")
    metrics = metrics_of(job)
    metrics.record(fake_run(job, phases={Phase.WAIT: 0.1}))
    assert value(metrics, "stability_wire_phase_duration_seconds_count") is None
    assert value(metrics, "stability_skipped_runs_total") is None
    metrics.run_skipped(job.target, Skip.LATE)
    metrics.record(fake_run(job, outcome=Outcome.REFUSED, phase=Phase.CONNECT))
    assert value(metrics, "stability_skipped_runs_total", reason="late") == 1
    assert value(metrics, "stability_failed_runs_total", phase="connect", blame="vendor") == 1


def test_monitoring_tells_the_age_of_the_newest_point_or_that_there_is_none() -> None:
    """A failed query changes neither: it learnt nothing about the vendor's data."""
    job = fake_job(FakeMonitoring())
    metrics = metrics_of(job)
    metrics.record(fake_run(job, facts={Fact.DATAPOINT_AGE: 42.0, Fact.DATAPOINTS_MISSING: 0.0}))
    assert value(metrics, "stability_vendor_datapoint_age_seconds") == 42
    metrics.record(fake_run(job, outcome=Outcome.BROKEN, phase=Phase.WAIT))
    assert value(metrics, "stability_vendor_datapoint_age_seconds") == 42
    metrics.record(fake_run(job, facts={Fact.DATAPOINTS_MISSING: 1.0}))
    assert value(metrics, "stability_vendor_datapoint_age_seconds") is None
    assert value(metrics, "stability_vendor_datapoints_missing") == 1


def test_every_slot_is_accounted_for() -> None:
    """Due, skipped and in flight are counted as the schedule tells them."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    metrics.slots_due(job.target, 3)
    metrics.run_skipped(job.target, Skip.OVERLAP, 2)
    metrics.run_started(job.target)
    assert value(metrics, "stability_due_runs_total") == 3
    assert value(metrics, "stability_skipped_runs_total", reason="overlap") == 2
    assert value(metrics, "stability_runs_in_flight") == 1
    metrics.run_ended(job.target)
    assert value(metrics, "stability_runs_in_flight") == 0


def test_the_series_of_a_probe_leave_with_it_but_after_its_last_run() -> None:
    """A stale series would be alerted on forever; one that leaves too early loses its last run."""
    job, other = fake_job(FakeApi()), fake_job(FakeApi(), vendor="other")
    metrics = metrics_of(job, other)
    metrics.run_started(job.target)
    metrics.announce([other])
    metrics.record(fake_run(job))
    assert value(metrics, "stability_runs_total", vendor="sandbox-steady", outcome="ok") == 1
    metrics.run_ended(job.target)
    left = {sample.labels.get("vendor") for family in metrics.registry.collect() for sample in family.samples}
    assert left == {None, "other"}
    metrics.record(fake_run(job))
    assert value(metrics, "stability_runs_total", vendor="sandbox-steady") is None


def test_a_probe_that_comes_back_while_its_last_run_is_on_stays() -> None:
    """Two reloads in a row must not cost a probe its counters."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    metrics.run_started(job.target)
    metrics.announce([])
    metrics.announce([job])
    metrics.run_ended(job.target)
    assert value(metrics, "stability_due_runs_total") == 0


def test_counters_go_on_across_a_reload() -> None:
    """What the configuration says changes, what was counted does not."""
    job = fake_job(FakeApi(), objective=OBJECTIVE)
    metrics = metrics_of(job)
    metrics.record(fake_run(job))
    metrics.announce([replace(job, every=60.0, objective=None)])
    assert value(metrics, "stability_runs_total", outcome="ok") == 1
    assert value(metrics, "stability_probe_interval_seconds") == 60
    assert value(metrics, "stability_probe_objective_availability_ratio") is None
    assert value(metrics, "stability_probe_info") == 1


def test_a_probe_of_another_shape_starts_anew() -> None:
    """With another detail it has other series; runs in flight are still in flight."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    metrics.run_started(job.target)
    metrics.announce([replace(job, detail=Detail.LEAN)])
    assert value(metrics, "stability_wire_phase_duration_seconds_count") is None
    assert value(metrics, "stability_runs_in_flight") == 1


def test_the_clock_is_told_as_the_last_ok_run_measured() -> None:
    """A run that failed before anything was measured says nothing about clocks, and there is only one series of it."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    metrics.record(fake_run(job, clock=ClockSource.KERNEL))
    metrics.record(fake_run(job, outcome=Outcome.REFUSED, phase=Phase.CONNECT, clock=ClockSource.LOOP))
    assert value(metrics, "stability_probe_info", clock="kernel") == 1
    assert value(metrics, "stability_probe_info") == 1


def test_outages_are_set_not_added() -> None:
    """They survive restarts, so the state machine tells how many there ever were."""
    job = fake_job(FakeApi())
    metrics = metrics_of(job)
    for _ in range(2):
        metrics.outages(job.target, begun=4, seconds=61.5, active=True)
    assert value(metrics, "stability_outages_total") == 4
    assert value(metrics, "stability_outage_seconds_total") == 61.5
    assert value(metrics, "stability_outage_active") == 1


def test_resources_are_told_at_zero_and_stay_until_nothing_is_owed() -> None:
    """A vendor that was removed while it owes us a deletion is still told; then it leaves."""
    metrics = metrics_of(fake_job(FakeLifecycle(), vendor="aws"))
    assert value(metrics, "stability_resources_leaked_total", vendor="aws", type="instance") == 0
    metrics.resources("aws", "eu-1", "instance", active=0, deleting=1, leaked=0, oldest=12.0)
    metrics.announce([])
    assert value(metrics, "stability_resources", vendor="aws", state="deleting") == 1
    metrics.resources("aws", "eu-1", "instance", active=0, deleting=0, leaked=0, oldest=0.0)
    assert value(metrics, "stability_resources", vendor="aws") is None
    assert value(metrics, "stability_resources_created_total", vendor="aws") is None


def test_what_came_along_is_told_by_kind_until_it_is_gone_and_keeps_its_vendor() -> None:
    """A kind that was told once goes on at 0; a vendor that was removed while something is left is told until then."""
    metrics = metrics_of(fake_job(FakeLifecycle(), vendor="aws"))
    assert value(metrics, "stability_residuals") is None
    metrics.residuals("aws", "eu-1", {"one": {"volumes": 2}, "two": {}}, ["addresses", "volumes"])
    assert value(metrics, "stability_residuals", vendor="aws", kind="volumes") == 2
    metrics.residuals("aws", "eu-1", {"one": {"volumes": 1}, "two": {"volumes": 2}})
    assert value(metrics, "stability_residuals", vendor="aws", region="eu-1", kind="volumes") == 3
    assert value(metrics, "stability_residuals", vendor="aws", kind="addresses") == 0
    metrics.announce([])
    metrics.resources("aws", "eu-1", "instance", active=0, deleting=0, leaked=0, oldest=0.0)
    assert value(metrics, "stability_residuals", vendor="aws", kind="volumes") == 3
    metrics.residuals("aws", "eu-1", {})
    metrics.resources("aws", "eu-1", "instance", active=0, deleting=0, leaked=0, oldest=0.0)
    assert value(metrics, "stability_residuals") is None


def test_what_was_seen_and_what_is_written_down_are_not_counted_twice() -> None:
    """Some vendors say what is attached, with others it is found when the instance is gone: by lease the greater."""
    metrics = metrics_of(fake_job(FakeLifecycle(), vendor="aws"))
    metrics.left_behind("aws", "eu-1", "one", {"volumes": 1, "nics": 1})
    metrics.left_behind("aws", "eu-1", "two", {"volumes": 1})
    metrics.residuals("aws", "eu-1", {"one": {"volumes": 1}, "two": {}, "three": {"volumes": 1}})
    assert value(metrics, "stability_residuals", kind="volumes") == 3
    assert value(metrics, "stability_residuals", kind="nics") == 1
    metrics.left_behind("aws", "eu-1", "one", {})
    metrics.residuals("aws", "eu-1", {"one": {}, "two": {}})
    assert value(metrics, "stability_residuals", kind="volumes") == 1
    metrics.residuals("aws", "eu-1", {"one": {}})  # two was settled, whatever was seen last
    metrics.residuals("aws", "eu-1", {"one": {}, "two": {}})
    assert value(metrics, "stability_residuals", kind="volumes") == 0


def test_calls_are_counted_by_operation_and_class_of_answer() -> None:
    """With the first call of an operation its other classes start at 0."""
    metrics = metrics_of(fake_job(FakeApi(), vendor="aws"))
    metrics.api_request("aws", "eu-1", "list", "2xx", 0.25)
    metrics.api_request("aws", "eu-1", "list", "5xx", 0.5)
    assert value(metrics, "stability_api_requests_total", operation="list", code="2xx") == 1
    assert value(metrics, "stability_api_requests_total", operation="list", code="error") == 0
    assert value(metrics, "stability_api_request_duration_seconds_sum", operation="list") == 0.75
    metrics.announce([])
    assert value(metrics, "stability_api_requests_total") is None


def test_the_agent_tells_of_its_own_health() -> None:
    """Reloads, sweeps, store and credentials."""
    metrics = metrics_of(fake_job(FakeApi(), vendor="aws"))
    metrics.config_reload(successful=True)
    metrics.config_reload(successful=False)
    metrics.sweep("ok")
    metrics.store_write_error()
    metrics.credentials_expiry("aws", 1.9e9)
    assert value(metrics, "stability_config_last_reload_successful") == 0
    assert value(metrics, "stability_config_last_reload_success_timestamp_seconds") == 1_800_000_000
    assert value(metrics, "stability_sweep_last_success_timestamp_seconds") == 1_800_000_000
    assert value(metrics, "stability_sweeps_total", result="failed") == 0
    assert value(metrics, "stability_store_write_errors_total") == 1
    assert value(metrics, "stability_credentials_expiry_timestamp_seconds", vendor="aws") == 1.9e9
    assert value(metrics, "stability_build_info", version="1.0") == 1


def test_the_made_up_kinds_have_the_series_of_the_real_ones() -> None:
    """The budget is counted on these, so they must not be cheaper than what is installed."""
    for fake, real in ((FakeHttp, HttpProbe), (FakeApi, ApiProbe), (FakeMonitoring, MonitoringProbe)):
        assert (set(fake.phases), fake.outcomes) == (set(real.phases), real.outcomes)
    assert (set(FakeLifecycle.phases), FakeLifecycle.outcomes) == (set(LifecycleProbe.phases), LifecycleProbe.outcomes)


def _worst_case(metrics: Metrics, job: Job, connections: Iterable[Connection] = Connection) -> None:
    """Let everything happen that creates a series on first use."""
    for connection in connections:
        wire = [phase for phase in job.probe.phases if connection is Connection.NEW or phase not in _OPENING]
        facts: dict[Fact, float | str] = {Fact.IP_PROTOCOL: 4.0, Fact.CERTIFICATE_EXPIRY: 2e9}
        if isinstance(job.probe, FakeMonitoring):
            facts |= {Fact.DATAPOINT_AGE: 1.0, Fact.DATAPOINTS_MISSING: 0.0}
        polled = [phase for phase in LIFECYCLE_PHASES if phase in job.probe.phases]
        metrics.record(
            fake_run(
                job,
                phases=dict.fromkeys(wire, 0.1),
                connection=connection,
                facts=facts,
                resolution=dict.fromkeys(polled, 0.1),
            )
        )
    for operation in ("list", "create", "inspect", "delete", "inventory", "token"):
        for code in ("2xx", "3xx"):
            metrics.api_request(job.target.vendor, job.target.region, operation, code, 0.1)
    metrics.api_budget(job.target.vendor, job.target.region, limit=1, remaining=1, reset=1)
    for read in READS if job.renting else ():
        metrics.visible(job.target.vendor, job.target.region, read, 0.1, 0.1)


_OPENING = {Phase.RESOLVE, Phase.CONNECT, Phase.TLS}


def test_twenty_vendor_regions_stay_within_the_budget() -> None:
    """One lifecycle, three api and one monitoring probe each: under 30,000 series, 31,000 if all keep connections."""
    jobs = [
        job
        for vendor in range(20)
        for job in (
            fake_job(FakeLifecycle(), vendor=f"v{vendor}", objective=OBJECTIVE),
            fake_job(FakeMonitoring(), vendor=f"v{vendor}", objective=OBJECTIVE),
            *(fake_job(FakeApi(), f"api-{n}", vendor=f"v{vendor}", objective=OBJECTIVE) for n in range(3)),
        )
    ]
    metrics = metrics_of(*jobs)
    announced = count(metrics.registry)
    for job in jobs:
        _worst_case(metrics, job, {Connection.NEW})
    assert announced < count(metrics.registry) < 30_000
    for job in jobs:
        _worst_case(metrics, job)
    assert count(metrics.registry) < 31_000


def test_a_lean_probe_stays_within_the_budget() -> None:
    """An own target that failed in every phase and was skipped for every reason that there is: under 90 series."""
    job = fake_job(FakeHttp(), "shop", objective=OBJECTIVE)
    metrics = metrics_of()
    before = count(metrics.registry)
    metrics.announce([job])
    metrics.record(
        fake_run(
            job,
            phases=dict.fromkeys(FakeHttp.phases, 0.1),
            facts={Fact.IP_PROTOCOL: 4.0, Fact.CERTIFICATE_EXPIRY: 2e9},
        )
    )
    for phase in FakeHttp.phases:
        metrics.record(fake_run(job, outcome=Outcome.TIMEOUT, phase=phase))
    for reason in (Skip.OVERLAP, Skip.BUSY, Skip.LATE, Skip.STOPPED):
        metrics.run_skipped(job.target, reason)
    metrics.record(fake_run(job, phases=dict.fromkeys(FakeHttp.phases, 0.1)))
    assert 50 < count(metrics.registry) - before < 90


async def test_a_control_check_that_is_no_more_leaves() -> None:
    """One that could not be tried keeps what it had; one that is not configured any more is forgotten."""
    metrics = Metrics(FakeClock(), "1.2.3")
    metrics.control_checks({"gateway": True, "resolver": False})
    metrics.control_checks({"gateway": None})
    told = [sample for sample in metrics.registry.collect() if sample.name == "stability_control_check_success"]
    assert [(sample.labels, sample.value) for sample in told[0].samples] == [({"check": "gateway"}, 1.0)]


def test_the_steps_of_a_flow_have_series_of_their_own() -> None:
    """At 0 when it is configured; a step that is no more leaves with its series."""
    metrics = Metrics(FakeClock(), "1.2.3")
    flow = replace(fake_job(FakeHttp(), "flow"), steps=("login", "order"))
    metrics.announce([flow])

    def told(name: str) -> dict[tuple[str, str], float]:
        return {
            (sample.labels["step"], sample.labels.get("blame", "")): sample.value
            for family in metrics.registry.collect()
            for sample in family.samples
            if sample.name == name
        }

    failed, count = "stability_failed_flow_steps_total", "stability_flow_step_duration_seconds_count"
    assert told(count) == {("login", ""): 0.0, ("order", ""): 0.0}
    assert set(told(failed).values()) == {0.0}
    metrics.record(replace(fake_run(flow), steps={"login": 0.02}, failed_steps={"order": Outcome.TIMEOUT}))
    assert told(count) == {("login", ""): 1.0, ("order", ""): 0.0}
    assert told(failed)["order", "vendor"] == 1.0
    metrics.announce([replace(flow, steps=("login",))])
    assert told(count) == {("login", ""): 0.0}
