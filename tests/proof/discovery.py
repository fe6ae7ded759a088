"""Google's discovery documents as judges of requests: what a method takes, where, and of what type.

google-api-python-client carries the documents along. They say nothing of what is required in a body, and forbid nothing
that they do not know; this judge does forbid it, so that a misspelt member is noticed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

import httpx
from jsonschema import Draft202012Validator

_PLACE: Final = re.compile(r"\{\+?(\w+)\}")
_INT64: Final = r"^-?[0-9]{1,19}$"
_STAMP: Final = r"^[0-9-]{10}T[0-9:.]{8,}(Z|[+-][0-9:]{5})$"


class Discovery:
    """One API.

    Attributes:
        path: where its paths begin.
    """

    def __init__(self, name: str) -> None:
        folder = files("googleapiclient") / "discovery_cache" / "documents"
        self._document: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        self._methods = list(_methods(self._document))
        self._schemas = {key: _schema(schema) for key, schema in self._document["schemas"].items()}
        self.path = f"/{self._document['servicePath']}"

    def complaint(self, request: httpx.Request) -> str:
        """What is wrong with *request*; empty if nothing is."""
        method = self._method(request)
        if method is None:
            return f"there is no {request.method} {request.url.path}"
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return "nobody is identified"
        wrong = self._wrong_parameters(method, request)
        return wrong or self._wrong_body(method, request)

    def _method(self, request: httpx.Request) -> dict[str, Any] | None:
        for method in self._methods:
            pattern = _pattern(method, self.path)
            if method["httpMethod"] == request.method and pattern.fullmatch(request.url.path):
                return method
        return None

    def _wrong_parameters(self, method: Mapping[str, Any], request: httpx.Request) -> str:
        known = self._document["parameters"] | method.get("parameters", {})
        for name, value in request.url.params.multi_items():
            if known.get(name, {}).get("location") != "query":
                return f"there is no parameter {name}"
            if not _fits(known[name], value):
                return f"{name} cannot be {value}"
        return ""

    def _wrong_body(self, method: Mapping[str, Any], request: httpx.Request) -> str:
        if "request" not in method:
            return "there must be no body" if request.content else ""
        whole = {"$ref": f"#/$defs/{method['request']['$ref']}", "$defs": self._schemas}
        errors = Draft202012Validator(whole).iter_errors(json.loads(request.content))
        return next((f"{error.json_path}: {error.message}" for error in errors), "")


def _methods(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _pattern(method: Mapping[str, Any], base: str) -> re.Pattern[str]:
    """The path of a method; a part of it is what the document says that it looks like."""
    path = method.get("flatPath", method["path"])
    text, parameters = "", method.get("parameters", {})
    for position, part in enumerate(_PLACE.split(path)):
        looks = parameters.get(part, {}).get("pattern", "[^/]+").strip("^$") if position % 2 else re.escape(part)
        text += f"(?:{looks})" if position % 2 else looks
    return re.compile(re.escape(base) + text)


def _fits(known: Mapping[str, Any], value: str) -> bool:
    if "enum" in known:
        return value in known["enum"]
    if known.get("format") == "google-datetime":
        return re.fullmatch(_STAMP, value) is not None
    if known["type"] == "integer":
        return value.isdecimal() and int(known.get("minimum", 0)) <= int(value) <= int(known.get("maximum", 2**32))
    return known["type"] != "boolean" or value in {"true", "false"}


def _schema(said: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of a discovery document as JSON Schema; what it does not know is forbidden."""
    if "$ref" in said:
        return {"$ref": f"#/$defs/{said['$ref']}"}
    made: dict[str, Any] = {"type": said["type"]} if said.get("type") != "any" else {}
    if said.get("format") in {"int64", "uint64"}:
        made["pattern"] = _INT64
    if "enum" in said:
        made["enum"] = said["enum"]
    if "pattern" in said:
        made["pattern"] = f"^(?:{said['pattern']})$"
    if "items" in said:
        made["items"] = _schema(said["items"])
    if said.get("type") == "object":
        made["properties"] = {name: _schema(item) for name, item in said.get("properties", {}).items()}
        more = said.get("additionalProperties")
        made["additionalProperties"] = _schema(more) if more else False
    return made
