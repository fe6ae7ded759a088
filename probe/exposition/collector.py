"""Our series as prometheus_client sees them, and its series about the process as we tell them."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_open
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar as TheirExemplar

from probe.exposition.children import Sample
from probe.exposition.families import Family
from probe.exposition.formats import END, Format
from probe.exposition.table import Key, Table


class TableCollector(Collector):
    """Lets everything that reads a prometheus_client registry read our table: tests, bridges, other exporters."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def collect(self) -> Iterable[Metric]:
        """Every family with its samples, at once."""
        for family, samples in self._table.samples():
            yield _metric(family, samples)


def _metric(family: Family, samples: Iterable[tuple[Key, Sample]]) -> Metric:
    metric = Metric(family.stem, family.help, str(family.type), family.told_unit)
    for key, sample in samples:
        labels = dict(zip(family.labels, key, strict=True))
        own = labels | dict([sample.extra]) if sample.extra else labels
        metric.add_sample(sample.name, own, sample.value, exemplar=_theirs(sample))
    return metric


def _theirs(sample: Sample) -> TheirExemplar | None:
    told = sample.exemplar
    return TheirExemplar({"run_id": told.run_id}, told.value, told.at) if told and told.text() else None


class Registries:
    """What prometheus_client brings: a registry of everything, and one of what it alone knows (process and Python).

    Attributes:
        everything: our series and those about the process.
    """

    _PROCESS: Final = (ProcessCollector, PlatformCollector, GCCollector)

    def __init__(self, table: Table) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
        self.everything = CollectorRegistry()
        self.everything.register(TableCollector(table))
        self._process = CollectorRegistry()
        for collector in self._PROCESS:
            collector(registry=self.everything)
            collector(registry=self._process)

    def process(self, form: Format) -> bytes:
        """The series about the process; a few dozen lines, so they are told in one go."""
        if form is Format.PLAIN:
            return generate_latest(self._process)
        told: bytes = generate_open(self._process)  # type: ignore[no-untyped-call]  # it has no annotations
        return told.removesuffix(END)
