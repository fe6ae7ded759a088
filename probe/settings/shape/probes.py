"""What is measured, on whom and how often, and what it is held to."""

from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probe.model.job import Detail
from probe.settings.complaints import Wrong
from probe.settings.fields import Name, Ratio, Seconds, Shape, Words

EVERYONE: Final = "*"
_LONGEST_PERIOD: Final = 86_400.0
_SHORTEST_PERIOD: Final = 1.0


def _vendor_names(value: object) -> object:
    if isinstance(value, str) and value != EVERYONE:
        raise Wrong("must be a list of vendors, or all", f'write [{value}], or "*" for all of them')
    return [value] if value == EVERYONE else value


def _vendor_name(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("must be the name of a vendor", "put it in quotes, if it looks like a number")
    return value


VendorNames = Annotated[
    tuple[Annotated[str, BeforeValidator(_vendor_name)], ...],
    BeforeValidator(_vendor_names),
    WithJsonSchema({"anyOf": [{"const": EVERYONE}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class Probe(Shape):
    """What is measured, on whom and how often."""

    name: Name = Field(description="the `probe` label; unique")
    kind: str = Field(description="what is measured, one of the kinds that are installed")
    vendors: VendorNames | None = Field(
        None, description='names of vendors, or "*" for all; for kinds that probe vendors'
    )
    targets: tuple[Words, ...] | None = Field(
        None, description="whom to probe; for kinds that probe targets of your own"
    )
    every: Seconds = Field(
        description="from one run to the next", le=_LONGEST_PERIOD, ge=_SHORTEST_PERIOD, examples=["15s"]
    )
    deadline: Seconds = Field(
        description="when a run is a timeout; a lifecycle's ends at its delete call", examples=["5s"]
    )
    detail: Detail | None = Field(None, description="full or lean: whether there is a histogram for each phase")
    options: Words = Field({}, description="what the kind wants to know")


class Latency(Shape):
    """How fast a probe should be."""

    below: Seconds = Field(description="an ok run that takes less is fast", examples=["800ms"])
    ratio: Ratio = Field(description="wanted share of fast among ok runs", examples=["99%"])


class Objective(Shape):
    """What a probe is held to."""

    probe: str = Field(description="name of the probe")
    availability: Ratio | None = Field(None, description="wanted share of ok among valid runs", examples=["99.9%"])
    latency: Latency | None = Field(None, description="how fast it should be")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.availability is None and self.latency is None:
            raise Wrong("says nothing", "add availability, latency or both")
        return self
