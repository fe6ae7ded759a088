import asyncio

from prometheus_client import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain
from prometheus_client.samples import Sample

from probe.exposition import families as names
from probe.exposition.formats import Format
from probe.exposition.metrics import Metrics
from probe.exposition.table import SLICE_SECONDS, Table
from probe.model.outcome import Skip
from probe.wire import RealClock
from tests.exposition.telling import text, told_metrics
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import FakeHttp, fake_job, fake_run


def _ours(samples: list[Sample]) -> set[tuple[str, tuple[tuple[str, str], ...], float]]:
    return {
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for sample in samples
        if sample.name.startswith(("stability_", "probe_"))
    }


async def test_our_renderer_tells_the_same_samples_as_prometheus_client() -> None:
    """Speed must not cost a sample, a label or a digit."""
    metrics = told_metrics()
    ours = [sample for family in read_plain(await text(metrics)) for sample in family.samples]
    theirs = [sample for family in read_plain(generate_latest(metrics.registry).decode()) for sample in family.samples]
    assert _ours(ours) == _ours(theirs)
    assert len(_ours(ours)) > 2000


async def test_openmetrics_is_accepted_by_the_strict_parser_and_has_the_same_samples() -> None:
    """Both formats are two ways to say one thing; exemplars lead to a run."""
    metrics = told_metrics()
    told = await text(metrics, "application/openmetrics-text")
    families = list(read_open(told))  # type: ignore[no-untyped-call]  # it has no annotations
    assert told.endswith("# EOF\n")
    plain = [sample for family in read_plain(await text(metrics)) for sample in family.samples]
    strict = [sample for family in families for sample in family.samples]
    assert _ours(strict) == _ours(plain)
    assert any(sample.exemplar and sample.exemplar.labels["run_id"] for sample in strict)
    assert {family.name: family.unit for family in families}["stability_run_duration_seconds"] == "seconds"


async def test_the_process_is_told_too() -> None:
    """CPU, memory, open files and the interpreter come from prometheus_client's own collectors."""
    told = await text(told_metrics())
    for name in (
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "python_info",
        "python_gc_collections_total",
    ):
        assert f"# TYPE {name} " in told
    assert "python_gc_collections_created" not in told


def _large_table() -> Table:
    table = Table()
    for vendor in range(1000):
        for phase in ("resolve", "connect", "wait"):
            labels = (f"vendor-{vendor}", "eu-central-1", "api", "", "platform", phase, "new")
            table.histogram(names.WIRE_PHASE, *labels).observe(0.01)
    return table


class TickingClock(FakeClock):
    """A clock on which every look takes a tick: as if a series took that long to render."""

    TICK = 20e-6

    def now(self) -> float:
        """Monotonic seconds; later each time."""
        self.pass_time(self.TICK)
        return super().now()


async def test_fifty_thousand_series_do_not_hold_the_loop() -> None:
    """Others get the loop after every slice, however many series there are and however slow the machine is."""
    table, stop = _large_table(), asyncio.Event()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while not stop.is_set():
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    lines = sum([chunk.count(b"\n") async for chunk in table.told(Format.OPEN, TickingClock())])
    stop.set()
    await waiting
    assert lines == 51_003
    slices = 3_000 * TickingClock.TICK / SLICE_SECONDS
    assert turns >= slices * 0.9


async def test_series_may_come_and_go_while_they_are_told() -> None:
    """A reload during a scrape neither breaks it nor loses what stays."""
    table = _large_table()
    told = table.told(Format.PLAIN, RealClock())
    first = await anext(told)
    for key in table.keys(names.WIRE_PHASE)[:2000]:
        table.drop(names.WIRE_PHASE, *key)
    table.value(names.STORE_ERRORS)
    rest = b"".join([chunk async for chunk in told])
    assert (first + rest).count(b"vendor-999") == 3 * 17


async def test_the_account_of_the_slots_adds_up_in_every_scrape() -> None:
    """It holds between two turns of the loop that due = runs + skipped + in flight, and a scrape takes many turns."""
    clock = TickingClock()
    metrics = Metrics(clock, "1.0")
    jobs = [fake_job(FakeHttp(), f"t{number}") for number in range(2_000)]
    metrics.announce(jobs)

    async def goes_on() -> None:
        while True:
            for number, job in enumerate(jobs):
                await asyncio.sleep(0)
                metrics.slots_due(job.target, 2)
                metrics.run_skipped(job.target, Skip.LATE)
                metrics.run_started(job.target)
                if number % 2:
                    metrics.record(fake_run(job))
                    metrics.run_ended(job.target)

    agent = asyncio.create_task(goes_on())
    await asyncio.sleep(0.01)
    sums = [_sums(await text(metrics, form)) for form in ("text/plain", "application/openmetrics-text")]
    agent.cancel()
    assert all(due == runs + skipped + flying for due, runs, skipped, flying in sums)
    assert 0 < sums[0][0] < sums[1][0]


def _sums(told: str) -> list[float]:
    lines = [line.split(" # ")[0] for line in told.splitlines() if not line.startswith("#")]
    families = ("stability_due_runs_total", "stability_runs_total", "stability_skipped_runs_total")
    return [
        sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{{"))
        for name in (*families, "stability_runs_in_flight")
    ]
