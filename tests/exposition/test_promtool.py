import pytest

from probe.exposition.families import FAMILIES
from probe.model.phase import Phase
from tests.exposition.serving import served
from tests.exposition.telling import text, told_metrics
from tests.servers.prometheus import StartPrometheus, promtool

pytestmark = pytest.mark.servers


async def test_promtool_has_nothing_to_say_about_a_full_exposition() -> None:
    """Names, types, units and help texts keep the conventions of Prometheus; every family is there to be judged."""
    told = await text(told_metrics())
    assert not [family.name for family in FAMILIES if f"# TYPE {family.name} {family.type}\n" not in told]
    assert not promtool("check", "metrics", text=told.encode())


async def test_a_real_prometheus_scrapes_it(prometheus: StartPrometheus) -> None:
    """In OpenMetrics, compressed, with exemplars; what it stores is what we said."""
    async with served() as server:
        real = await prometheus(server.host)
        (up,) = await real.eventually("up == 1")
        (runs,) = await real.eventually('sum(stability_runs_total{vendor="sandbox-steady",probe="api"})')
        assert runs["value"][1] == "90"
        assert up["metric"]["instance"] == server.host
        phases = await real.query('probe_http_duration_seconds{vendor="sandbox-steady",probe="api"}')
        assert {one["metric"]["phase"] for one in phases} == {"resolve", "connect", "tls", "processing", "transfer"}
        flaky = 'sum(stability_failed_runs_total{vendor="sandbox-flaky",probe="lifecycle",blame="vendor"}) > 0'
        assert await real.query(flaky)
        quantile = f'histogram_quantile(0.5, stability_wire_phase_duration_seconds_bucket{{phase="{Phase.WAIT}"}})'
        assert all(0 < float(one["value"][1]) < 1 for one in await real.query(quantile) if one["value"][1] != "NaN")
        (target,) = (await real.get("targets"))["activeTargets"]
        assert target["lastError"] == ""
        exemplars = await real.get(
            "query_exemplars", query="stability_runs_total", start="1", end=str(float(up["value"][0]) + 60)
        )
        assert exemplars[0]["exemplars"][0]["labels"]["run_id"]
        metadata = await real.get("metadata", metric="stability_runs")
        assert metadata["stability_runs"][0]["type"] == "counter"
