"""Probes by one module, on loopback."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from probe.model.meter import Meter
from probe.probes.blackbox import Blackbox, Module
from probe.probes.fields import FOLDER
from probe.wire import NameFiles, RealClock, Wire

SYSTEM = NameFiles()


class Found:
    """What a probe found.

    Attributes:
        log: its lines.
        metrics: values by name, or by name and the values of labels.
        labels: by name.
    """

    def __init__(self, samples: Any, lines: list[str]) -> None:
        self.log = "\n".join(lines)
        self.metrics: dict[str, float] = {}
        self.labels: dict[str, Mapping[str, str]] = {}
        for sample in samples:
            self.metrics["/".join((sample.name, *sample.labels.values()))] = sample.value
            self.labels[sample.name] = sample.labels

    @property
    def good(self) -> bool:
        """Whether the probe was a success."""
        return self.metrics["probe_success"] == 1


async def probed(
    target: str,
    module: Mapping[str, object],
    *,
    folder: Path = Path(),
    names: NameFiles = SYSTEM,
    hostname: str = "",
    zeros: bool = False,
) -> Found:
    """What a probe of *target* by *module* finds within two seconds."""
    clock = RealClock()
    wire = Wire(clock, Meter(), names=names)
    blackbox = Blackbox(modules={"a": Module.model_validate(module, context={FOLDER: folder})}, zeros=zeros)
    try:
        findings = await blackbox.probe("a", target, 2.0, wire, clock, hostname=hostname)
    finally:
        await wire.close()
    return Found(findings.samples(), findings.lines)


def http(**options: object) -> dict[str, object]:
    """A module of the prober http."""
    return {"prober": "http", "http": options}


def tcp(**options: object) -> dict[str, object]:
    """A module of the prober tcp."""
    return {"prober": "tcp", "tcp": options}


def icmp(**options: object) -> dict[str, object]:
    """A module of the prober icmp."""
    return {"prober": "icmp", "icmp": options}


def dns(**options: object) -> dict[str, object]:
    """A module of the prober dns."""
    return {"prober": "dns", "dns": options}
