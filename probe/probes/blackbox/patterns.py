"""Regular expressions as blackbox_exporter reads them: RE2, whose time is linear in what is matched.

Python's own would run for ages on some that are harmless there, and what they run on is the target's to choose.
"""

from dataclasses import dataclass
from typing import Any, Final

import re2

_QUIET: Final = re2.Options()
_QUIET.log_errors = False
_GROUPS: Final = r"\$(?:\{(?P<braced>[A-Za-z0-9_]+)\}|(?P<bare>[A-Za-z0-9_]+)|(?P<dollar>\$))"
_TEMPLATE: Final = re2.compile(_GROUPS, _QUIET)


class PatternRefused(ValueError):  # noqa: N818 - it says what the text is
    """Raised for a text that RE2 does not take as a regular expression."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression.

    Attributes:
        text: as it was written.
    """

    text: str
    _compiled: Any

    def found(self, subject: bytes) -> bool:
        """Whether it matches somewhere in *subject*; bytes that are no UTF-8 count as U+FFFD, as in Go."""
        return self._compiled.search(subject.decode("utf-8", "replace")) is not None

    def first(self, subject: bytes) -> "Found | None":
        """What it matches first in *subject*."""
        match = self._compiled.search(subject.decode("utf-8", "replace"))
        return None if match is None else Found(match)


class Found:
    """What a regular expression matched."""

    def __init__(self, match: Any) -> None:
        self._match = match

    def expanded(self, template: str) -> str:
        """*template* with `$1`, `${1}` and `${name}` replaced by what was matched; nothing for groups that are not."""
        written: list[str] = []
        end = 0
        for variable in _TEMPLATE.finditer(template):
            written.append(template[end : variable.start()])
            written.append("$" if variable["dollar"] else self._group(variable["braced"] or variable["bare"]))
            end = variable.end()
        return "".join((*written, template[end:]))

    def _group(self, name: str) -> str:
        try:
            return self._match.group(int(name) if name.isdigit() else name) or ""
        except (IndexError, KeyError):
            return ""


def compiled(text: str) -> Expression:
    """The regular expression *text*.

    Raises:
        PatternRefused: it is none.
    """
    try:
        return Expression(text, re2.compile(text, _QUIET))
    except re2.error as error:
        told = error.args[0] if error.args else b""
        reason = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise PatternRefused(f"is no regular expression that RE2 knows: {reason}") from None
