"""The types of value that a configuration is made of, each with its own sentence for what it is not."""

import math
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from probe.model.money import MILLION
from probe.model.secret import Secret
from probe.notation.durations import parse_duration, parse_ratio
from probe.notation.rates import Rate, parse_rate
from probe.settings.complaints import Wrong

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_NAME: Final = re.compile(NAME_PATTERN)
_REGION_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
_REGION: Final = re.compile(_REGION_PATTERN)
NAME_RULE: Final = "must be made of a-z, 0-9, dot, dash and underscore, 63 of them at most, because it becomes a label"
DURATION_PATTERN: Final = r"^([0-9]+(\.[0-9]+)?(d|h|ms|m|s))+$"
RATE_PATTERN: Final = r"^[1-9][0-9]{0,6}/([0-9]+(\.[0-9]+)?)?(d|h|ms|m|s)$"
REFERENCE_SCHEMA: Final[dict[str, Any]] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"env": {"type": "string"}},
            "required": ["env"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"file": {"type": "string"}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}


class _Schemas(GenerateJsonSchema):
    """Knows how a secret is written, wherever a probe kind takes one."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        if schema["cls"] is Secret:
            return REFERENCE_SCHEMA
        return super().is_instance_schema(schema)


def json_schema(model: type[BaseModel], references: str = "#/$defs/{model}") -> dict[str, Any]:
    """The JSON Schema of *model*; *references* says where the definitions will be that it refers to."""
    return model.model_json_schema(ref_template=references, schema_generator=_Schemas)


class Shape(BaseModel):
    """A section of the configuration: frozen, and a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _text(value: object, remedy: str) -> str:
    if not isinstance(value, str):
        raise Wrong("must be text", remedy)
    return value


def valid_name(text: str) -> bool:
    """Whether *text* can be a label that people choose."""
    return _NAME.fullmatch(text) is not None


def _name(value: object) -> str:
    text = _text(value, "write a word such as eu-central, in quotes if it looks like a number")
    if not valid_name(text):
        near = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:63]
        raise Wrong(NAME_RULE, f"write {near}" if near else "write a word such as eu-central")
    return text


def _region(value: object) -> str:
    text = _text(value, "write the vendor's word for it, in quotes if it looks like a number")
    if not _REGION.fullmatch(text):
        raise Wrong("is not the name of a region", "write the vendor's word for it, such as eu-central-1")
    return text


