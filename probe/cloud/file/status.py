"""Where a vendor tells how it is."""

from pydantic import Field

from probe.cloud.file.fields import Strict, Text, Word


class StatusFeed(Strict):
    """What a machine can read."""

    kind: Word = Field(description="how it is written: statuspage_v2, rss_atom, or a vendor's own way")
    url: Text = Field(pattern=r"^https://", description="where it is")


class Status(Strict):
    """The vendor's status page."""

    page: Text = Field(pattern=r"^https://", description="for people")
    feed: StatusFeed | None = Field(None, description="for machines")
    note: Text | None = Field(None, description="what is to be known of it")
