"""Waiting for sockets: by the loop, and by one epoll beside it."""

import asyncio
import errno
import gc
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from probe.model.outcome import Outcome, ProbeFailed
from probe.wire import lookout
from probe.wire.faults import from_errno
from probe.wire.lookout import LoopWatch, Watch, watch

BOTH = pytest.mark.parametrize("make", [pytest.param(watch, id="epoll"), pytest.param(LoopWatch, id="loop")])
Make = Callable[[socket.socket], Watch]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets that do not block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


@BOTH
async def test_a_wait_ends_when_something_came(make: Make, pair: tuple[socket.socket, socket.socket]) -> None:
    """Not before; and a socket can be waited for again and again, either way."""
    ours, theirs = pair
    waiting = make(ours)
    for _ in range(3):
        wait = asyncio.ensure_future(waiting.readable())
        await asyncio.sleep(0.01)
        assert not wait.done()
        theirs.send(b"x")
        await asyncio.wait_for(wait, 1)
        assert ours.recv(1) == b"x"
        await asyncio.wait_for(waiting.writable(), 1)
    waiting.close()


@BOTH
async def test_the_end_counts_as_something_to_read(make: Make, pair: tuple[socket.socket, socket.socket]) -> None:
    """Who is hung up on does not wait for ever."""
    ours, theirs = pair
    waiting = make(ours)
    wait = asyncio.ensure_future(waiting.readable())
    await asyncio.sleep(0)
    theirs.close()
    await asyncio.wait_for(wait, 1)
    assert ours.recv(1) == b""
    waiting.close()


@BOTH
async def test_a_wait_that_is_given_up_disturbs_nobody(make: Make) -> None:
    """The next socket has the same number, and its own wait."""
    for _ in range(3):
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        waiting = make(ours)
        wait = asyncio.ensure_future(waiting.readable())
        await asyncio.sleep(0)
        wait.cancel()
        await asyncio.wait([wait])
        theirs.send(b"x")
        await asyncio.sleep(0.01)
        waiting.close()
        ours.close()
        theirs.close()


async def test_many_wait_at_once_and_all_are_told() -> None:
    """More than are told of in one turn of the loop."""
    pairs = [socket.socketpair() for _ in range(150)]
    watches = [watch(ours) for ours, _ in pairs]
    waits = [asyncio.ensure_future(one.readable()) for one in watches]
    await asyncio.sleep(0)
    for _, theirs in pairs:
        theirs.send(b"x")
    await asyncio.wait_for(asyncio.gather(*waits), 5)
    for one, (ours, theirs) in zip(watches, pairs, strict=True):
        one.close()
        ours.close()
        theirs.close()


async def test_what_comes_while_nobody_waits_is_there_for_the_next_wait(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """A wait asks for one event; what comes after it stays where it is."""
    ours, theirs = pair
    waiting = watch(ours)
    theirs.send(b"x")
    await waiting.readable()
    theirs.send(b"y")
    await asyncio.sleep(0.01)
    await waiting.readable()
    assert ours.recv(2) == b"xy"
    waiting.close()


async def test_a_file_that_cannot_be_watched_is_our_own_shortage() -> None:
    """The kernel says so, and it is told as what it is, not as the peer's fault."""
    ours, theirs = socket.socketpair()
    waiting = watch(ours)
    ours.close()
    theirs.close()
    with pytest.raises(ProbeFailed):
        await waiting.readable()
    assert from_errno(errno.ENOSPC, local=True).outcome is Outcome.OVERLOADED


def test_a_loop_that_is_over_is_let_go_of() -> None:
    """Nothing that lives longer than a loop holds on to it."""

    async def scene() -> None:
        ours, theirs = socket.socketpair()
        waiting = watch(ours)
        await waiting.writable()
        waiting.close()
        ours.close()
        theirs.close()

    before = len(lookout._lookouts)
    for _ in range(3):
        asyncio.run(scene())
    gc.collect()
    assert len(lookout._lookouts) <= before
    assert hasattr(select, "epoll")  # these tests run on Linux
