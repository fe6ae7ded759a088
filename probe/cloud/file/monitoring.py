"""A vendor's monitoring API as data: how the newest datapoints of an instance or of a named series are asked for."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import Jmespath, Line, Seconds, Strict, Word
from probe.cloud.file.operation import Operation


class Points(Strict):
    """Where datapoints stand in an answer: as a list of points, or as two lists of the same length."""

    at: Jmespath | None = Field(None, description="finds the list of points")
    time: Jmespath | None = Field(None, description="finds the time in a point")
    value: Jmespath | None = Field(None, description="finds the value in a point")
    times: Jmespath | None = Field(None, description="finds the list of times")
    values: Jmespath | None = Field(None, description="finds the list of values")
    unit: Literal["s", "ms", "iso"] = Field(description="how a time is told: since 1970, or as ISO 8601")

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        points = (self.at, self.time, self.value)
        lists = (self.times, self.values)
        if not ((all(points) and not any(lists)) or (all(lists) and not any(points))):
            raise ValueError("needs `at`, `time` and `value`, or `times` and `values`")
        return self


class InstancePoints(Operation):
    """Asks for the datapoints of `${instance}`."""

    points: Points


class SubjectField(Strict):
    """Something that the configuration says of a series, used as `${series.NAME}`."""

    description: Line
    default: Any = Field(None, description="where the configuration says nothing")
    required: bool = Field(False, description="whether the configuration must say it")
    pairs: tuple[Word | Line, Word | Line] | None = Field(
        None, description="it is a mapping, and is sent as a list of pairs: what key and value are called there"
    )


class SeriesPoints(Operation):
    """Asks for the datapoints of the series that the configuration names."""

    fields: dict[Word, SubjectField] = Field(description="what the configuration says of a series")
    points: Points


class Monitoring(Strict):
    """Everything about the vendor's monitoring API."""

    instance: InstancePoints | None = None
    series: SeriesPoints | None = None
    resolution: Seconds = Field(description="between two points")
    lag: Seconds = Field(description="the age that the newest point may have without anything being wrong")
    window: Seconds = Field(description="how far back is asked for")
