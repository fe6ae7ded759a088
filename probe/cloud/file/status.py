"""Where a vendor tells how it is."""

from typing import Literal

from pydantic import Field

from probe.cloud.file.fields import Strict, Text


class StatusFeed(Strict):
    """What a machine can read."""

    kind: Literal["statuspage_v2", "rss_atom", "gcp_incidents", "aws_currentevents", "vultr_status"] = Field(
        description="how it is written"
    )
    url: Text = Field(pattern=r"^https://", description="where it is")


class Status(Strict):
    """The vendor's status page."""

    page: Text = Field(pattern=r"^https://", description="for people")
    feed: StatusFeed | None = Field(None, description="for machines")
    note: Text | None = Field(None, description="what is to be known of it")
