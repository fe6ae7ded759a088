"""An instance's life as data: the calls, how an answer shows it, and which answers mean what."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from probe.cloud.file.errors import Fit
from probe.cloud.file.fields import Jmespath, OneOrMore, Seconds, Strict, TextTemplate, Word
from probe.cloud.file.listing import MarkedListing
from probe.cloud.file.marks import ReadMarks, WrittenMarks
from probe.cloud.file.operation import Operation
from probe.cloud.file.residuals import Residual
from probe.cloud.file.steps import AddressRead, Delete, HandleCall, Step


class Create(Operation):
    """Rents an instance. It is sent once and never again."""

    id: Jmespath | None = Field(None, description="finds the new instance's identifier in the answer")
    id_is: TextTemplate | None = Field(
        None, description="the new instance's identifier, where we choose it: `${name}`; instead of `id`"
    )
    handle: HandleCall | None = Field(None, description="where the work goes on after the answer")
    after: tuple[Step, ...] = Field((), description="calls that follow the acknowledged create, in order")
    idempotency: Literal["token", "name", "none"] = Field(
        "none", description="what keeps the same create, sent twice, from renting twice"
    )
    already: Annotated[tuple[Fit, ...], OneOrMore] = Field(
        (), description="what the second of two such creates gets: errors that say that it is there already"
    )

    @model_validator(mode="after")
    def _one_identifier(self) -> Self:
        if (self.id is None) == (self.id_is is None):
            raise ValueError("needs either `id`, where the answer tells it, or `id_is`, where we choose it")
        return self


class Get(Operation):
    """Asks how one instance is."""

    item: Jmespath = Field(description="finds the instance in the answer")


class InstanceList(MarkedListing):
    """Lists instances. What it filters is only an optimisation: marks are checked again on our side."""

    delay: Seconds = Field(0.0, description="how long after a create the list may not show the instance, at most")


class Shown(Strict):
    """Where an item shows what we want to know; each path starts at the item."""

    id: Jmespath = Field(description="its identifier")
    name: Jmespath = Field(description="its name")
    addresses: Jmespath | None = Field(
        None, description="its addresses, the one to reach it by first; what is null is dropped"
    )
    marks: ReadMarks = Field(description="what we marked it with")
    created: Jmespath | None = Field(None, description="when it was created: ISO 8601, or seconds since 1970")
    reason_code: Jmespath | None = Field(None, description="why it failed, as a code; the error rules judge it")
    reason: Jmespath | None = Field(None, description="why it failed, for people; the error rules judge it, too")


class States(Strict):
    """Predicates over an item, asked in this order; one that meets an unexpected type is false."""

    gone: tuple[Jmespath, ...] = Field((), description="any: it is no more, though it is still shown")
    failed: tuple[Jmespath, ...] = Field((), description="any: it will never run")
    deleting: tuple[Jmespath, ...] = Field((), description="any: it is on its way out")
    ready: tuple[Jmespath, ...] = Field(min_length=1, description="all: it runs")
    pending: tuple[Jmespath, ...] = Field(
        (), description="any: it is on its way; where none holds, the state is unknown and taken for not yet"
    )


class PollPace(Strict):
    """How often a change is looked for: the interval grows with the time waited, so that the error stays relative."""

    first: Seconds = Field(0.5, description="the shortest interval")
    growth: float = Field(0.05, gt=0, le=1, description="the interval as a share of the time waited so far")
    longest: Seconds = Field(10.0, description="the longest interval")


class Instances(Strict):
    """Everything about instances."""

    create: Create = Field(description="rents an instance")
    get: Get = Field(description="asks how one is; `${id}` is the identifier that `create` found")
    list: InstanceList = Field(description="lists instances, of everybody if it is not told otherwise")
    delete: Annotated[tuple[Delete, ...], OneOrMore] = Field(
        min_length=1, description="gives one back; of several ways the first whose `when` holds"
    )
    addresses: tuple[AddressRead, ...] = Field(
        (), description="reads that lead to the addresses, made when an instance is ready and shows none"
    )
    residuals: dict[Word, Residual] = Field({}, description="what may outlive an instance, by kind")
    marks: WrittenMarks = Field(description="how `${marks}` is written")
    show: Shown = Field(description="how an item of `get` and `list` is read")
    states: States = Field(description="what an item's state is in our words")
    not_found_grace: Seconds = Field(
        30.0, description="how long after a create `get` may not know the instance without anything being wrong"
    )
    poll: PollPace = Field(PollPace.model_validate({}), description="how often a change is looked for")
