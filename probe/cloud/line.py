"""The line to one vendor: every exchange with it passes here, is counted, and is judged by the vendor's own rules."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Literal, Protocol

import httpx

from probe.cloud.answer import Answer, Wanted
from probe.cloud.budget import Budget
from probe.cloud.codecs import Unparseable, decode
from probe.cloud.complaint import VendorComplaint
from probe.cloud.entry import VendorEntry
from probe.cloud.file.errors import Verdict
from probe.cloud.file.vendor import Limits
from probe.cloud.judge import Judge
from probe.cloud.moments import clock_skew
from probe.cloud.remaining import Remaining, remaining
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import RunSkipped, Skip
from probe.model.stopwatch import Fact, Stopwatch
from probe.wire import USER_AGENT, Route

_LARGEST: Final = 4 << 20
"""Bytes of an answer: a page of a thousand instances has two million."""
_AT_ONCE: Final = 128 << 10
"""Bytes of an answer that are decoded in the loop, in a few milliseconds; a larger one takes a thread."""
_LONGEST_ID: Final = 200
"""Characters of a request's id that are kept."""
_TOO_MANY: Final = 429


class Sender(Protocol):
    """What the cloud needs of the wire."""

    async def send(
        self, request: httpx.Request, watch: Stopwatch, route: Route, *, limit: int = 1 << 20
    ) -> httpx.Response:
        """Exchange one request for an answer that is read to its end, and account its phases on *watch*.

        Raises:
            ProbeFailed: there was no such answer.
        """
        ...


class Line:
    """Sends requests that are complete, and tells answers from complaints.

    Attributes:
        judge: says what it means that the vendor did not do what was asked.
    """

    def __init__(
        self, entry: VendorEntry, sender: Sender, clock: Clock, meter: Meter, budget: Budget | None = None
    ) -> None:
        self._entry = entry
        self._budget = budget or Budget(clock, entry.allowance)
        self._sender = sender
        self._clock = clock
        self._meter = meter
        self.judge = Judge(entry, clock, meter)

    async def exchange(
        self, operation: str, request: httpx.Request, watch: Stopwatch, wanted: Wanted | None = None
    ) -> Answer:
        """Wait for a turn, then `ask`.

        Raises:
            VendorComplaint: the vendor answered otherwise.
            ProbeFailed: there was no answer.
        """
        async with self.turn(operation, watch):
            return await self.ask(operation, request, watch, wanted)

    def check(self, watch: Stopwatch) -> None:
        """See whether a run that has asked nothing yet can come to its turn before its deadline.

        Raises:
            RunSkipped: budget: it is known that it cannot.
        """
        wait = self._budget.wait(urgent=not watch.run_id)
        if watch.where is None and wait >= watch.left:
            detail = f"the request budget of the account is used up: its next turn is in {wait:.3g} s"
            raise RunSkipped(Skip.BUDGET, detail)

    async def opened(self, operation: str, watch: Stopwatch) -> None:
        """Wait while the vendor wants no request like *operation*, without taking a turn."""
        with self._metered(watch):
            await self._budget.opened(watch, urgent=is_urgent(operation, watch))

    @asynccontextmanager
    async def turn(self, operation: str, watch: Stopwatch) -> AsyncIterator[None]:
        """Wait until the request budget lets *operation* through, and hold its place until the block ends.

        What is signed in the block is fresh when it leaves. The wait is no latency: *watch* leaves it out.
        """
        urgent = is_urgent(operation, watch)
        with self._metered(watch):
            await self._budget.enter(watch, urgent=urgent)
        try:
            yield
        finally:
            self._budget.leave(urgent=urgent)

    @contextmanager
    def _metered(self, watch: Stopwatch) -> Iterator[None]:
        before = watch.waited
        try:
            yield
        finally:
            if watch.waited > before:
                self._meter.api_wait(self._entry.name, self._entry.region, watch.waited - before)

    async def ask(
        self, operation: str, request: httpx.Request, watch: Stopwatch, wanted: Wanted | None = None
    ) -> Answer:
        """Exchange *request*, which is counted as *operation* and whose turn it is, for an answer.

        Args:
            operation: a word from the vendor file, or `auth`.
            request: with everything on it.
            watch: where the wire's phases and the request's id go.
            wanted: what success looks like; JSON with any 2xx if it is not given.

        Raises:
            VendorComplaint: the vendor answered otherwise.
            ProbeFailed: there was no answer.
        """
        wanted = wanted or Wanted()
        response = await self._send(operation, request, watch)
        request_id = self._request_id(response, watch)
        succeeded = wanted.takes(response.status_code)
        try:
            body = await _decoded(wanted.codec, response.content)
        except Unparseable as error:
            if succeeded:
                raise _unreadable(response, str(error), request_id) from error
            body = None
        hidden = wanted.hidden_code(body) if succeeded else None
        if succeeded and hidden is None:
            return Answer(response.status_code, body, response.headers, request_id)
        complaint = self.judge.complaint(response, body, request_id, hidden, wanted)
        if complaint.verdict is Verdict.THROTTLED and complaint.retry_after:
            self._budget.pause(complaint.retry_after)
        raise complaint

    async def _send(self, operation: str, request: httpx.Request, watch: Stopwatch) -> httpx.Response:
        entry = self._entry
        request.headers.setdefault("User-Agent", USER_AGENT)
        started, code = self._clock.now(), "error"
        try:
            response = await self._sender.send(request, watch, entry.route, limit=_LARGEST)
            code = _class(response.status_code)
        finally:
            self._meter.api_request(entry.name, entry.region, operation, code, self._clock.now() - started)
        self._note_budget(entry.file.limits, response.headers)
        return response

    def _request_id(self, response: httpx.Response, watch: Stopwatch) -> str:
        found = next((response.headers[name] for name in self._entry.file.request_id if name in response.headers), "")
        found = self._entry.redactor(found)[:_LONGEST_ID]
        if found:
            watch.facts[Fact.REQUEST_ID] = found
        return found

    def _note_budget(self, limits: Limits, headers: Mapping[str, str]) -> None:
        """Take the vendor at its word about what is left."""
        entry, wall = self._entry, self._clock.wall()
        told = remaining(limits, headers, wall)
        if told == Remaining():
            return
        closed = told.closed(limits, wall, clock_skew(headers, wall))
        if closed is not None:
            self._budget.used_up(closed)
        self._meter.api_budget(entry.name, entry.region, limit=told.limit, remaining=told.left, reset=told.reset)


def is_urgent(operation: str, watch: Stopwatch) -> bool:
    """Whether *operation* goes before what only looks: it gives back, or no run waits for it (a sweep).

    Authentication does, too: whoever goes first would else wait for it behind the others.
    """
    return operation == "auth" or operation.startswith("delete") or not watch.run_id


async def _decoded(codec: Literal["json", "xml"], content: bytes) -> object:
    return decode(codec, content) if len(content) <= _AT_ONCE else await asyncio.to_thread(decode, codec, content)


def _unreadable(response: httpx.Response, why: str, request_id: str) -> VendorComplaint:
    status = response.status_code
    return VendorComplaint(Verdict.VENDOR_ERROR, f"HTTP {status}: {why}", status=status, request_id=request_id)


def _class(status: int) -> str:
    return "429" if status == _TOO_MANY else f"{status // 100}xx"
