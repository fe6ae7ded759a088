"""The promise of the whole floor: a loop that is late does not make a vendor slow."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import uvloop

from probe.model.meter import Meter
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, Route, Wire

SECONDS = 3.0
STALL = 0.5
GAP = 0.008
ROUNDS, NEEDED = 3, 2
PERMITTED = 0.001

Times = dict[str, float]


@pytest.fixture(scope="module")
def truth_port() -> Iterator[int]:
    """A server in a process of its own that answers after 20 ms and knows when it really did."""
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("ground_truth.py"))], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    yield int(server.stdout.readline())
    server.kill()
    server.wait()
    server.stdout.close()


async def by_us(wire: Wire, port: int, path: str, waits: Times) -> None:
    """One exchange on our wire."""
    watch = Stopwatch(RealClock())
    await wire.send(httpx.Request("GET", f"http://127.0.0.1:{port}{path}"), watch, Route())
    waits[path] = watch.phases[Phase.WAIT]


async def by_httpx(client: httpx.AsyncClient, port: int, path: str, waits: Times) -> None:
    """The same exchange on plain httpx, timed by its own trace."""
    at: dict[str, float] = {}

    async def trace(event: str, _: object) -> None:
        at[event] = time.perf_counter()

    await client.get(f"http://127.0.0.1:{port}{path}", extensions={"trace": trace})
    waits[path] = at["http11.receive_response_headers.complete"] - at["http11.send_request_body.complete"]


async def stall_each_second() -> None:
    """Hold the loop for half of every second, as a scrape or a collection of garbage might."""
    while True:
        await asyncio.sleep(1 - STALL)
        time.sleep(STALL)  # noqa: ASYNC251 - that is what is being tested


async def side_by_side(port: int, turn: int) -> tuple[Times, Times, Mapping[str, tuple[int, int, int]]]:
    """Probe with both while the loop stalls; what each measured, and the truth."""
    ours: Times = {}
    theirs: Times = {}
    wire = Wire(RealClock(), Meter())
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:  # noqa: S113 - a stall is no timeout
        stalling = asyncio.create_task(stall_each_second())
        async with asyncio.TaskGroup() as probes:
            end = time.monotonic() + SECONDS
            number = 0
            while time.monotonic() < end:
                number += 1
                probes.create_task(by_us(wire, port, f"/ours/{turn}/{number}", ours))
                probes.create_task(by_httpx(client, port, f"/httpx/{turn}/{number}", theirs))
                await asyncio.sleep(GAP)
        stalling.cancel()
        truth = (await client.get(f"http://127.0.0.1:{port}/truth")).json()
    await wire.close()
    return ours, theirs, truth


def p99_error(waits: Times, truth: Mapping[str, tuple[int, int, int]]) -> float:
    """The 99th percentile of how far the waits are from the truth, which lies between two readings of the server."""
    errors = []
    for path, wait in waits.items():
        arrived, before, after = truth[path]
        shortest, longest = (before - arrived) / 1e9, (after - arrived) / 1e9
        errors.append(max(0.0, shortest - wait, wait - longest))
    return sorted(errors)[int(len(errors) * 0.99)]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_wait_is_true_within_a_millisecond_while_the_loop_stalls(
    truth_port: int, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """With the loop held for 500 ms of every second, p99 of the error is below 1 ms; plain httpx's is a stall.

    A neighbour on the same machine can hold this process inside a call to the kernel, which nobody can measure from
    within: two rounds of three are what we answer for.
    """
    seen = []
    held = 0
    for turn in range(ROUNDS):
        with asyncio.Runner(loop_factory=loop) as runner:
            ours, theirs, truth = runner.run(side_by_side(truth_port, turn + 100 * (loop is uvloop.new_event_loop)))
        assert len(ours) == len(theirs) > 100
        seen.append((p99_error(ours, truth), p99_error(theirs, truth)))
        held += seen[-1][0] <= PERMITTED and seen[-1][1] > STALL / 5
        if held == NEEDED:
            return
    pytest.fail(f"p99 errors of ours and of httpx, per round: {seen}")
