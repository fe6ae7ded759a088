"""Calls that belong to another: what its work is followed by, what comes after it, what an address is read from."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import Jmespath, OneOrMore, Strict, Text, Word
from probe.cloud.file.operation import Operation

HANDLE: Final = "handle"


class Found(Strict):
    """Values that later calls use as `${NAME}`; where one is not found, those calls are not made."""

    extract: dict[Word, Jmespath] = Field({}, description="found in the body of the answer")
    from_header: dict[Word, Annotated[tuple[Text, ...], OneOrMore]] = Field(
        {}, description="found in the headers of the answer: the first of them that is there"
    )

    @property
    def names(self) -> frozenset[str]:
        """What the values are called."""
        return frozenset({*self.extract, *self.from_header})


class HandleCall(Operation, Found):
    """Asks how the work goes on that a call has only acknowledged; until it is done the instance is pending.

    `extract` and `from_header` look at the answer of the call that began the work, `done`, `failed`, `code` and
    `message` at the answer of this one.
    """

    each: Jmespath | None = Field(
        None, description="finds several works in the answer that began them; each is followed, as `${handle}`"
    )
    done: tuple[Jmespath, ...] = Field(min_length=1, description="all: the work is over")
    failed: tuple[Jmespath, ...] = Field(
        (), description="any: it is over and was not done; asked first, and judged by the error rules"
    )
    code: Jmespath | None = Field(None, description="finds the code of its failure")
    message: Jmespath | None = Field(None, description="finds the message of its failure")

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        if self.each is None and not self.names:
            raise ValueError("needs `extract`, `from_header` or `each`, to know the work by")
        return self

    @property
    def given(self) -> frozenset[str]:
        """The names that have values in it beside those of the call that began the work."""
        return self.names | ({HANDLE} if self.each is not None else set())


class AddressRead(Operation, Found):
    """One of a chain of reads that ends at an address; what `extract` finds is there for the later ones."""

    from_item: dict[Word, Jmespath] = Field({}, description="values found in the instance's item")
    addresses: Jmespath | None = Field(
        None, description="finds addresses in the answer; those of a later read stand before those of an earlier one"
    )


class Step(Operation, Found):
    """A call that follows an acknowledged create. If it fails the run has failed, and the instance is handed over.

    One whose whole `text` or `json` is a `${name}` without a value is not made.
    """

    each: dict[Word, Jmespath] = Field(
        {},
        max_length=1,
        description="finds a list in the answer of the create; it is made for each, as `${NAME}`",
    )
    handle: HandleCall | None = Field(None, description="where the work goes on after the answer")


class Delete(Operation):
    """Gives an instance back."""

    when: Jmespath | None = Field(
        None, description="holds of the item of an instance that is given back like this; absent: of any"
    )
    handle: HandleCall | None = Field(None, description="where the work goes on after the answer")
