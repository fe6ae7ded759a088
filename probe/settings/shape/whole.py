"""The whole document, of all its sections."""

from pydantic import ConfigDict, Field

from probe.settings.fields import (
    NAME_PATTERN,
    FilePath,
    Name,
    Shape,
)
from probe.settings.shape.agent import Agent
from probe.settings.shape.blackbox import BlackboxFile
from probe.settings.shape.controls import Controls
from probe.settings.shape.guards import Guards
from probe.settings.shape.probes import Objective, Probe
from probe.settings.shape.vendors import Vendor


class Whole(Shape):
    """The whole document, for its keys; the sections are read one by one, so that each makes its own complaints."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["probes"], "properties": {"probes": {"minItems": 1}}}, {"required": ["blackbox"]}]
        }
    )

    agent: Agent = Field(Agent(), description="the agent itself")
    vendor_files: FilePath | None = Field(
        None, description="folder of your own vendor files, which win over ours; from the configuration's folder"
    )
    vendors: dict[Name, Vendor] = Field(
        {},
        description="vendors, by the name that becomes the `vendor` label",
        json_schema_extra={"propertyNames": {"pattern": NAME_PATTERN}},
    )
    probes: tuple[Probe, ...] = Field((), description="what is measured; with `blackbox` there need be nothing")
    objectives: tuple[Objective, ...] = Field((), description="what probes are held to")
    guards: Guards = Field(Guards(), description="limits of what may be rented")
    blackbox: FilePath | BlackboxFile | None = Field(
        None, description="the file with the modules of `/probe`, or {file, compat, timeout_offset}"
    )
    controls: Controls = Field(
        Controls(), description="references that tell a vendor that is down from a network of our own that is"
    )
