"""Answers as data: a body is written in the vendor's data file as it looks, with holes, and made JSON or XML of.

Holes are the templates' `${a.b}`: alone they keep their value's type (None: the entry is left out), inside text they
become text. Three mappings mean more than they say:

    {$each: instances, $as: instance, $body: ...}      the body once for every item, as a list
    {$when: page.next, $body: ..., $else: ...}         the body if that is true, else the other; without one: left out
    {$shape: server}                                   the body of that name under `shapes`
"""

import html
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from probe.notation.templates import Template

Values = Mapping[str, object]
Body = Callable[[Values], object]
"""A compiled body: from the values for its holes to plain data."""

_LEFT_OUT: Final = object()
_DEEPEST: Final = 32
"""Levels of a body: deeper than any vendor's answer."""


class BodyRefused(ValueError):  # noqa: N818 - the data file, not the program, is at fault
    """Raised when a body is written wrongly; the message says how it should be."""


def compile_body(raw: object, shapes: Mapping[str, object], *, depth: int = 0) -> Body:
    """The body that *raw* describes.

    Raises:
        BodyRefused: it cannot be understood.
    """
    if depth > _DEEPEST:
        raise BodyRefused("holds itself: a shape must not use its own name")
    if isinstance(raw, str):
        return _text(raw)
    if isinstance(raw, list):
        return _sequence([compile_body(item, shapes, depth=depth + 1) for item in raw])
    if not isinstance(raw, Mapping):
        return lambda _: raw
    if any(str(key).startswith("$") for key in raw):
        return _special(raw, shapes, depth)
    return _fields({str(key): compile_body(item, shapes, depth=depth + 1) for key, item in raw.items()})


def _special(raw: Mapping[str, object], shapes: Mapping[str, object], depth: int) -> Body:
    def inner(key: str) -> Body:
        return compile_body(raw[key], shapes, depth=depth + 1) if key in raw else lambda _: _LEFT_OUT

    match sorted(raw):
        case ["$as", "$body", "$each"]:
            return _each(str(raw["$each"]), str(raw["$as"]), inner("$body"))
        case ["$body", "$when"] | ["$body", "$else", "$when"]:
            return _when(str(raw["$when"]), inner("$body"), inner("$else"))
        case ["$shape"]:
            name = str(raw["$shape"])
            if name not in shapes:
                raise BodyRefused(f"uses the shape {name}, which is not under `shapes`")
            return compile_body(shapes[name], shapes, depth=depth + 1)
    raise BodyRefused("must be one of {$each, $as, $body}, {$when, $body, $else} or {$shape}")


class _Dotted(Mapping[str, object]):
    """Values by their full dotted names, as templates want them."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def __getitem__(self, name: str) -> object:
        value: object = self._values
        for step in name.split("."):
            if not isinstance(value, Mapping):
                raise KeyError(name)
            value = value[step]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _text(text: str) -> Body:
    try:
        template = Template.parse(text)
    except ValueError as error:
        raise BodyRefused(str(error)) from None
    if not template.names:
        literal = template.render({})
        return lambda _: literal

    def render(values: Values) -> object:
        rendered = template.render(_Dotted(values))
        return _LEFT_OUT if rendered is None else rendered

    return render


def _sequence(items: list[Body]) -> Body:
    def render(values: Values) -> object:
        rendered = (item(values) for item in items)
        return [value for value in rendered if value is not _LEFT_OUT]

    return render


def _fields(fields: Mapping[str, Body]) -> Body:
    def render(values: Values) -> object:
        rendered = ((key, field(values)) for key, field in fields.items())
        return {key: value for key, value in rendered if value is not _LEFT_OUT}

    return render


def _each(name: str, item_name: str, body: Body) -> Body:
    def render(values: Values) -> object:
        items = _Dotted(values)[name]
        if not isinstance(items, list | tuple):
            raise TypeError(f"{name} is no list")
        return [body({**values, item_name: item}) for item in items]

    return render


def _when(name: str, body: Body, otherwise: Body) -> Body:
    return lambda values: body(values) if _Dotted(values).get(name) else otherwise(values)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def as_json(data: object) -> bytes:
    """*data* as a vendor sends it."""
    return json.dumps(data, separators=(", ", ": ")).encode()


def as_xml(data: object) -> bytes:
    """*data* as XML: a mapping's keys are elements (`@name`: attributes), a list repeats its element."""
    if not isinstance(data, Mapping) or len(data) != 1:
        raise LookupError("an XML answer has one element at the top")
    ((name, content),) = data.items()
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + _element(str(name), content)).encode()


def _element(name: str, content: object) -> str:
    if isinstance(content, list):
        return "".join(_element(name, item) for item in content)
    if content is None:
        return ""
    if not isinstance(content, Mapping):
        return f"<{name}>{html.escape(_plain(content), quote=False)}</{name}>"
    attributes = "".join(
        f' {key[1:]}="{html.escape(_plain(value))}"' for key, value in content.items() if key.startswith("@")
    )
    inner = "".join(_element(key, value) for key, value in content.items() if not key.startswith("@"))
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"
