"""What can be wrong with a state folder, as sentences that say what to do."""

import errno
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from probe.model.refusal import Refusal


class StateFolderRefused(Exception):  # noqa: N818 - the folder, not the program, is at fault
    """Raised when the state folder cannot be used; the message is a sentence that says what to do."""


class StateFolderAbsent(StateFolderRefused):
    """Raised to a reader when nothing was ever written down in the folder."""


class StateFolderTaken(StateFolderRefused):
    """Raised to an agent where another one runs already: on the folder, or on the ledger."""


class LedgerAway(StateFolderRefused):
    """Raised when a ledger elsewhere cannot be reached now: it may be back by itself."""


class StoreFailed(Exception):  # noqa: N818 - the disk, not the program, is at fault
    """Raised when an open store cannot read or write; the message is a sentence."""


class NoSuchLease(StoreFailed):
    """Raised when the ledger does not know the lease that is to take a step."""


class WrongMove(Exception):  # noqa: N818 - named after what it tells
    """Raised when a lease would make a move that the table does not allow: a bug. The record stays as it was."""


class IntentRefused(Exception):  # noqa: N818 - nothing failed: a guard said no
    """Raised when a guard refuses an intent; nothing was written.

    Attributes:
        refusal: why.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


_FULL: Final = "{path}: the disk is full; free some space, nothing was lost"
_READ_ONLY: Final = (
    "{path}: not writable for user {uid}; change its owner or its permissions, or choose another `state`"
)
_DAMAGED: Final = (
    "{path}: the database is damaged ({detail}) and was left as it is; restore it from a backup, or move it away to"
    " start with an empty ledger and look for instances named probe-* at the vendors yourself"
)
_BUSY: Final = "{path}: another process has kept the database locked for too long; see what it is doing and try again"
_UNREADABLE: Final = "{path}: the database cannot be opened ({detail}); look at the folder's owner and permissions"
_DISK: Final = "{path}: the disk refused ({detail}); look at the disk and at the limits of this process"
_OTHER: Final = "{path}: {detail}"

_BY_SQLITE: Final[Mapping[str, str]] = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_CANTOPEN": _UNREADABLE,
    "SQLITE_IOERR": _DISK,
}
_BY_ERRNO: Final[Mapping[int, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.EROFS: _READ_ONLY,
    errno.ENOTDIR: "{path}: not a folder; choose another `state`",
    errno.EEXIST: "{path}: a file stands where the folder should be; choose another `state`",
    errno.ENOLCK: "{path}: its file system has no locks; choose a `state` on a local disk",
}


def explain(error: OSError | sqlite3.Error | SQLAlchemyError, path: Path) -> str:
    """Say in a sentence what *error* means for *path* and what to do about it."""
    if isinstance(error, OSError):
        template, detail = _BY_ERRNO.get(error.errno or 0, _OTHER), str(error.strerror or error)
    else:
        original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        template, detail = _by_sqlite(original), str(original)
    return template.format(path=path, detail=detail, uid=os.getuid())


def damaged(path: Path, detail: str) -> StateFolderRefused:
    """The refusal of a database that is not what we wrote."""
    return StateFolderRefused(_DAMAGED.format(path=path, detail=detail))


def _by_sqlite(error: BaseException) -> str:
    """Find the sentence for an error of SQLite; extended codes (`SQLITE_IOERR_WRITE`) share that of their family."""
    if str(error).startswith("Could not decode"):  # the driver's own word, which has no code
        return _DAMAGED
    family = "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])
    return _BY_SQLITE.get(family, _OTHER)
