"""Secrets by reference: they are read when used, and nothing prints them."""

from collections.abc import Callable
from typing import Final

MASK: Final = "•••"


class SecretUnavailable(Exception):  # noqa: N818 - the operator's environment, not the program, is incomplete
    """Raised when a secret cannot be read; the message names its origin and says what to do, never its value."""


class Secret:
    """A value that must not be seen; read anew at every use, so that a rotated one is picked up.

    Attributes:
        origin: where it comes from (`env AWS_SECRET_ACCESS_KEY`), which may be told.
    """

    __slots__ = ("_read", "origin")

    def __init__(self, read: Callable[[], str], origin: str) -> None:
        self._read = read
        self.origin = origin

    def reveal(self) -> str:
        """The value itself. The caller must not keep it, log it or put it in an exception.

        Raises:
            SecretUnavailable: it is not there to be read.
        """
        return self._read()

    def __repr__(self) -> str:
        return f"Secret({self.origin})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")
