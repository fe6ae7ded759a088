"""The file that `/probe` answers by."""

from typing import Literal

from pydantic import Field, model_validator

from probe.settings.fields import (
    FilePath,
    Seconds,
    Shape,
)


class BlackboxFile(Shape):
    """What `/probe` answers by."""

    file: FilePath = Field(description="a blackbox.yml in blackbox_exporter's format; from the configuration's folder")
    compat: Literal["absent", "zeros"] = Field(
        "absent",
        description="how phases that were not reached are told: not at all, or as 0, as blackbox_exporter does",
    )
    timeout_offset: Seconds = Field(
        0.5, description="how long before the scraper's patience ends an answer leaves", examples=["500ms"]
    )

    @model_validator(mode="before")
    @classmethod
    def _file_alone(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str) else value
