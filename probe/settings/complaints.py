"""What is wrong with a configuration, as sentences: each with its place, its value and its remedy."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from probe.notation.composing import Trail
from probe.notation.documents import Document

_LONGEST: Final = 60
"""Characters of a value that a sentence tells."""
_HUSHED: Final = re.compile(r"credential|header|body|user_data|pass|secret|token|key|auth|proxy", re.IGNORECASE)
"""Keys under which people write secrets, rightly or not: their values are never told."""
_USER_INFO: Final = re.compile(r"(?<=//)\S*@")
_QUERY: Final = re.compile(r"\?\S*")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong; `str()` is the sentence that people read.

    Attributes:
        file: the file, or `environment`.
        line: where in it, counted from 1; 0 when it is the file as a whole.
        path: the value's place, e.g. `probes[0].options.size`; empty for the whole.
        value: what stands there, as written; empty when it is no single value, is missing, or may be a secret.
        problem: what is wrong with it, and what was expected.
        remedy: what to do.
    """

    file: str
    line: int
    path: str
    value: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f" {self.path}" + (f" = {self.value}" if self.value else "") + ":" if self.path else ""
        return f"{place}:{subject} {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


class ConfigurationRefused(Exception):  # noqa: N818 - the configuration, not the program, is at fault
    """Raised when a configuration is wrong; `str()` is every complaint on a line of its own."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(map(str, self.complaints)))


class Wrong(ValueError):  # noqa: N818 - reads as what it says of a value
    """Raised by a check of one value: what is wrong with it, and what to do."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class Notebook:
    """Collects complaints about one document.

    Attributes:
        document: what the complaints are about.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._complaints: dict[Complaint, None] = {}

    def note(self, trail: Trail, problem: str, remedy: str = "", *, tell: bool = True) -> None:
        """Complain about the value at *trail*; *tell* is whether the value may be part of the sentence."""
        value = tell_value(value_at(self.document.data, trail), trail) if tell else ""
        line = self.document.line(trail)
        self.add(Complaint(self.document.path, line, path_of(trail), value, problem, remedy))

    def add(self, complaint: Complaint) -> None:
        """Take a complaint that was made elsewhere; one that is there already changes nothing."""
        self._complaints[complaint] = None

    def __bool__(self) -> bool:
        return bool(self._complaints)

    def __iter__(self) -> Iterator[Complaint]:
        """The complaints in the order of the file."""
        return iter(sorted(self._complaints, key=lambda complaint: (complaint.line, complaint.path)))


def path_of(trail: Trail) -> str:
    """*trail* as people write it: `probes[0].options.size`."""
    text = ""
    for part in trail:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def value_at(data: object, trail: Trail) -> object:
    """What stands at *trail* in *data*, None if nothing does."""
    for part in trail:
        if not holds(data, part):
            return None
        data = data[part]  # type: ignore[index]  # that it holds it says that it is a mapping or a list
    return data


def holds(data: object, part: str | int) -> bool:
    """Whether *data* is a mapping with the key, or a list with the position, *part*."""
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, dict) and part in data


def tell_value(value: object, trail: Trail) -> str:
    """*value* as a sentence may tell it: one short value that cannot be a secret; else empty."""
    if value is None or isinstance(value, (dict, list)) or any(_HUSHED.search(str(part)) for part in trail):
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if "//" in text:
        text = _QUERY.sub("?…", _USER_INFO.sub("", text))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def choices(word: object, there: Iterable[str]) -> str:
    """The remedy for a *word* that is none of those that are there: the nearest one, and all of them."""
    known = sorted(set(there))
    if not known:
        return "there is none"
    near = difflib.get_close_matches(str(word), known, n=1)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}there is: {', '.join(known)}"
