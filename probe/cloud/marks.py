"""The marks of ownership that everything we rent carries, and how a vendor writes and shows them."""

from collections.abc import Iterable, Mapping
from typing import Final

from probe.cloud.file.marks import (
    MARK_AGENT,
    MARK_EXPIRES,
    MARK_LEASE,
    MARK_RUN,
    MarkKeys,
    ReadMarks,
    WrittenMarks,
    read_text,
)
from probe.notation.paths import QueryTypeError

__all__ = [
    "MARK_AGENT",
    "MARK_EXPIRES",
    "MARK_LEASE",
    "MARK_RUN",
    "as_pairs",
    "mark_text",
    "read_marks",
    "renamed",
    "write_marks",
]

_LONGEST: Final = 1_000
"""Characters of a text that may be a mark; the longest tags have a quarter of it."""


def write_marks(style: WrittenMarks, marks: Mapping[str, str], name: str) -> object:
    """*marks* as the vendor wants them, with the instance's *name* where a name is a mark."""
    named = renamed(style.keys, marks)
    if style.name is not None:
        named[style.name] = name
    match style.style:
        case "map":
            return named
        case "pairs":
            return as_pairs(named, style.key, style.value)
        case "tags":
            return [mark_text(style, key, value) for key, value in named.items()]


def renamed(keys: MarkKeys, marks: Mapping[str, str]) -> dict[str, str]:
    """*marks* under the keys that they have at the vendor."""
    return {keys.written.get(key, key): value for key, value in marks.items()}


def mark_text(style: WrittenMarks, key: str, value: str) -> str:
    """One mark as a text."""
    return str(style.template.render({"key": key, "value": value}))


def as_pairs(mapping: Mapping[str, object], key: str, value: str) -> list[dict[str, object]]:
    """*mapping* as a list of `{key: …, value: …}`."""
    return [{key: name, value: content} for name, content in mapping.items()]


def read_marks(paths: ReadMarks, keys: MarkKeys, item: object) -> dict[str, str]:
    """The marks that *item* shows, ours under their own keys; what cannot be read is no mark."""
    try:
        shown = paths.at.search(item)
    except QueryTypeError:
        return {}
    own = {written: key for key, written in keys.written.items()}
    pairs = _texts(paths, shown) if paths.pattern is not None else _pairs(paths, shown)
    return {own.get(key, key): value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}


def _texts(paths: ReadMarks, shown: object) -> Iterable[tuple[object, object]]:
    if paths.pattern is None:
        return
    for text in shown if isinstance(shown, list) else ():
        found = read_text(paths.pattern, text) if isinstance(text, str) and len(text) <= _LONGEST else None
        if found is not None:
            yield found


def _pairs(paths: ReadMarks, shown: object) -> Iterable[tuple[object, object]]:
    if paths.key is None or paths.value is None:
        return shown.items() if isinstance(shown, dict) else ()
    entries = shown if isinstance(shown, list) else ()
    return [(entry.get(paths.key), entry.get(paths.value)) for entry in entries if isinstance(entry, dict)]
