"""What a vendor file says: the whole of it, as one value."""

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from probe.cloud.file.errors import Errors
from probe.cloud.file.fields import Alias, Jmespath, MapTemplate, Pattern, RateField, Strict, Text, TextTemplate, Word
from probe.cloud.file.instances import Instances
from probe.cloud.file.listing import Listing
from probe.cloud.file.monitoring import Monitoring
from probe.cloud.file.operation import Read
from probe.cloud.file.status import Status


class Capability(StrEnum):
    """What a vendor may have or lack; what it lacks is said under `absent`, with the reason."""

    LIFECYCLE = "lifecycle"
    REACH = "reach"
    MONITORING_INSTANCE = "monitoring.instance"
    MONITORING_SERIES = "monitoring.series"


class CredentialSet(Strict):
    """One way to identify oneself."""

    description: Text = Field(description="what it is and where one gets it")
    required: dict[Word, Text] = Field({}, description="names of credentials, each with what it is")
    optional: dict[Word, Text] = Field({}, description="the same, for those that may be left out")
    defaults: dict[Word, str] = Field({}, description="what an optional one is when it is left out")


class AccountFact(Strict):
    """Something about our account that is no secret, said under `account:` of the configuration: `${account.NAME}`."""

    description: Text = Field(description="what it is, and where one finds it")
    default: Text | None = Field(None, description="where the configuration says nothing")
    required: bool = Field(True, description="whether the configuration must say it, if there is no default")


class Auth(Strict):
    """How requests are authenticated."""

    kind: Word = Field(description="one of the auth kinds that are installed: bearer, keystone_v3, rax_v2, sigv4, …")
    options: dict[Word, Any] = Field({}, description="what the kind wants to know")


class CatalogEntry(Strict):
    """Which service of the vendor's catalog an endpoint is."""

    type: Text = Field(description="the type of the service")
    name: Text | None = Field(None, description="its name, where several have the type")


class Endpoint(Strict):
    """A place that requests go to. The configuration may override its URL."""

    url: TextTemplate | None = Field(None, description="its URL; `${region}` and `${account.…}` may stand in it")
    catalog: CatalogEntry | None = Field(None, description="where the catalog that comes with a token has it")
    given: bool = Field(False, description="the URL comes from a profile or from the configuration")
    codec: Literal["json", "xml"] = Field("json", description="what answers are written in")
    headers: MapTemplate | None = Field(None, description="headers of every request")
    form: MapTemplate | None = Field(None, description="form parameters of every request with a form")
    sign_as: Text | None = Field(None, description="the service that a signature is made for, where auth signs")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum((self.url is not None, self.catalog is not None, self.given)) != 1:
            raise ValueError("needs exactly one of `url`, `catalog` and `given: true`")
        return self


class NetworkOption(Strict):
    """Something that the configuration may say under `network:`, used as `${network.NAME}`."""

    description: Text = Field(description="what it is, for people")
    default: Any = Field(None, description="where the configuration says nothing")


class Network(Strict):
    """What an instance's network may be told."""

    options: dict[Word, NetworkOption] = Field({}, description="what it is, by name")
    reach_needs: tuple[Word, ...] = Field((), description="options without which an instance cannot be reached")


class Lookup(Listing):
    """Finds the identifier of something by its name; the answer is remembered for an hour."""

    name: Jmespath = Field(description="finds the name in an item")
    id: Jmespath = Field(description="finds the identifier in an item")


class Choices(Strict):
    """Sizes or images."""

    aliases: dict[Alias, str] = Field({}, description="our words, each with the vendor's identifier (or name)")
    parts: Pattern | None = Field(
        None,
        description="what an identifier looks like as a whole, where its parts are sent one by one: the group `name` "
        "of the pattern of `images` is `${image.name}`",
    )
    find: Lookup | None = Field(None, description="how an identifier is found where people know the name")


class RegionDetails(Strict):
    """What holds in one region only."""

    endpoints: dict[Word, str] = Field({}, description="URLs of endpoints")


