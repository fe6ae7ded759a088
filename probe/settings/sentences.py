"""From what pydantic says to what people understand: a sentence for every way in which a value can be wrong."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from probe.model.secret import Secret
from probe.notation.composing import Trail
from probe.notation.durations import format_duration, parse_duration
from probe.notation.wording import worded
from probe.settings.complaints import Notebook, Wrong, choices, holds, value_at
from probe.settings.fields import json_schema

_REMEDY: Final = re.compile(r": (?=(?:write|remove) )")
"""Where a sentence of another room goes on with what to do."""
_BOUNDS: Final = frozenset({"gt", "ge", "lt", "le"})
_MISSING: Final = "missing"
_UNKNOWN: Final = "extra_forbidden"


def note_errors(error: ValidationError, notebook: Notebook, trail: Trail, model: type[BaseModel]) -> None:
    """Complain in *notebook* about everything that *error* says of the value at *trail*, which is no *model*."""
    alternatives: dict[Trail, list[tuple[str, str]]] = {}
    for details in error.errors(include_url=False):
        location = _in_document(details, value_at(notebook.document.data, trail))
        if details["type"] == _UNKNOWN:
            notebook.note((*trail, *location), *_unknown_key(model, details["loc"]), tell=False)
        elif details["type"] == _MISSING:
            notebook.note((*trail, *location), *_missing_key(model, details["loc"]), tell=False)
        else:
            written = value_at(notebook.document.data, (*trail, *location))
            alternatives.setdefault(location, []).append(_sentence(details, written))
    for location, sentences in alternatives.items():
        notebook.note((*trail, *location), *_joined(sentences))


def _joined(sentences: list[tuple[str, str]]) -> tuple[str, str]:
    """One sentence for a value that is none of several alternatives."""
    problems = list(dict.fromkeys(problem for problem, _ in sentences))
    remedies = list(dict.fromkeys(remedy for _, remedy in sentences if remedy))
    return ", or ".join(problems), ", or ".join(remedies)


def _in_document(details: ErrorDetails, data: object) -> Trail:
    """Where the error is in the document: pydantic also names the alternative of a union that it tried."""
    found: list[str | int] = []
    *inner, last = details["loc"] or ("",)
    for part in inner:
        if holds(value_at(data, tuple(found)), part):
            found.append(part)
    here = value_at(data, tuple(found))
    if details["loc"] and (details["type"] == _MISSING or holds(here, last)):
        found.append(last)
    return tuple(found)


def _sentence(details: ErrorDetails, written: object) -> tuple[str, str]:
    """What is wrong with what is *written*, and what to do."""
    context = details.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Wrong):
        return cause.problem, cause.remedy
    if isinstance(cause, Exception):
        return _cut(str(cause), details["input"])
    if isinstance(details["input"], Secret) and details["type"] != "is_instance_of":
        return "cannot be a secret", "write the value itself"
    told = worded(details["type"], {key: _limit(key, value, written) for key, value in context.items()})
    return told or (details["msg"][:1].lower() + details["msg"][1:], "")


def _limit(name: str, limit: Any, written: object) -> Any:
    """A limit as the value is *written*: a duration is text in the document and a number in a model."""
    if name not in _BOUNDS or not isinstance(written, str):
        return limit
    try:
        parse_duration(written)
    except ValueError:
        return limit
    return format_duration(limit)


def _cut(message: str, value: object) -> tuple[str, str]:
    """A sentence of another room in two: what is wrong and what to do; the value is told elsewhere, if it may be."""
    problem, *remedy = _REMEDY.split(message.replace(f"`{value}` ", ""), maxsplit=1)
    return problem, remedy[0] if remedy else "correct it"


def _unknown_key(model: type[BaseModel], location: Trail) -> tuple[str, str]:
    known = list(_properties(model, location[:-1]))
    return "is not a key that is known here", choices(location[-1], known) if known else "remove it"


def _missing_key(model: type[BaseModel], location: Trail) -> tuple[str, str]:
    described = _properties(model, location[:-1]).get(str(location[-1]), {}).get("description", "")
    return "is missing", f"add it: {described}" if described else "add it"


def _properties(model: type[BaseModel], location: Trail) -> Mapping[str, Any]:
    """The keys known at *location* in *model*, each with its JSON schema."""
    whole = _schema(model)
    found: list[Mapping[str, Any]] = [whole]
    for part in location:
        found = [deeper for schema in found for deeper in _deeper(schema, part, whole)]
    return {
        key: schema
        for place in found
        for plain in _plain(place, whole)
        for key, schema in plain.get("properties", {}).items()
    }


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return json_schema(model)


def _plain(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The alternatives that *schema* stands for, references followed."""
    if "$ref" in schema:
        yield from _plain(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
        return
    branches = [branch for key in ("anyOf", "oneOf", "allOf") for branch in schema.get(key, ())]
    for branch in branches:
        yield from _plain(branch, whole)
    if not branches:
        yield schema


def _deeper(schema: Mapping[str, Any], part: str | int, whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of what *part* leads to; nothing for a *part* that only names an alternative of a union."""
    for plain in _plain(schema, whole):
        if isinstance(part, int):
            nearer = [plain.get("items")]
        else:
            nearer = [plain.get("properties", {}).get(part), plain.get("additionalProperties")]
            nearer += plain.get("patternProperties", {}).values()
        yield from (inner for inner in nearer if isinstance(inner, dict))
