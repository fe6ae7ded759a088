"""Metrics of a made-up fleet, and what a scraper reads of them."""

from dataclasses import replace

from probe.exposition.metrics import Metrics
from probe.model.outcome import Outcome
from probe.model.refusal import Cause
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import FakeHttp, fake_job, fake_run
from tests.fakes.story import story_jobs, story_runs


def told_metrics() -> Metrics:
    """Metrics of a fleet after half an hour, strange names and every call of the meter included."""
    clock = FakeClock()
    metrics = Metrics(clock, "1.2.3")
    jobs = story_jobs()
    metrics.announce(jobs)
    for run in story_runs(jobs, clock.wall()):
        metrics.record(run)
    flow = replace(fake_job(FakeHttp(), "flow"), steps=("login", "order"))
    metrics.announce([*jobs, flow])
    metrics.record(replace(fake_run(flow), steps={"login": 0.02}, failed_steps={"order": Outcome.TIMEOUT}))
    for seconds in (0.0002, 0.3):
        metrics.schedule_lateness(seconds)
        metrics.loop_lag(seconds)
        metrics.receive_lag(seconds)
    metrics.api_request('we"ird\\', "new\nline", "list", "2xx", 0.2)
    metrics.api_budget("aws", "eu", limit=100, remaining=7.5, reset=clock.wall() + 60)
    metrics.api_wait("aws", "eu", 12.5)
    metrics.credentials_expiry("aws", clock.wall() + 3600)
    metrics.estimated_cost("aws", "eu-central-1", "EUR", 1.25)
    metrics.breaker("aws", "eu-central-1", {Cause.QUOTA})
    metrics.read_after_write("aws", "eu-central-1", "list_after_create", consistent=False)
    metrics.visible("aws", "eu-central-1", "list_after_create", 3.5, 0.5)
    metrics.not_visible("aws", "eu-central-1", "list_after_delete")
    metrics.resources("aws", "eu", "instance", active=1, deleting=0, leaked=2, oldest=77.7)
    metrics.residuals("aws", "eu", {"lease-1": {"volumes": 2}}, ["addresses"])
    metrics.cpu_lost({"steal": 0.5, "wait": 1.5, "throttled": 2.5})
    metrics.control_checks({"gateway": True, "resolver": False, "host": None})
    metrics.sweep("ok")
    metrics.ledger(there=True)
    metrics.config_reload(successful=True)
    return metrics


async def text(metrics: Metrics, accept: str = "") -> str:
    """The whole exposition."""
    return b"".join([chunk async for chunk in metrics.exposition(accept).chunks]).decode()
