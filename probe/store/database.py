"""One SQLite file, one thread that touches it: the event loop never waits for a disk."""

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from probe.model.meter import Meter
from probe.store.folder import publish
from probe.store.schema import examine, upgrade
from probe.store.trouble import StateFolderAbsent, StateFolderRefused, StoreFailed, damaged, explain

T = TypeVar("T")

_BUSY_SECONDS: Final = 5.0
"""How long to wait for another process (`once`, `sweep`) to finish its transaction."""


class Database:
    """An open database; `read` and `write` run their work in its one thread, each in a transaction of its own.

    A write is committed and synced to the disk when `write` returns, and is neither cut short nor forgotten when
    its caller is cancelled.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, engine: Engine, thread: ThreadPoolExecutor, meter: Meter) -> None:
        self.path = path
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._thread = thread
        self._meter = meter
        self._file = _file_identity(path)

    @classmethod
    async def open(cls, path: Path, meter: Meter, *, read_only: bool) -> Self:
        """Open the database at *path*; unless *read_only*, make it where it is missing and migrate it.

        Raises:
            StateFolderAbsent: it is missing and may not be made.
            StateFolderRefused: it cannot be used; the message says why and what to do.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="probe-store")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(thread, _open_engine, path, read_only)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(path, engine, thread, meter)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work*, which only reads.

        Raises:
            StoreFailed: the database could not be read.
        """
        return await asyncio.shield(self._submit(self._engine, work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* and commit it durably, also when the caller is cancelled meanwhile.

        Raises:
            StoreFailed: nothing was written.
        """
        future = self._submit(self._writer, work)
        future.add_done_callback(self._count_failure)
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish what was begun and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def _submit(self, engine: Engine, work: Callable[[Connection], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._thread, self._transact, engine, work)

    def _transact(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        if _file_identity(self.path) != self._file:
            raise StoreFailed(f"{self.path}: removed or replaced while this process used it; start it anew")
        try:
            with engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise StoreFailed(explain(error, self.path)) from error

    def _count_failure(self, future: "asyncio.Future[Any]") -> None:
        if not future.cancelled() and isinstance(future.exception(), StoreFailed):
            self._meter.store_write_error()


def _open_engine(path: Path, read_only: bool) -> Engine:  # noqa: FBT001 - called through an executor
    """Open *path* and see that it is sound and of this version's schema."""
    try:
        if not read_only and not path.exists():
            _make(path)
        return _examined(path, read_only=read_only)
    except FileNotFoundError as error:
        raise StateFolderAbsent(f"{path}: nothing was ever rented from this state folder") from error
    except (OSError, SQLAlchemyError) as error:
        raise StateFolderRefused(explain(error, path)) from error


def _make(path: Path) -> None:
    """Make an empty database under another name and publish it whole.

    A database that exists is therefore never half made: one that is empty was damaged, and is not begun anew.
    """
    draft = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
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
    current = _is_current(path)
    engine = _engine(path, read_only=read_only)
    try:
        engine.connect().close()  # now: what is wrong with the file is told at the start, not at the first intent
        if not current:
            _bring_up_to_date(engine, path, read_only=read_only)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _is_current(path: Path) -> bool:
    """Examine a database without changing a byte of it: it may be somebody else's."""
    engine = _engine(path, read_only=True)
    try:
        with engine.begin() as connection:
            return examine(connection, path)
    finally:
        engine.dispose()


def _bring_up_to_date(engine: Engine, path: Path, *, read_only: bool) -> None:
    if read_only:
        raise StateFolderRefused(
            f"{path}: written by an older version; `probe run` or `probe once` brings it up to date"
        )
    upgrade(engine)


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
