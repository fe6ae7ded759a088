"""Who is measured: the identity of a series."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

OWN: Final = "none"
"""The vendor of a target that is the operator's own and belongs to no vendor."""


class Layer(StrEnum):
    """Which layer of a customer's experience a series speaks of."""

    PLATFORM = "platform"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """The labels that name a series; every one comes from the configuration, so their number is bounded.

    Attributes:
        vendor: name of the vendor entry, `none` for the operator's own targets.
        region: the vendor's region, empty for own targets.
        probe: the probe's configured name.
        name: the configured target, empty for vendor probes; unique within a probe.
        layer: `platform` for vendor probes, `service` for own targets.
    """

    vendor: str
    region: str
    probe: str
    name: str = ""
    layer: Layer = Layer.PLATFORM

    def __str__(self) -> str:
        parts = (self.probe, self.name) if self.vendor == OWN else (self.probe, self.vendor, self.region)
        return "/".join(part for part in parts if part)
