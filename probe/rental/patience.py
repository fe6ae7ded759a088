"""How long a sweep waits for what: it is no run, so no runner keeps its deadlines."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, TypeVar

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.secret import SecretUnavailable
from probe.store import StoreFailed, WrongMove

T = TypeVar("T")

TROUBLE: Final = (ProbeFailed, SecretUnavailable, StoreFailed, WrongMove)
"""What may go wrong at one vendor entry without keeping a sweep from the others."""


class TookTooLong(ProbeFailed):
    """Raised when one call of a sweep was not answered in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The bounds of a sweep, in seconds.

    Attributes:
        call: for one call to a vendor (a list of many pages is one).
        delete: for a delete to be acknowledged, over all its attempts.
        gone: for an instance to be gone after that.
        pause: between two looks, or two attempts.
    """

    call: float = 60.0
    delete: float = 60.0
    gone: float = 120.0
    pause: float = 2.0


async def in_time(call: Awaitable[T], seconds: float, what: str) -> T:
    """The answer to *call*, which is *what* for people.

    Raises:
        TookTooLong: it took more than *seconds*.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await call
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TookTooLong(Outcome.TIMEOUT, f"{what} was not answered within {seconds:g} s") from error
