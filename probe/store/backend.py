"""What a database must be able to do to hold a ledger, whichever it is."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

OwnerAlive = Callable[[str], bool]
"""Whether the process that a lease names as its owner lives."""


class Backend(Protocol):
    """A database on its way to be used; all of it is called in the store's one thread.

    Attributes:
        name: what it is called in sentences; holds no secret.
    """

    name: str

    def open(self) -> Engine:
        """Open it, and bring it to this version's schema.

        An engine of one connection, whose transactions with the execution option `writes` exclude each other, also
        across processes, from their beginning on.

        Raises:
            StateFolderAbsent: it is missing and may not be made.
            StateFolderRefused: it cannot be used; the message says why and what to do.
        """
        ...

    def check(self) -> None:
        """See, before each transaction, that it is still the database that was opened.

        Raises:
            StoreFailed: it is not.
        """
        ...

    def explain(self, error: SQLAlchemyError) -> str:
        """Say in a sentence what *error* means and what to do about it."""
        ...
