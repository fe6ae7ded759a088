"""A vendor: which file says how it is spoken to, and what is ours in it."""

from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probe.probes.fields import Proxy
from probe.settings.complaints import Wrong
from probe.settings.fields import FilePath, Price, RateField, Reference, Region, Seconds, Shape, Url, Words

_LONGEST_FACT: Final = 200


def _fact(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a project's number looks like one
    if isinstance(value, dict):
        raise Wrong("is no text", "write it here: what is secret belongs under credentials")
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_FACT or not value.isprintable():
        raise Wrong("is no text", "write the vendor's word for it, in quotes if it looks like something else")
    return value


Fact = Annotated[
    str, BeforeValidator(_fact), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _LONGEST_FACT})
]


class RequestLimits(Shape):
    """How many requests the account may be sent; everything that probes it shares them."""

    rate: RateField | None = Field(None, description="how many in which time", examples=["100/m"])
    burst: int | None = Field(
        None, ge=1, le=1_000_000, description="how many of the rate may leave at once; a tenth if nothing is said"
    )
    at_once: int | None = Field(
        None, ge=1, le=1_000, description="how many may be on their way at the same time", examples=[5]
    )

    @model_validator(mode="after")
    def _burst_is_part_of_the_rate(self) -> Self:
        if self.burst is not None and self.rate is not None and self.burst > self.rate.count:
            raise Wrong("has a burst that is more than its rate", f"let burst be {self.rate.count} at most")
        return self


class Vendor(Shape):
    """A vendor: which file says how it is spoken to, and what is ours in it."""

    use: str = Field(description="the vendor file: `probe vendors` lists them")
    region: Region = Field(description="the vendor's word for the region")
    profile: str | None = Field(None, description="which particular cloud, where the vendor file knows several")
    credentials: dict[str, Reference] = Field(
        {}, description="what one identifies oneself with, each as {env: NAME} or {file: PATH}"
    )
    account: dict[str, Fact] = Field(
        {}, description="what else the vendor file must know of your account, and is no secret: a project, a tenant"
    )
    endpoints: dict[str, Url] = Field(
        {}, description="URLs that win over the vendor file's, by the names it has for them"
    )
    network: Words = Field({}, description="options of the vendor file for the network of instances")
    limits: RequestLimits = Field(
        RequestLimits(), description="how many requests may be sent, where that is not what the vendor file says"
    )
    prices: dict[str, Price] = Field(
        {},
        description="what an hour of each size costs you, by the word that probes use for it",
        examples=[{"small": "0.006/h"}],
    )
    rounds_up_to: Seconds = Field(
        3_600.0, description="what the vendor charges whole ones of, and at least one", examples=["1h"]
    )
    insecure_http: bool = Field(False, description="whether credentials may be sent over plain http beyond loopback")
    ca_bundle: FilePath | None = Field(None, description="PEM file of the authorities to trust instead of the system's")
    proxy: Proxy | None = Field(None, description="HTTP proxy to go through; the environment's is never used")
