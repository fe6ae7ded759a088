"""JMESPath, compiled when a document is loaded, so that a mistake in one is found at the start and not at night."""

import warnings
from dataclasses import dataclass, field
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.parser import ParsedResult

_LONGEST: Final = 1_000
"""Characters of an expression; the longest useful one is a tenth of it."""


class QueryTypeError(Exception):
    """Raised when a query meets data of a type that one of its functions cannot take."""


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled JMESPath expression.

    Attributes:
        text: the expression as it was written.
    """

    text: str
    _compiled: ParsedResult = field(repr=False, compare=False)

    def search(self, data: object) -> Any:
        """What the expression finds in *data*; None where a path leads nowhere.

        Raises:
            QueryTypeError: a function of it met a type that it cannot take (`contains(null, …)`).
        """
        try:
            return self._compiled.search(data)
        except JMESPathTypeError as error:
            raise QueryTypeError(f"`{self.text}`: {error}") from error
        except (JMESPathError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            # some of the library's functions (`max_by`, `avg`, `ceil`) let Python's own errors through
            raise QueryTypeError(f"`{self.text}`: {error}") from error

    def holds(self, data: object) -> bool:
        """Whether the expression is true of *data*, as JMESPath sees truth; a type error is false."""
        try:
            found = self.search(data)
        except QueryTypeError:
            return False
        return not (found is None or found is False or found in ("", [], {}))

    def __str__(self) -> str:
        return self.text


def compile_path(text: str) -> Query:
    """The query that *text* is.

    Raises:
        ValueError: it is not JMESPath; the message is a sentence.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters, which no useful path is")
    try:
        with warnings.catch_warnings():
            # text in backticks without quotes, which the library still takes for text
            warnings.simplefilter("error", PendingDeprecationWarning)
            return Query(text, jmespath.compile(text))
    except (JMESPathError, RecursionError, PendingDeprecationWarning) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"`{text}` is not a JMESPath expression ({reason})") from error
