"""Reads the sandbox's data files: each value is asked for by key and kind, and what nobody asked for is refused."""

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self

from probe.notation.documents import Document
from probe.notation.durations import parse_duration, parse_ratio


class SandboxDataRefused(Exception):  # noqa: N818 - the data file, not the program, is at fault
    """Raised when a data file of the sandbox says something that it cannot play; `str()` is the whole sentence."""


class Entry:
    """One mapping of a document; used as a context manager it refuses, at the end, the keys nobody asked for."""

    def __init__(self, document: Document, trail: tuple[str | int, ...] = (), data: object = None) -> None:
        self.document = document
        self.trail = trail
        value = document.data if not trail else data
        if not isinstance(value, Mapping):
            raise self.refusal(trail, "must be a mapping of keys to values")
        self.data: Mapping[str, object] = value
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        unknown = sorted(set(self.data) - self._asked)
        if kind is None and unknown:
            raise self.refusal(
                (*self.trail, unknown[0]), f"is not known here; use one of {', '.join(sorted(self._asked))}"
            )

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def refusal(self, trail: tuple[str | int, ...], problem: str) -> SandboxDataRefused:
        """The sentence that says where something is wrong."""
        where = ".".join(str(step) for step in trail) or "the file"
        return SandboxDataRefused(f"{self.document.path}:{self.document.line(trail)}: {where} {problem}")

    def wrong(self, key: str, problem: str) -> SandboxDataRefused:
        """The sentence for the value at *key*."""
        return self.refusal((*self.trail, key), problem)

    def raw(self, key: str, default: object = None) -> object:
        """Whatever stands at *key*."""
        self._asked.add(key)
        return self.data.get(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        """The text at *key*.

        Raises:
            SandboxDataRefused: it is missing and has no *default*, or is no text.
        """
        value = self.raw(key, default)
        if value is None:
            raise self.wrong(key, "is missing; write a text")
        if not isinstance(value, str):
            raise self.wrong(key, "must be text; put it in quotes")
        return value

    def word(self, key: str, words: Iterable[str]) -> str | None:
        """The text at *key*, one of *words*; None if there is none."""
        value = self.raw(key)
        known = [str(word) for word in words]
        if value is not None and value not in known:
            raise self.wrong(key, f"must be one of {', '.join(known)}")
        return None if value is None else str(value)

    def number(self, key: str, default: float) -> float:
        """The number at *key*."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "must be a number")
        return value

    def seconds(self, key: str, default: float = 0.0) -> float:
        """The duration at *key*, in seconds."""
        value = self.raw(key)
        if value is None:
            return default
        try:
            return parse_duration(str(value))
        except ValueError as error:
            raise self.wrong(key, f"is no duration: {error}") from None

    def share(self, key: str, default: float) -> float:
        """The share at *key*, 0 to 1."""
        value = self.raw(key, default)
        try:
            return parse_ratio(value if isinstance(value, str | int | float) else str(value))
        except ValueError as error:
            raise self.wrong(key, f"is no share: {error}") from None

    def words(self, key: str) -> list[str]:
        """The list of texts at *key*; empty if there is none."""
        value = self.raw(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "must be a list of texts")
        return value

    def texts(self, key: str) -> dict[str, str]:
        """The mapping of words to text at *key*; empty if there is none."""
        value = self.raw(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
            raise self.wrong(key, "must map words to text; put numbers in quotes")
        return dict(value)

    def entry(self, key: str) -> "Entry":
        """The mapping at *key*; an empty one if there is none."""
        return Entry(self.document, (*self.trail, key), self.raw(key, {}))

    def entries(self, key: str) -> Iterator[tuple[str, "Entry"]]:
        """The named mappings at *key*."""
        inner = self.entry(key)
        for name, value in inner.data.items():
            yield name, Entry(self.document, (*inner.trail, name), value)

    def members(self) -> Iterator[tuple[str, "Entry"]]:
        """Every value of this mapping, each a mapping itself."""
        for name in self.data:
            yield name, Entry(self.document, (*self.trail, name), self.raw(name))

    def items(self, key: str) -> Iterator["Entry"]:
        """The mappings in the list at *key*."""
        value = self.raw(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list")
        for position, item in enumerate(value):
            yield Entry(self.document, (*self.trail, key, position), item)
