"""Limits of what may be rented."""

from pydantic import Field

from probe.settings.fields import (
    Currency,
    Money,
    Seconds,
    Shape,
)


class TotalGuards(Shape):
    """Limits for all vendors together."""

    instances_at_once: int = Field(5, ge=1, le=1_000, description="instances rented at the same time")
    per_hour: int | None = Field(None, ge=1, le=100_000, description="instances rented in an hour")
    per_day: int | None = Field(None, ge=1, le=100_000, description="instances rented in a day")
    spend_per_day: Money | None = Field(None, description="what may be spent in a day, by the vendors' prices")


class Guards(Shape):
    """Limits of what may be rented, for each vendor."""

    instances_at_once: int = Field(2, ge=1, le=1_000, description="instances rented at the same time")
    per_hour: int | None = Field(None, ge=1, le=100_000, description="instances rented in an hour")
    per_day: int = Field(120, ge=1, le=100_000, description="instances rented in a day")
    lease: Seconds = Field(
        1_800.0, description="age at which the sweeper takes an instance, whatever its run does", examples=["30m"]
    )
    spend_per_day: Money | None = Field(
        None, description="what may be spent in a day, by the vendor's prices", examples=[5.0]
    )
    currency: Currency | None = Field(
        None, description="what prices and spend_per_day are in: one for all vendors", examples=["EUR"]
    )
    total: TotalGuards = Field(TotalGuards(), description="limits for all vendors together")