def _duration(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise Wrong("a duration needs a unit", f"write {value}s, {value}m or {value}ms")
    try:
        return parse_duration(_text(value, "write 30s, 5m or 1h30m"))
    except Wrong:
        raise
    except ValueError as error:
        raise Wrong(str(error), "write 30s, 5m or 1h30m") from None


def _ratio(value: object) -> float:
    if not isinstance(value, (str, int, float)):
        raise Wrong("a ratio is written as 99.9% or 0.999", "write 99.9%")
    try:
        ratio = parse_ratio(value)
    except ValueError as error:
        likely = isinstance(value, (int, float)) and 1 < value < 100  # noqa: PLR2004 - a percentage without its sign
        raise Wrong(str(error).partition(":")[0], f"write {value}%" if likely else "write 99.9%") from None
    if not 0 < ratio < 1:
        raise Wrong("an objective lies between 0% and 100%: nothing meets 100% for ever", "write 99.9%")
    return ratio


def _rate(value: object) -> Rate:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise Wrong("a rate says in which time", f"write {value}/s, {value}/m or {value}/h")
    try:
        return parse_rate(_text(value, "write 20/s, 100/m or 3600/h"))
    except Wrong:
        raise
    except ValueError:
        raise Wrong("is no rate", "write 20/s, 100/m or 3600/h") from None


def _reference(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, dict):
        raise Wrong("is no reference to a secret", "write {env: NAME}, with the name of a variable, or {file: PATH}")
    raise Wrong("a secret is never written into the configuration", "refer to it: {env: NAME} or {file: PATH}")


def _url(value: object) -> str:
    text = _text(value, "write https://HOST")
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole, parts = False, urlsplit("")
    if not whole:
        raise Wrong("is not an http or https URL", "write https://HOST")
    if parts.username or parts.password:
        raise Wrong("holds a user or password", "remove it: secrets are given by reference, under credentials")
    if parts.query or parts.fragment:
        raise Wrong("ends in a query or a fragment", "remove it: an endpoint is where paths begin")
    return text


def _ledger_url(value: object) -> str:
    remedy = "write postgresql://USER@HOST/DATABASE"
    text = _text(value, remedy)
    try:
        parts = urlsplit(text)
        database, port = parts.path.strip("/"), parts.port
    except ValueError:
        raise Wrong("is not the URL of a PostgreSQL database", remedy) from None
    if parts.scheme not in _POSTGRESQL or not database or "/" in database or port == 0 or parts.fragment:
        raise Wrong("is not the URL of a PostgreSQL database", remedy)
    if parts.password is not None or any(name == "password" for name, _ in parse_qsl(parts.query)):
        raise Wrong(
            "holds a password", f"refer to it: {{url: {_without_password(parts)}, password: {{env: LEDGER_PASSWORD}}}}"
        )
    return text


def _without_password(parts: SplitResult) -> str:
    user = f"{parts.username}@" if parts.username else ""
    return f"postgresql://{user}{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _millionths(value: object, remedy: str) -> int:
    try:
        amount = Decimal(str(value)) * MILLION if not isinstance(value, bool) else Decimal(0)
    except InvalidOperation:
        raise Wrong("is no amount of money", remedy) from None
    if not amount.is_finite() or amount < 1:
        raise Wrong("must be an amount above 0", remedy)
    if amount > _RICHEST:
        raise Wrong("is more than anybody has", remedy)
    return math.ceil(amount)


def _money(value: object) -> int:
    return _millionths(value, "write a number such as 5.00; its currency is guards.currency")


def _price(value: object) -> int:
    """Millionths an hour."""
    remedy = "write 0.006/h; its currency is guards.currency"
    amount, slash, unit = str(value).partition("/")
    if slash and unit.strip() not in {"h", "hour"}:
        raise Wrong("is not the price of an hour", remedy)
    return _millionths(amount.strip() if slash else value, remedy)


def _path(value: object) -> Path:
    text = _text(value, "write a path")
    if not text or "\0" in text:
        raise Wrong("is not a path", "write a path such as ./state")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise Wrong("begins with the home of a user that there is not", "write the whole path") from None


_TEXT: Final = {"type": "string"}
_POSTGRESQL: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_RICHEST: Final = 10**15
"""Millionths that still are a number in every database."""

Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({**_TEXT, "pattern": NAME_PATTERN})]
Region = Annotated[str, BeforeValidator(_region), WithJsonSchema({**_TEXT, "pattern": _REGION_PATTERN})]
Seconds = Annotated[
    float,
    BeforeValidator(_duration),
    Field(gt=0),
    WithJsonSchema({**_TEXT, "pattern": DURATION_PATTERN, "examples": ["30s", "5m", "1h30m"]}),
]
Ratio = Annotated[
    float,
    BeforeValidator(_ratio),
    WithJsonSchema({"anyOf": [{**_TEXT, "pattern": r"^[0-9]+(\.[0-9]+)?%$"}, {"type": "number", "maximum": 1}]}),
]
RateField = Annotated[
    Rate, BeforeValidator(_rate), WithJsonSchema({**_TEXT, "pattern": RATE_PATTERN, "examples": ["100/m", "20/s"]})
]
Reference = Annotated[Secret, BeforeValidator(_reference), WithJsonSchema(REFERENCE_SCHEMA)]
Url = Annotated[str, BeforeValidator(_url), WithJsonSchema({**_TEXT, "pattern": "^https?://"})]
FilePath = Annotated[Path, BeforeValidator(_path), WithJsonSchema(_TEXT)]
LedgerUrl = Annotated[
    str, BeforeValidator(_ledger_url), WithJsonSchema({**_TEXT, "pattern": "^postgres(ql)?(\\+psycopg)?://"})
]
Money = Annotated[
    int, BeforeValidator(_money), WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, _TEXT]})
]
Price = Annotated[
    int,
    BeforeValidator(_price),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {**_TEXT, "pattern": r"^[0-9.]+\s*(/\s*h(our)?)?$"}]}
    ),
]
Words = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
Currency = Annotated[str, Field(pattern=r"^[A-Za-z]{3,8}$")]
