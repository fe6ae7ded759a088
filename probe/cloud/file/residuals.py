"""What may outlive an instance, as data: how it is listed, how it is known to be ours, how it is deleted."""

from pydantic import Field

from probe.cloud.file.fields import Jmespath, Seconds, Strict, Text
from probe.cloud.file.listing import MarkedListing
from probe.cloud.file.marks import ReadMarks
from probe.cloud.file.operation import Operation


class ResidualShown(Strict):
    """Where an item shows what we want to know; each path starts at the item."""

    id: Jmespath = Field(description="its identifier")
    name: Jmespath | None = Field(None, description="its name")
    marks: ReadMarks | None = Field(None, description="what we marked it with, if it can be marked")
    created: Jmespath | None = Field(None, description="when it was created: ISO 8601, or seconds since 1970")
    free: tuple[Jmespath, ...] = Field(
        (), description="all: nothing uses it; what something uses is left alone, whoever it belongs to"
    )


class Residual(Strict):
    """A kind of thing that may outlive the instance that it came with: a volume, an address, a network interface."""

    description: Text = Field(description="what it is, and when it is left over")
    list: MarkedListing = Field(description="lists them")
    show: ResidualShown = Field(description="how an item of the list is read")
    attached: Jmespath | None = Field(
        None, description="finds the identifiers of those that came with an instance, in the instance's item"
    )
    delete: Operation = Field(description="deletes the one called `${id}`")
    delay: Seconds = Field(0.0, description="how long after an instance is gone they may still count as used, at most")
