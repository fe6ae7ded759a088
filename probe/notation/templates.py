"""`${name}` in data: substitution and nothing else, so that a document can neither compute nor decide.

A text that is nothing but one `${name}` becomes the value itself, of whatever type; inside longer text the value is
written as text. Quoting for a path, a query or JSON is the business of who encodes the result. An entry of a mapping
or a list whose whole text is a `${name}` with the value None is left out: that is how something optional is said.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_REFERENCE: Final = re.compile(r"(\$?)\$\{([^{}]*)\}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")


class UnknownName(LookupError):  # noqa: N818 - it says what was unknown
    """Raised when a template uses a name that has no value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`${{{name}}}` has no value here")
        self.name = name


@dataclass(frozen=True, slots=True)
class _Reference:
    """`${name}` as a whole value."""

    name: str


@dataclass(frozen=True, slots=True)
class _Text:
    """Text with references in it."""

    parts: tuple[str | _Reference, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """Data with `${name}` in its texts, parsed once.

    Attributes:
        source: the data as it was written.
        names: the names it needs values for.
    """

    source: object
    names: frozenset[str]
    _parsed: object

    @classmethod
    def parse(cls, source: object) -> "Template":
        """The template that *source* (mappings, lists, texts, plain values) is; `$${` stands for a literal `${`.

        Raises:
            ValueError: a reference in it is malformed; the message is a sentence.
        """
        parsed = _parse(source)
        return cls(source, frozenset(_names(parsed)), parsed)

    def render(self, values: Mapping[str, object]) -> object:
        """The data with every reference replaced from *values*, whose keys are the full names (`network.subnet`).

        Raises:
            UnknownName: *values* lacks one of the names.
        """
        return _render(self._parsed, values)


def _parse(source: object) -> object:
    if isinstance(source, str):
        return _parse_text(source)
    if isinstance(source, Mapping):
        return {str(key): _parse(value) for key, value in source.items()}
    if isinstance(source, (list, tuple)):
        return [_parse(item) for item in source]
    return source


def _parse_text(text: str) -> str | _Reference | _Text:
    parts: list[str | _Reference] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        escaped, name = found.groups()
        if escaped:
            parts.append(f"${{{name}}}")
        elif _NAME.fullmatch(name):
            parts.append(_Reference(name))
        else:
            raise ValueError(f"`${{{name}}}` is not a reference: write `${{name}}` with a name of letters and digits")
    parts.append(text[end:])
    if "${" in text[end:]:
        raise ValueError(f"`{text}` has a `${{` without its `}}`")
    kept = tuple(part for part in parts if part != "")
    if any(isinstance(part, _Reference) for part in kept):
        return kept[0] if len(kept) == 1 and isinstance(kept[0], _Reference) else _Text(kept)
    return "".join(str(part) for part in kept)


def _names(parsed: object) -> Iterator[str]:
    if isinstance(parsed, _Reference):
        yield parsed.name
    elif isinstance(parsed, _Text):
        yield from (part.name for part in parsed.parts if isinstance(part, _Reference))
    elif isinstance(parsed, dict):
        for value in parsed.values():
            yield from _names(value)
    elif isinstance(parsed, list):
        for item in parsed:
            yield from _names(item)


def _render(parsed: object, values: Mapping[str, object]) -> object:
    if isinstance(parsed, _Reference):
        return _value(parsed, values)
    if isinstance(parsed, _Text):
        return "".join(part if isinstance(part, str) else _as_text(_value(part, values)) for part in parsed.parts)
    if isinstance(parsed, dict):
        return {key: _render(value, values) for key, value in parsed.items() if not _is_left_out(value, values)}
    if isinstance(parsed, list):
        return [_render(item, values) for item in parsed if not _is_left_out(item, values)]
    return parsed


def _is_left_out(parsed: object, values: Mapping[str, object]) -> bool:
    return isinstance(parsed, _Reference) and _value(parsed, values) is None


def _value(reference: _Reference, values: Mapping[str, object]) -> object:
    try:
        return values[reference.name]
    except KeyError:
        raise UnknownName(reference.name) from None


def _as_text(value: object) -> str:
    """*value* inside longer text: JSON's words for what is not text, so that `true` does not become `True`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
