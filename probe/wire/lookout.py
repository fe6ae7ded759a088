"""Waits for sockets: with one epoll of our own beside the event loop's, where there is one.

A probe waits twice for a socket that then is gone. uvloop makes a handle for each wait, tries the file out and takes it
out again: six system calls and some 15 microseconds each. Here a wait is one system call; the loop only hears
that something is up.
"""

import asyncio
import select
import socket
from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from probe.wire.faults import from_errno

_EPOLL: Final = hasattr(select, "epoll")
_READABLE: Final = select.EPOLLIN | select.EPOLLONESHOT if _EPOLL else 0
_WRITABLE: Final = select.EPOLLOUT | select.EPOLLONESHOT if _EPOLL else 0
_AT_ONCE: Final = 64
"""Files that are told of in one turn of the loop; others come with the next."""


class Watch(Protocol):
    """Tells when one socket is ready. One waits at a time, and whoever has it closes it before the socket."""

    def readable(self) -> Awaitable[None]:
        """To be awaited until there is something to read, or the end. It may be a false alarm."""
        ...

    def writable(self) -> Awaitable[None]:
        """To be awaited until the kernel takes bytes, or the connection stands or failed. It may be a false alarm."""
        ...

    def close(self) -> None:
        """Watch no more."""
        ...


class LoopWatch:
    """Watches by the running event loop."""

    __slots__ = ("_sock",)

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def readable(self) -> None:
        """Wait until there is something to read, or the end."""
        loop = asyncio.get_running_loop()
        await self._wait(loop.add_reader, loop.remove_reader)

    async def writable(self) -> None:
        """Wait until the kernel takes bytes, or the connection stands or failed."""
        loop = asyncio.get_running_loop()
        await self._wait(loop.add_writer, loop.remove_writer)

    async def _wait(self, register: Callable[..., object], unregister: Callable[[socket.socket], object]) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        register(self._sock, _settle, ready)
        try:
            await ready
        finally:
            unregister(self._sock)

    def close(self) -> None:
        """Watch no more: nothing is left of a wait that is over."""


class Lookout:
    """One epoll for all sockets of a loop. It knows nothing of the loop, which keeps it.

    Every wait asks for one event (`EPOLLONESHOT`), so nobody is woken twice, and a file that nobody waits for wakes
    nobody.

    Raises:
        OSError: there are no descriptors left.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._look)

    def watch(self, sock: socket.socket) -> "EpollWatch":
        """A watch on *sock*."""
        return EpollWatch(self._epoll, self._waiting, sock.fileno())

    def _look(self) -> None:
        for file, _ in self._epoll.poll(0, _AT_ONCE):
            ready = self._waiting.pop(file, None)
            if ready is not None:
                _settle(ready)


class EpollWatch:
    """Watches by a `Lookout`."""

    __slots__ = ("_epoll", "_file", "_known", "_waiting")

    def __init__(self, epoll: select.epoll, waiting: dict[int, asyncio.Future[None]], file: int) -> None:
        self._epoll = epoll
        self._waiting = waiting
        self._file = file
        self._known = False

    def readable(self) -> asyncio.Future[None]:
        """To be awaited until there is something to read, or the end. It may be a false alarm."""
        return self._ready(_READABLE)

    def writable(self) -> asyncio.Future[None]:
        """To be awaited until the kernel takes bytes, or the connection stands or failed. It may be a false alarm."""
        return self._ready(_WRITABLE)

    def _ready(self, events: int) -> asyncio.Future[None]:
        try:
            if self._known:
                self._epoll.modify(self._file, events)
            else:
                self._epoll.register(self._file, events)
        except OSError as error:
            raise from_errno(error.errno or 0, local=True) from error
        self._known = True
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[self._file] = ready
        return ready

    def close(self) -> None:
        """Watch no more. The kernel forgets a file when it is closed: that is left to the socket."""
        self._waiting.pop(self._file, None)


_lookouts: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Lookout]] = WeakKeyDictionary()


def watch(sock: socket.socket) -> Watch:
    """A watch on *sock* for the running event loop.

    Raises:
        ProbeFailed: there are no descriptors left (`overloaded`).
    """
    if not _EPOLL:
        return LoopWatch(sock)
    loop = asyncio.get_running_loop()
    found = _lookouts.get(loop)
    if found is None:
        try:
            found = _lookouts[loop] = Lookout()
        except OSError as error:
            raise from_errno(error.errno or 0, local=True) from error
    return found.watch(sock)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
