"""Bodies: what goes out as a form or as JSON, what comes in as JSON or as XML. A closed set."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal
from urllib.parse import urlencode

from probe.cloud.xml import XmlRefused, parse_xml

_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


class Unparseable(ValueError):  # noqa: N818 - the answer, not the program, is at fault
    """Raised when a body is not what the vendor's file says it is."""


def decode(codec: Literal["json", "xml"], content: bytes) -> object:
    """The data in *content*; None for an empty body.

    Raises:
        Unparseable: it holds none.
    """
    if not content.strip():
        return None
    try:
        return parse_xml(content) if codec == "xml" else _parse_json(content)
    except (XmlRefused, ValueError, RecursionError) as error:
        raise Unparseable(f"the answer is not {codec.upper()} ({str(error)[:120]})") from error


def _parse_json(content: bytes) -> object:
    """The data in *content*; half a character (a lone surrogate), which nothing could be sent on with, is replaced."""
    text = content.decode(json.detect_encoding(content))
    if _HALF.search(text):
        text = _ESCAPE.sub(lambda found: r"\ufffd" if found["half"] else found[0], text)
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def encode_json(data: object) -> bytes:
    """*data* as compact JSON."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def encode_form(data: Mapping[str, object]) -> bytes:
    """*data* as a form: `{"Tag": [{"Key": "a"}]}` is `Tag.1.Key=a`, and what is None is left out."""
    return urlencode(list(flatten(data))).encode("ascii")


def flatten(data: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts of everything in *data*; lists are numbered from 1."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from flatten(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(data, (list, tuple)):
        for number, value in enumerate(data, start=1):
            yield from flatten(value, f"{prefix}.{number}")
    elif data is not None:
        yield prefix, as_text(data)


def as_text(value: object) -> str:
    """*value* as APIs write it in text: `true`, not `True`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def query_pairs(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """Query parameters; a list repeats its name, and what is None is left out."""
    pairs: list[tuple[str, str]] = []
    for key, value in data.items():
        several = value if isinstance(value, (list, tuple)) else [value]
        pairs.extend((key, as_text(item)) for item in several if item is not None)
    return pairs
