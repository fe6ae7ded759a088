"""One database, one thread that touches it: the event loop never waits for a disk or a server."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from probe.model.meter import Meter
from probe.model.secret import SecretUnavailable
from probe.store.backend import Backend
from probe.store.trouble import StoreFailed

T = TypeVar("T")

_PATIENCE: Final = 30.0
"""More than any server or file takes that answers at all: what they wait for themselves is bounded by half of it."""
_HANGS: Final = "{name}: has not answered for {seconds:g} s; see whether its server, or its disk, hangs"


class _GivenUp(Exception):  # noqa: N818 - nothing failed: nobody waits for it any more
    """Raised in the thread to undo what its caller takes for failed."""


@dataclass(slots=True)
class _Job(Generic[T]):
    """Work for the thread."""

    engine: Engine
    work: Callable[[Connection], T]
    given_up: bool = False

    def __call__(self) -> T:
        if self.given_up:
            raise _GivenUp
        with self.engine.begin() as connection:
            result = self.work(connection)
            if self.given_up:
                raise _GivenUp
            return result


class Database:
    """An open database; `read` and `write` run their work in its one thread, each in a transaction of its own.

    A write is committed and synced to the disk when `write` returns, and is neither cut short nor forgotten when
    its caller is cancelled. A database that hangs is one that fails: what is not answered in time is undone, unless
    just its commit hangs, and until the thread is free again everything else fails at once.

    Attributes:
        name: what it is called in sentences.
        meter: counts what fails.
        patience: seconds for which an answer is waited for.
    """

    def __init__(self, backend: Backend, engine: Engine, thread: ThreadPoolExecutor, meter: Meter) -> None:
        self.name = backend.name
        self.meter = meter
        self.patience = _PATIENCE
        self._backend = backend
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._thread = thread
        self._closed = False
        self._stuck: asyncio.Future[Any] | None = None

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
        job = _Job(self._engine, work)
        return await self._answer(job, self._submit(job))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* and commit it durably, also when the caller is cancelled meanwhile.

        Raises:
            StoreFailed: nothing was written, as far as the database tells.
        """
        job = _Job(self._writer, work)
        future = self._submit(job)
        future.add_done_callback(partial(self._count_failure, job))
        return await self._answer(job, future)

    def read_at_once(self, work: Callable[[Connection], T]) -> T:
        """Run *work* while the caller waits: for a start, when there is nothing yet that could be held up.

        Raises:
            StoreFailed: the database could not be read.
        """
        return self._thread.submit(self._transact, _Job(self._engine, work)).result()

    async def close(self) -> None:
        """Finish what was begun and close it: who comes later is refused."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def _submit(self, job: _Job[T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        if self._closed:
            raise StoreFailed(f"{self.name}: closed, because the process ends")
        if self._stuck is None or self._stuck.done():
            return loop.run_in_executor(self._thread, self._transact, job)
        refused: asyncio.Future[T] = loop.create_future()
        refused.set_exception(self._hangs())
        return refused

    async def _answer(self, job: _Job[T], future: "asyncio.Future[T]") -> T:
        """The result of *job*, if it comes in time."""
        limit = asyncio.timeout(self.patience)
        try:
            async with limit:
                return await asyncio.shield(future)
        except TimeoutError:
            if not limit.expired():
                raise
            if future.done():
                return future.result()
            job.given_up, self._stuck = True, future
            if job.engine is self._writer:
                self.meter.store_write_error()
            raise self._hangs() from None

    def _hangs(self) -> StoreFailed:
        return StoreFailed(_HANGS.format(name=self.name, seconds=self.patience))

    def _transact(self, job: _Job[T]) -> T:
        self._backend.check()
        try:
            return job()
        except SQLAlchemyError as error:
            raise StoreFailed(self._backend.explain(error)) from error
        except SecretUnavailable as error:  # read anew whenever a connection is made
            raise StoreFailed(f"{self.name}: {error}") from error

    def _count_failure(self, job: _Job[Any], future: "asyncio.Future[Any]") -> None:
        if not future.cancelled() and isinstance(future.exception(), StoreFailed) and not job.given_up:
            self.meter.store_write_error()
