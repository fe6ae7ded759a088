"""The ledger as one SQLite file of the state folder: made whole, migrated with a copy beside it, never half written."""

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from probe.store.folder import publish, sync_folder
from probe.store.schema import examine, upgrade
from probe.store.soundness import unreadable
from probe.store.trouble import StateFolderAbsent, StateFolderRefused, StoreFailed, damaged, explain

_BUSY_SECONDS: Final = 5.0
"""How long to wait for another process (`once`, `sweep`) to finish its transaction."""


class Sqlite:
    """A database in the file *path*; unless *read_only*, made where it is missing and migrated."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.name = str(path)
        self._path = path
        self._read_only = read_only
        self._file: tuple[int, int] | None = None

    def open(self) -> Engine:
        """Open the file and see that it is sound and of this version's schema."""
        path = self._path
        try:
            if not self._read_only and not path.exists():
                _make(path)
            engine = _examined(path, read_only=self._read_only)
            self._file = _file_identity(path)
        except UnicodeDecodeError as error:
            raise damaged(path, "it holds text that is none") from error
        except FileNotFoundError as error:
            raise StateFolderAbsent(f"{path}: nothing was ever rented from this state folder") from error
        except (OSError, sqlite3.Error, SQLAlchemyError) as error:
            raise StateFolderRefused(explain(error, path)) from error
        return engine

    def check(self) -> None:
        """See that the file is still the one that was opened: what is written into a removed one is lost."""
        if _file_identity(self._path) != self._file:
            raise StoreFailed(f"{self._path}: removed or replaced while this process used it; start it anew")

    def explain(self, error: SQLAlchemyError) -> str:
        """Say in a sentence what *error* means and what to do about it."""
        return explain(error, self._path)


def _make(path: Path) -> None:
    """Make an empty database under another name and publish it whole.

    A database that exists is therefore never half made: one that is empty was damaged, and is not begun anew.
    """
    draft = _draft(path)
    try:
        engine = _engine(draft, read_only=False, journal="DELETE")
        try:
            upgrade(engine)
        finally:
            engine.dispose()
        publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _examined(path: Path, *, read_only: bool) -> Engine:
    if path.stat().st_size == 0:
        raise damaged(path, "the file is empty")
    version, current = _version(path)
    engine = _engine(path, read_only=read_only)
    try:
        engine.connect().close()  # now: what is wrong with the file is told at the start, not at the first intent
        if not current:
            _bring_up_to_date(engine, path, version, read_only=read_only)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _version(path: Path) -> tuple[str, bool]:
    """The schema of a database, and whether it is this version's; changes no byte of it: it may be somebody else's."""
    engine = _engine(path, read_only=True)
    try:
        with engine.begin() as connection:
            complaint = connection.execute(text("PRAGMA quick_check(1)")).scalar()
            if complaint != "ok":
                raise damaged(path, str(complaint))
            found = examine(connection, str(path))
            if found is None:
                raise damaged(path, "it holds no ledger")
            _, current = found
            if current and (complaint := unreadable(connection)):
                raise damaged(path, complaint)
            return found
    finally:
        engine.dispose()


def _bring_up_to_date(engine: Engine, path: Path, version: str, *, read_only: bool) -> None:
    if read_only:
        raise StateFolderRefused(
            f"{path}: written by an older version; `probe run` or `probe once` brings it up to date"
        )
    _back_up(path, version)
    upgrade(engine)


def _back_up(path: Path, version: str) -> None:
    """Copy the file as it is before a migration, whole and durably, to a name that says its schema.

    Two processes may migrate at once: a copy that was taken after the other's migration is no copy of the old schema,
    and is thrown away.
    """
    draft, kept = _draft(path), path.with_name(f"{path.stem}.schema-{version}{path.suffix}")
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as old, closing(sqlite3.connect(draft)) as copy:
            old.backup(copy)
            (found,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        if found == version:
            _sync(draft)
            draft.replace(kept)
            sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _engine(path: Path, *, read_only: bool, journal: str = "WAL") -> Engine:
    """An engine of one connection with the pragmas that durability rests on."""

    def connect() -> sqlite3.Connection:
        how = _reading(path) if read_only else "mode=rwc"
        return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_SECONDS)

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", _begin)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and is never IMMEDIATE
        if not read_only:
            connection.execute(f"PRAGMA journal_mode={journal}")
            connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it returns
            connection.execute("PRAGMA fullfsync=ON")  # macOS: and not in the disk's cache
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _reading(path: Path) -> str:
    """How to open for reading only: without a log and the right to make one, SQLite wants to be told that it may."""
    at_rest = not path.with_name(f"{path.name}-wal").exists() and not os.access(path.parent, os.W_OK)
    return "mode=ro&immutable=1" if at_rest else "mode=ro"


def _begin(connection: Connection) -> None:
    """Begin a transaction; one that writes takes its lock at once, so that what it read still holds when it writes."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _file_identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
