"""YAML as people expect it, with the line of every value, so that a complaint can point at it.

Scalars follow YAML 1.2: `no`, `on`, `12:30` and `2024-01-01` are text, and so is a number with a leading zero. What is
not data (tags, merge keys) is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from probe.notation.composing import Composer, Flaw, Node, Trail, Unreadable

_LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a document; ten thousand probes take a third of it."""


class DocumentRefused(Exception):  # noqa: N818 - the document, not the program, is at fault
    """Raised when a text is not a document that can be read; `str()` is the whole sentence.

    Attributes:
        message: what is wrong and what to do about it.
        path: the file, or what the caller calls the text.
        line: where, counted from 1; 0 when it is the file as a whole.
    """

    def __init__(self, message: str, path: str, line: int) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.message = message
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says.

    Attributes:
        path: the file, or what the caller calls the text.
        data: mappings with text keys, lists, text, numbers, booleans and None.
        lines: the line of every value (of its key, where it has one), counted from 1.
    """

    path: str
    data: object
    lines: Mapping[Trail, int]

    def line(self, trail: Iterable[str | int]) -> int:
        """The line of the value at *trail*, or of the nearest value around it that is there."""
        steps = tuple(trail)
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)


@dataclass(frozen=True, slots=True)
class Examination:
    """A text read as far as it can be: None for the document if that is nowhere."""

    document: Document | None
    flaws: tuple[Flaw, ...]


def read_document(path: Path) -> Document:
    """The document in the file at *path*.

    Raises:
        DocumentRefused: the file cannot be read, or is no document.
    """
    return _accept(examine_file(path), str(path))


def parse_document(text: str, name: str) -> Document:
    """The document that *text*, called *name* in complaints, holds.

    Raises:
        DocumentRefused: it holds none; the first flaw is told.
    """
    return _accept(examine(text, name), name)


def _accept(examination: Examination, name: str) -> Document:
    if examination.flaws or examination.document is None:
        first = examination.flaws[0]
        raise DocumentRefused(f"{first.problem}; {first.remedy}", name, first.line)
    return examination.document


def examine_file(path: Path) -> Examination:
    """The file at *path*, read as far as it can be, with everything that is wrong with its notation."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return _nothing(0, f"cannot be read ({reason})", "check the path and its permissions")
    if len(content) > _LARGEST:  # before anything else: what was read is only its beginning
        return _TOO_LARGE
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _nothing(content.count(b"\n", 0, error.start) + 1, "is not UTF-8", "save it as UTF-8 text")
    return examine(text, str(path))


def examine(text: str, name: str) -> Examination:
    """*text*, called *name* in complaints, read as far as it can be, with everything wrong with its notation."""
    if len(text) > _LARGEST:
        return _TOO_LARGE
    composer = Composer()
    try:
        root = composer.compose(text)
    except Unreadable as error:
        return Examination(None, (error.flaw,))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _nothing(line, "holds a control character", "remove it, or write it as an escape in double quotes")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"is not YAML ({error.problem or error.context})"
        return _nothing(mark.line + 1 if mark else 0, problem, "check the indentation, brackets and quotes before it")
    except (ValueError, OverflowError):  # of the parser: an escape or a version with a number beyond all bounds
        return _nothing(0, "is not YAML (a number in an escape or a directive is too large)", "correct or remove it")
    lines: dict[Trail, int] = {}
    flaws = composer.flaws
    data = _unfold(root, (), lines, flaws)
    found = sorted(dict.fromkeys(flaws), key=lambda flaw: flaw.line)
    return Examination(Document(name, data, lines), tuple(found))


def _nothing(line: int, problem: str, remedy: str) -> Examination:
    return Examination(None, (Flaw(line, (), problem, remedy),))


_TOO_LARGE: Final = _nothing(0, f"is larger than {_LARGEST >> 20} MiB", "split it, or check that it is the right file")


def _unfold(node: Node, trail: Trail, lines: dict[Trail, int], flaws: list[Flaw]) -> object:
    """The plain data of *node*, which stands at *trail*; fills *lines*, and *flaws* with what only here is known."""
    lines.setdefault(trail, node.line)
    if isinstance(node.value, list):
        items: list[object] = []
        for position, line, child in node.children:
            lines[*trail, position] = line
            items.append(_unfold(child, (*trail, position), lines, flaws))
        return items
    return _unfold_mapping(node, trail, lines, flaws) if isinstance(node.value, dict) else node.value


def _unfold_mapping(node: Node, trail: Trail, lines: dict[Trail, int], flaws: list[Flaw]) -> dict[str | int, object]:
    mapping: dict[str | int, object] = {}
    for key, line, child in node.children:
        here = (*trail, key)
        if key == "<<":
            flaws.append(Flaw(line, here, "is a merge key", "write the keys out: YAML 1.2 has no merge keys"))
        elif key in mapping:
            flaws.append(Flaw(line, here, f"is written twice (first on line {lines[here]})", "keep one of them"))
        else:
            lines[here] = line
            mapping[key] = _unfold(child, here, lines, flaws)
    return mapping
