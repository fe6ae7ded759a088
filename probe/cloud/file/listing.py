"""Calls that answer with items, perhaps on several pages, and perhaps only those that carry our marks."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import Jmespath, MapTemplate, Strict, Text
from probe.cloud.file.operation import Operation
from probe.notation.templates import Template


class TokenPage(Strict):
    """The answer names a token, or the number of the next page, that the next call carries."""

    kind: Literal["token"]
    send_as: Text = Field(description="the parameter that carries the token, in the form if there is one")
    next: Jmespath = Field(description="finds the token; nothing means that this was the last page")


class NextUrlPage(Strict):
    """The answer holds the address of the next page; only its path and query are used, and only on the same host."""

    kind: Literal["next_url"]
    next: Jmespath = Field(description="finds the address; nothing means that this was the last page")


class MarkerPage(Strict):
    """The next call names the last item of this page."""

    kind: Literal["marker"]
    send_as: Text = Field(description="the parameter that carries the marker")
    marker: Jmespath = Field(description="finds the marker in the last item")
    size: int = Field(gt=0, description="items on a full page; a page with fewer is the last")


class NumberPage(Strict):
    """The next call carries the next number, though the answer does not name it."""

    kind: Literal["number"]
    send_as: Text = Field(description="the parameter that carries the number")
    first: int = Field(1, ge=0, description="the number of the first page")
    last: Jmespath | None = Field(None, description="finds the number of the last page in the answer")
    size: int | None = Field(None, gt=0, description="items on a full page; a page with fewer is the last")

    @model_validator(mode="after")
    def _knows_its_end(self) -> Self:
        if (self.last is None) == (self.size is None):
            raise ValueError("needs either `last` or `size`, to know the last page by")
        return self


Page = Annotated[TokenPage | NextUrlPage | MarkerPage | NumberPage, Field(discriminator="kind")]


class Listing(Operation):
    """A call that answers with items, perhaps on several pages."""

    items: Jmespath = Field(description="finds the list of items in the answer")
    page: Page | None = Field(None, description="how the next page is asked for; absent: there is only one")
    max_pages: int = Field(100, gt=0, description="pages after which the list is taken for endless")


class Filter(Strict):
    """What a list is asked with in addition; a key that the call has, too, is replaced."""

    query: MapTemplate | None = Field(None, description="query parameters")
    headers: MapTemplate | None = Field(None, description="headers")
    form: MapTemplate | None = Field(None, description="form parameters")

    @property
    def templates(self) -> dict[str, Template]:
        """Every template by the key it stands under."""
        given = {key: getattr(self, key) for key in FILTERED}
        return {key: template for key, template in given.items() if template is not None}


FILTERED: Final = ("query", "headers", "form")


class Scope(StrEnum):
    """Whose items a list is asked for.

    Attributes:
        ALL: everybody's.
        MARKED: what carries the mark of any agent.
        OURS: what carries the mark of one agent.
    """

    ALL = "all"
    MARKED = "marked"
    OURS = "ours"


class MarkedListing(Listing):
    """Lists what can carry our marks; what the vendor filters is only an optimisation, and is checked on our side."""

    marked: Filter | None = Field(
        None, description="sent along where only what carries the mark of any agent is wanted"
    )
    ours: Filter | None = Field(
        None, description="sent along where only what carries the mark of one agent is wanted, instead of `marked`"
    )

    def narrowed(self, scope: Scope) -> Self:
        """This list as it is asked for what is in *scope*."""
        chosen = {Scope.ALL: None, Scope.MARKED: self.marked, Scope.OURS: self.ours or self.marked}[scope]
        if chosen is None:
            return self
        changes: dict[str, Template] = {}
        for key, template in chosen.templates.items():
            own: Template | None = getattr(self, key)
            changes[key] = _joined(own, template)
        return self.model_copy(update=changes)


def _joined(own: Template | None, added: Template) -> Template:
    if own is None or not isinstance(own.source, dict) or not isinstance(added.source, dict):
        return added
    return Template.parse({**own.source, **added.source})
