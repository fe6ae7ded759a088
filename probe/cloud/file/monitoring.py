"""A vendor's monitoring API as data: how the newest datapoints of an instance or of a named series are asked for."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import Jmespath, Seconds, Strict, Text, Word
from probe.cloud.file.operation import Operation

Complaint = tuple[tuple[str, ...], str, str]


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

    points: Points = Field(description="where the datapoints stand in the answer")


class SubjectField(Strict):
    """Something that the configuration says of a series, used as `${series.NAME}`."""

    description: Text = Field(description="what it is, for people")
    default: Any = Field(None, description="where the configuration says nothing")
    required: bool = Field(False, description="whether the configuration must say it")
    pairs: tuple[Word | Text, Word | Text] | None = Field(
        None, description="it is a mapping, and is sent as a list of pairs: what key and value are called there"
    )


class SeriesPoints(Operation):
    """Asks for the datapoints of the series that the configuration names."""

    fields: dict[Word, SubjectField] = Field(description="what the configuration says of a series")
    points: Points = Field(description="where the datapoints stand in the answer")


class Monitoring(Strict):
    """Everything about the vendor's monitoring API."""

    instance: InstancePoints | None = Field(None, description="how the datapoints of an instance are asked for")
    series: SeriesPoints | None = Field(None, description="how those of a series are that the configuration names")
    resolution: Seconds = Field(description="between two points")
    lag: Seconds = Field(description="the age that the newest point may have without anything being wrong")
    window: Seconds = Field(description="how far back is asked for")

    def complaints(self, subject: Mapping[str, object]) -> list[Complaint]:
        """What is wrong with *subject*, an `instance` or a `series`: where, what, and what to do about it."""
        if ("instance" in subject) == ("series" in subject):
            return [((), "needs either an `instance` or a `series`", f"give {' or '.join(self._ways())}")]
        way = "instance" if "instance" in subject else "series"
        if way not in self._ways():
            return [((way,), f"this vendor's file cannot ask for an {way}", f"give {' or '.join(self._ways())}")]
        return [] if self.series is None or way == "instance" else _series_complaints(self.series, subject["series"])

    def _ways(self) -> list[str]:
        return [way for way in ("instance", "series") if getattr(self, way) is not None]


def _series_complaints(query: SeriesPoints, series: object) -> list[Complaint]:
    known = ", ".join(query.fields)
    if not isinstance(series, Mapping):
        return [(("series",), "must be a mapping", f"give some of {known}")]
    complaints: list[Complaint] = [
        (("series", str(name)), f"there is no `{name}` of a series", f"choose among {known}")
        for name in series
        if name not in query.fields
    ]
    for name, field in query.fields.items():
        if field.required and name not in series:
            complaints.append((("series", name), "is missing", f"give it: {field.description}"))
        elif field.pairs is not None and not isinstance(series.get(name, {}), Mapping):
            complaints.append((("series", name), "must be a mapping", field.description))
    return complaints
