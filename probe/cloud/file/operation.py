"""One call of a vendor's API as data: where it goes, what it says, what answer means that it worked."""

import re
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import AnyTemplate, Jmespath, MapTemplate, OneOrMore, Strict, Text, TextTemplate
from probe.notation.templates import Template

_WHOLE: Final = re.compile(r"\$\{([^{}]*)\}")
METHODS = ("get", "post", "put", "patch", "delete")


class Operation(Strict):
    """A call: exactly one method with `endpoint:/path`, and what is sent along.

    In every text `${name}` stands for a value; an entry whose whole text is a `${name}` without a value is left out.
    """

    get: TextTemplate | None = Field(None, description="`endpoint:/path` to GET, e.g. `api:/servers/${id}`")
    post: TextTemplate | None = Field(None, description="`endpoint:/path` to POST to")
    put: TextTemplate | None = Field(None, description="`endpoint:/path` to PUT to")
    patch: TextTemplate | None = Field(None, description="`endpoint:/path` to PATCH")
    delete: TextTemplate | None = Field(None, description="`endpoint:/path` to DELETE")
    query: MapTemplate | None = Field(None, description="query parameters; a list is sent as a repeated parameter")
    headers: MapTemplate | None = Field(None, description="headers, beside those of the endpoint")
    json_body: AnyTemplate | None = Field(None, alias="json", description="the body, sent as JSON")
    form: MapTemplate | None = Field(
        None,
        description="the body, sent as a form; what is nested is numbered from 1 as in `Filter.1.Value.1`",
    )
    text: TextTemplate | None = Field(None, description="the body, sent as plain text")
    expect: Annotated[tuple[int, ...], OneOrMore] = Field(
        (), description="statuses that mean success; any 2xx where none is given"
    )
    complaint: Jmespath | None = Field(
        None, description="finds the error code inside an answer that says success; none found means it was one"
    )

    @model_validator(mode="after")
    def _one_method(self) -> Self:
        chosen = [name for name in METHODS if getattr(self, name) is not None]
        if len(chosen) != 1:
            raise ValueError(f"needs exactly one of {', '.join(METHODS)}, and has {len(chosen)}")
        bodies = [f"`{name}`" for name, body in self._bodies.items() if body is not None]
        if len(bodies) > 1:
            raise ValueError(f"has {' and '.join(bodies)}: a request has one body")
        if not self._destination[1].startswith("/") and self.given_place is None:
            raise ValueError("a call goes to `endpoint:/path`: the name of an endpoint, a colon, and a path")
        return self

    @property
    def _bodies(self) -> dict[str, Template | None]:
        return {"json": self.json_body, "form": self.form, "text": self.text}

    @cached_property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return next(name for name in METHODS if getattr(self, name) is not None).upper()

    @cached_property
    def path(self) -> Template:
        """The template of the path, from its first slash on."""
        return Template.parse(self._destination[1])

    @cached_property
    def endpoint(self) -> str:
        """The name of the endpoint."""
        return self._destination[0]

    @cached_property
    def given_place(self) -> str | None:
        """The name of the value that is the whole path or URL, which the vendor gave us; None if there is none."""
        found = _WHOLE.fullmatch(self._destination[1])
        return found[1] if found is not None else None

    @cached_property
    def _destination(self) -> tuple[str, str]:
        template: Template = next(getattr(self, name) for name in METHODS if getattr(self, name) is not None)
        endpoint, _, path = str(template.source).partition(":")
        return endpoint, path

    @property
    def templates(self) -> dict[str, Template]:
        """Every template of the call by the key it stands under."""
        parts = {
            self.method.lower(): self.path,
            "query": self.query,
            "headers": self.headers,
            **self._bodies,
        }
        return {key: template for key, template in parts.items() if template is not None}


class Read(Operation):
    """A call that changes and costs nothing, for `api` probes."""

    description: Text = Field(description="what it asks, for people who choose an operation to probe")
