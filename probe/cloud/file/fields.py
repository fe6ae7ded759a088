"""The types of value that a vendor file is made of, each compiled when the file is loaded."""

import re
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

from probe.notation.durations import parse_duration
from probe.notation.paths import Query, compile_path
from probe.notation.rates import Rate, parse_rate
from probe.notation.templates import Template


class Strict(BaseModel):
    """A section of a vendor file: frozen, and a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


def _query(value: object) -> Query:
    if isinstance(value, Query):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a JMESPath expression, written as text")  # noqa: TRY004 - pydantic wants ValueError
    return compile_path(value)


def _template(value: object) -> Template:
    return value if isinstance(value, Template) else Template.parse(value)


def _text_template(value: object) -> Template:
    if not isinstance(value, (str, Template)):
        raise ValueError("must be text")  # noqa: TRY004 - as above
    return _template(value)


def _map_template(value: object) -> Template:
    if not isinstance(value, (dict, Template)):
        raise ValueError("must be a mapping")  # noqa: TRY004 - as above
    return _template(value)


def _pattern(value: object) -> re.Pattern[str]:
    if isinstance(value, re.Pattern):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a regular expression, written as text")  # noqa: TRY004 - as above
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"`{value}` is not a regular expression ({error})") from error


def _seconds(value: object) -> float:
    return value if isinstance(value, float) else parse_duration(str(value))


def _rate(value: object) -> Rate:
    return value if isinstance(value, Rate) else parse_rate(str(value))


def _several(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


_TEXT: Final = {"type": "string"}

Jmespath = Annotated[Query, BeforeValidator(_query), WithJsonSchema({**_TEXT, "format": "jmespath"})]
TextTemplate = Annotated[Template, BeforeValidator(_text_template), WithJsonSchema({**_TEXT, "format": "template"})]
MapTemplate = Annotated[Template, BeforeValidator(_map_template), WithJsonSchema({"type": "object"})]
AnyTemplate = Annotated[Template, BeforeValidator(_template), WithJsonSchema({})]
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern), WithJsonSchema({**_TEXT, "format": "regex"})]
Seconds = Annotated[float, BeforeValidator(_seconds), WithJsonSchema({**_TEXT, "examples": ["30s", "5m"]})]
RateField = Annotated[Rate, BeforeValidator(_rate), WithJsonSchema({**_TEXT, "examples": ["20/s", "100/m", "3600/h"]})]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _OneOrMore:
    """One value may be written where several may stand, and an editor knows it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take one value for a list of one."""
        return no_info_before_validator_function(_several, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Either of both."""
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


OneOrMore: Final = _OneOrMore()