class Profile(Strict):
    """A particular cloud that speaks this API."""

    title: Text = Field(description="its name for people")
    docs: Text = Field(description="where its facts stand")
    endpoints: dict[Word, TextTemplate] = Field({}, description="URLs of endpoints, as under `endpoints`")
    regions: dict[Text, RegionDetails] = Field({}, description="its regions, all of them; absent: any")
    credentials: dict[Word, str] = Field({}, description="defaults of credentials that are no secret")
    sizes: dict[Alias, str] = Field({}, description="aliases that win over the file's")
    images: dict[Alias, str] = Field({}, description="aliases that win over the file's")
    status: Status | None = Field(None, description="its own status page")


class Limits(Strict):
    """How many requests an account may be sent, and the headers in which the vendor tells what is left of them."""

    rate: RateField | None = Field(
        None, description="how many requests in which time; the configuration may say otherwise", examples=["3600/h"]
    )
    burst: int | None = Field(
        None, ge=1, description="how many of them may leave at once; a tenth of the rate where nothing is said"
    )
    at_once: int | None = Field(None, ge=1, description="how many may be on their way at the same time")
    scope: Literal["account", "region"] = Field(
        "account", description="whether the vendor counts an account's requests all together, or in each region"
    )
    limit: Text | None = Field(None, description="how many requests are allowed")
    remaining: Text | None = Field(None, description="how many are left")
    used: Text | None = Field(None, description="how many are used up, where it is not told how many are left")
    reset: Text | None = Field(None, description="when the budget is full again")
    reset_is: Literal["epoch", "seconds"] = Field("epoch", description="since 1970, or from now")
    refill: Literal["at_once", "steady"] = Field(
        "at_once", description="whether nothing comes back until the reset, or a little all the time"
    )
    retry_after: tuple[Text, ...] = Field(("Retry-After",), description="when to try again: seconds, or a date")


class VendorFile(Strict):
    """How a vendor's API is spoken to."""

    vendor: Word = Field(description="its name, which `use:` of the configuration chooses")
    title: Text = Field(description="its name for people")
    docs: Text = Field(description="the vendor's own documentation")
    credentials: dict[Word, CredentialSet] = Field(description="ways to identify oneself; one is enough")
    account: dict[Word, AccountFact] = Field({}, description="what else must be known of an account; no secrets")
    identified_by: tuple[Word, ...] = Field(
        (),
        description="names of credentials and of facts of `account` that tell one account from another and stay when a "
        "secret is exchanged; all of them where nothing is said",
    )
    auth: Auth = Field(description="how requests are authenticated")
    endpoints: dict[Word, Endpoint] = Field(min_length=1, description="named `api`, `monitoring` and `auth` by habit")
    profiles: dict[Word, Profile] = Field({}, description="particular clouds that speak this API")
    request_id: tuple[Text, ...] = Field((), description="headers that name a request to the vendor's support")
    limits: Limits = Field(Limits.model_validate({}), description="how many requests an account may be sent")
    errors: Errors = Field(description="how errors are told, and what they mean")
    reads: dict[Word, Read] = Field({}, description="calls that change and cost nothing, for `api` probes")
    network: Network = Field(Network.model_validate({}), description="what an instance's network may be told")
    sizes: Choices = Field(Choices.model_validate({}), description="sizes of instances")
    images: Choices = Field(Choices.model_validate({}), description="images of instances")
    instances: Instances | None = Field(None, description="an instance's life")
    monitoring: Monitoring | None = Field(None, description="the monitoring API")
    status: Status | None = Field(None, description="where the vendor tells how it is; nothing asks it yet")
    absent: dict[Capability, Text] = Field({}, description="what the vendor lacks, each with the reason")

    @property
    def credential_names(self) -> frozenset[str]:
        """Every credential that some way to identify oneself takes."""
        return frozenset(name for way in self.credentials.values() for name in (*way.required, *way.optional))

    def has(self, capability: Capability) -> bool:
        """Whether the file says how *capability* is used."""
        return {
            Capability.LIFECYCLE: self.instances is not None,
            Capability.REACH: self.instances is not None and Capability.REACH not in self.absent,
            Capability.MONITORING_INSTANCE: self.monitoring is not None and self.monitoring.instance is not None,
            Capability.MONITORING_SERIES: self.monitoring is not None and self.monitoring.series is not None,
        }[capability]

    def read_operations(self) -> tuple[str, ...]:
        """The operations that an `api` probe may name."""
        return (*(("list",) if self.instances is not None else ()), *self.reads)
