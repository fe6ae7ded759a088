"""The marks of ownership that everything we rent carries, and how a vendor writes and shows them."""

from collections.abc import Iterable, Mapping
from typing import Final

from probe.cloud.file.instances import ReadMarks, WrittenMarks
from probe.notation.paths import QueryTypeError

MARK_AGENT: Final = "stability-probe"
"""Carries the agent's id; what lacks this mark is not ours."""
MARK_RUN: Final = "stability-probe-run"
MARK_LEASE: Final = "stability-probe-lease"
MARK_EXPIRES: Final = "stability-probe-expires"


def write_marks(style: WrittenMarks, marks: Mapping[str, str], name: str) -> object:
    """*marks* as the vendor wants them, with the instance's *name* where a name is a mark."""
    named = {**marks, style.name: name} if style.name is not None else dict(marks)
    return named if style.style == "map" else as_pairs(named, style.key, style.value)


def as_pairs(mapping: Mapping[str, object], key: str, value: str) -> list[dict[str, object]]:
    """*mapping* as a list of `{key: …, value: …}`."""
    return [{key: name, value: content} for name, content in mapping.items()]


def read_marks(paths: ReadMarks, item: object) -> dict[str, str]:
    """The marks that *item* shows; what cannot be read is no mark."""
    try:
        shown = paths.at.search(item)
    except QueryTypeError:
        return {}
    return {name: value for name, value in _pairs(paths, shown) if isinstance(name, str) and isinstance(value, str)}


def _pairs(paths: ReadMarks, shown: object) -> Iterable[tuple[object, object]]:
    if paths.key is None or paths.value is None:
        return shown.items() if isinstance(shown, dict) else ()
    entries = shown if isinstance(shown, list) else ()
    return [(entry.get(paths.key), entry.get(paths.value)) for entry in entries if isinstance(entry, dict)]
