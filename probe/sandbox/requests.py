"""What was asked, as one document that a data file's JMESPath can look into, whatever way it was written."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import parse_qsl

from probe.notation.paths import Query

_LARGEST: Final = 1 << 20
"""Bytes of a request's body that are looked at."""
_DEEPEST: Final = 32
"""Parts of a parameter's name that are looked at: what follows stays in one piece."""


class Finder(Protocol):
    """Finds something in a request."""

    def search(self, data: object) -> object:
        """What is there; None if it is not."""
        ...


@dataclass(frozen=True, slots=True)
class Extract:
    """Finds a part of a text: what the one group of a pattern is."""

    at: Query
    pattern: re.Pattern[str]

    def search(self, data: object) -> object:
        """What is there; None if it is not."""
        text = self.at.search(data)
        found = self.pattern.search(text) if isinstance(text, str) else None
        return found[1] if found is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request.

    Attributes:
        method: in capitals.
        path: decoded, without the query.
        raw_path: as it was sent.
        query_string: as it was sent.
        headers: by lower-case name.
        body: as it was sent.
        base: `http://host:port`, as the client called us.
    """

    method: str
    path: str
    raw_path: str = ""
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""

    def document(self, captured: Mapping[str, str]) -> dict[str, object]:
        """The request as data: method, path (what its pattern *captured*), query, headers, parsed, form, json.

        `parsed` has the headers that hold JSON, as data.
        """
        kind = self.headers.get("content-type", "")
        form = (
            parse_qsl(self.body[:_LARGEST].decode("utf-8", "replace"), keep_blank_values=True)
            if "form-urlencoded" in kind
            else []
        )
        return {
            "method": self.method,
            "path": dict(captured),
            "query": dict(parse_qsl(self.query_string, keep_blank_values=True)),
            "headers": dict(self.headers),
            "parsed": {name: _json(text.encode()) for name, text in self.headers.items() if text.startswith("{")},
            "form": _nested(form),
            "json": _json(self.body) if "json" in kind else None,
        }


def _json(body: bytes) -> object:
    try:
        return json.loads(body[:_LARGEST]) if body else None
    except (ValueError, RecursionError):
        return None


def _nested(pairs: list[tuple[str, str]]) -> object:
    """`Filter.1.Name=a` as {"Filter": [{"Name": "a"}]}: numbered parts become lists."""
    tree: dict[str, object] = {}
    for name, value in pairs:
        here, steps = tree, name.split(".", _DEEPEST)
        for step in steps[:-1]:
            inner = here.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            here = inner
        else:
            here[steps[-1]] = value
    return _lists(tree)


def _lists(tree: object) -> object:
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdecimal() and len(key) < _DEEPEST for key in tree):
        return [_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _lists(value) for key, value in tree.items()}
