"""The contestant that everybody would write: httpx with its own trace, one task a probe."""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from typing import Final

import httpx
import uvloop

from tests.bench.contestant import Order, Window, stalling
from tests.bench.figures import Observed
from tests.bench.machine import CONTESTANT_CORE, stay_on
from tests.bench.truth import Sample

SETTLING: Final = 1.0
_SENT: Final = "http11.send_request_body.complete"
_ANSWERED: Final = "http11.receive_response_headers.complete"


class Plain:
    """Probes with one shared client at a fixed rate."""

    def __init__(self, order: Order, client: httpx.AsyncClient) -> None:
        self._order = order
        self._client = client
        self._number = 0
        self.samples: list[Sample] = []
        self.lateness: list[float] = []

    async def ask(self, due: float) -> None:
        """One probe, which was *due* in monotonic seconds."""
        self._number += 1
        path, started, at = f"/plain{self._number}", time.time(), dict[str, float]()
        self.lateness.append(max(0.0, time.perf_counter() - due))

        async def trace(event: str, _: object) -> None:
            at[event] = time.perf_counter()

        await self._client.get(f"http://127.0.0.1:{self._order.port}{path}", extensions={"trace": trace})
        self.samples.append((path, started, time.time(), at[_ANSWERED] - at[_SENT]))

    async def round(self, mode: str, seconds: float) -> Observed:
        """A round of *mode*."""
        self.samples, self.lateness = [], []
        async with stalling(mode), asyncio.TaskGroup() as probes:
            window, due = Window(), time.perf_counter()
            end = due + seconds
            while due < end:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                probes.create_task(self.ask(due))
                due += 1 / self._order.rate
            passed, cpu, memory = window.close()
        return Observed(
            mode=mode,
            seconds=passed,
            cpu=cpu,
            runs=len(self.samples),
            samples=self.samples,
            lateness=self.lateness,
            memory=memory,
        )


async def main(order: Order) -> None:
    """Run every mode in turn, after one round to warm up."""
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:  # noqa: S113 - a stall is no timeout
        plain = Plain(order, client)
        await plain.round("steady", SETTLING)
        for mode in order.modes:
            print(json.dumps(asdict(await plain.round(mode, order.seconds))), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    stay_on(CONTESTANT_CORE)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Order(**json.loads(sys.argv[1]))))
