"""One database, one thread that touches it: the event loop never waits for a disk or a server."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from probe.model.meter import Meter
from probe.model.secret import SecretUnavailable
from probe.store.backend import Backend
from probe.store.trouble import StoreFailed

T = TypeVar("T")


class Database:
    """An open database; `read` and `write` run their work in its one thread, each in a transaction of its own.

    A write is committed and synced to the disk when `write` returns, and is neither cut short nor forgotten when
    its caller is cancelled.

    Attributes:
        name: what it is called in sentences.
        meter: counts what fails.
    """

    def __init__(self, backend: Backend, engine: Engine, thread: ThreadPoolExecutor, meter: Meter) -> None:
        self.name = backend.name
        self.meter = meter
        self._backend = backend
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._thread = thread
        self._closed = False

    @classmethod
    async def open(cls, backend: Backend, meter: Meter) -> Self:
        """Open the database behind *backend*.

        Raises:
            StateFolderAbsent: it is missing and may not be made.
            StateFolderRefused: it cannot be used; the message says why and what to do.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="probe-store")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(thread, backend.open)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(backend, engine, thread, meter)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run *work*, which only reads.

        Raises:
            StoreFailed: the database could not be read.
        """
        return await asyncio.shield(self._submit(self._engine, work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* and commit it durably, also when the caller is cancelled meanwhile.

        Raises:
            StoreFailed: nothing was written, as far as the database tells.
        """
        future = self._submit(self._writer, work)
        future.add_done_callback(self._count_failure)
        return await asyncio.shield(future)

    def read_at_once(self, work: Callable[[Connection], T]) -> T:
        """Run *work* while the caller waits: for a start, when there is nothing yet that could be held up.

        Raises:
            StoreFailed: the database could not be read.
        """
        return self._thread.submit(self._transact, self._engine, work).result()

    async def close(self) -> None:
        """Finish what was begun and close it: who comes later is refused."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def _submit(self, engine: Engine, work: Callable[[Connection], T]) -> "asyncio.Future[T]":
        if self._closed:
            raise StoreFailed(f"{self.name}: closed, because the process ends")
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._thread, self._transact, engine, work)

    def _transact(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        self._backend.check()
        try:
            with engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise StoreFailed(self._backend.explain(error)) from error
        except SecretUnavailable as error:  # read anew whenever a connection is made
            raise StoreFailed(f"{self.name}: {error}") from error

    def _count_failure(self, future: "asyncio.Future[Any]") -> None:
        if not future.cancelled() and isinstance(future.exception(), StoreFailed):
            self.meter.store_write_error()
