"""The line to one vendor: every exchange with it passes here, is counted, and is judged by the vendor's own rules."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import httpx

from probe.cloud.budget import Budget
from probe.cloud.codecs import Unparseable, decode
from probe.cloud.complaint import Judgement, VendorComplaint, describe, judge, match, readable, retry_after
from probe.cloud.entry import VendorEntry
from probe.cloud.file.errors import Errors, Verdict
from probe.cloud.file.vendor import Limits
from probe.cloud.moments import parse_http_date
from probe.cloud.remaining import Remaining, remaining
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.stopwatch import Fact, Stopwatch
from probe.notation.paths import Query
from probe.wire import USER_AGENT, Route

_LARGEST: Final = 4 << 20
"""Bytes of an answer: a page of a thousand instances has two million."""
_AT_ONCE: Final = 128 << 10
"""Bytes of an answer that are decoded in the loop, in a few milliseconds; a larger one takes a thread."""
_LONGEST_ID: Final = 200
"""Characters of a request's id that are kept."""
_TOLD: Final = 50
"""Errors that no rule knows which are logged, each once; the counter goes on."""
_SKEWED: Final = 120.0
"""Seconds between our clock and the vendor's beyond which a refused signature is the clock's fault, not the key's."""
_TOO_MANY: Final = 429

_logger: Final = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered to a call that it did.

    Attributes:
        status: the HTTP status.
        body: the decoded body; None for an empty one.
        headers: as they came.
        request_id: what to tell the vendor's support, empty if it gave none.
    """

    status: int
    body: Any
    headers: Mapping[str, str]
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What success looks like.

    Attributes:
        codec: what answers are written in.
        statuses: those that mean success; any 2xx if none.
        complaint: finds an error's code in an answer that says success.
        clocked: whether a refusal may be the fault of our clock.
        errors: how errors are told and judged; as the vendor file says where none are given.
    """

    codec: Literal["json", "xml"] = "json"
    statuses: tuple[int, ...] = ()
    complaint: Query | None = None
    clocked: bool = False
    errors: Errors | None = None

    def hidden_code(self, body: object) -> str | None:
        """The code of an error inside *body*, which said success; None if there is none."""
        if self.complaint is None or not self.complaint.holds(body):
            return None
        return str(self.complaint.search(body))


class Line:
    """Sends requests that are complete, and tells answers from complaints."""

    def __init__(
        self, entry: VendorEntry, sender: Sender, clock: Clock, meter: Meter, budget: Budget | None = None
    ) -> None:
        self._entry = entry
        self._budget = budget or Budget(clock, entry.allowance)
        self._sender = sender
        self._clock = clock
        self._meter = meter
        self._told: set[tuple[int, str]] = set()

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
        succeeded = response.status_code in wanted.statuses if wanted.statuses else response.is_success
        try:
            body = await _decoded(wanted.codec, response.content)
        except Unparseable as error:
            if succeeded:
                raise _unreadable(response, str(error), request_id) from error
            body = None
        hidden = wanted.hidden_code(body) if succeeded else None
        if succeeded and hidden is None:
            return Answer(response.status_code, body, response.headers, request_id)
        raise self._complaint(response, body, request_id, hidden, wanted)

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

    def _complaint(
        self, response: httpx.Response, body: object, request_id: str, code: str | None, wanted: Wanted
    ) -> VendorComplaint:
        file, status = self._entry.file, response.status_code
        judgement = judge(wanted.errors or file.errors, status, body, response.headers, code, self._entry.redactor)
        if not judgement.matched:
            self._note_unmatched(judgement, status)
        detail, outcome = describe(judgement, status), None
        if wanted.clocked and judgement.verdict is Verdict.DENIED:
            skew = self._skew(response.headers)
            if abs(skew) > _SKEWED:
                where = "ahead of" if skew > 0 else "behind"
                detail, outcome = f"{detail} (our clock is {abs(skew):.0f} s {where} theirs)", Outcome.OVERLOADED
        wish = retry_after(file.limits.retry_after, response.headers, self._clock.wall())
        if wish and judgement.verdict is Verdict.THROTTLED:
            self._budget.pause(wish)
        return VendorComplaint(
            judgement.verdict,
            detail,
            code=judgement.code,
            message=judgement.message,
            status=status,
            request_id=request_id,
            retry_after=wish,
            renewable=judgement.verdict is Verdict.DENIED and (status == httpx.codes.UNAUTHORIZED or judgement.renew),
            outcome=outcome,
        )

    def failure_inside(self, answer: Answer, code: str, message: str) -> VendorComplaint:
        """What it means that *answer* said success, and tells of work that failed with *code* and *message*."""
        entry = self._entry
        code, message = entry.redactor(code), entry.redactor(message)
        rule = match(entry.file.errors.rules, status=None, code=code, message=message, headers={})
        verdict = rule.verdict if rule is not None else Verdict.VENDOR_ERROR
        judgement = Judgement(verdict, code, message, matched=rule is not None)
        if rule is None:
            self._note_unmatched(judgement, answer.status)
        words = readable(" ".join(part for part in (code, message) if part)) or "no explanation"
        return VendorComplaint(
            verdict,
            f"it ended badly: {words}",
            code=code,
            message=message,
            status=answer.status,
            request_id=answer.request_id,
        )

    def _note_unmatched(self, judgement: Judgement, status: int) -> None:
        """Count an error that no rule knows; the first of its kind is told."""
        entry, kind = self._entry, (status, judgement.code[:_LONGEST_ID])
        self._meter.unmatched_error(entry.name, entry.region)
        if kind not in self._told and len(self._told) < _TOLD:
            self._told.add(kind)
            _logger.warning("%s: no rule of %s knows %s", entry.name, entry.file.vendor, describe(judgement, status))

    def _skew(self, headers: Mapping[str, str]) -> float:
        theirs = parse_http_date(headers.get("Date", ""))
        return 0.0 if theirs is None else self._clock.wall() - theirs

    def _note_budget(self, limits: Limits, headers: Mapping[str, str]) -> None:
        """Take the vendor at its word about what is left."""
        entry, wall = self._entry, self._clock.wall()
        told = remaining(limits, headers, wall)
        if told == Remaining():
            return
        closed = told.closed(limits, wall, self._skew(headers))
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


def unparseable(what: str, answer: Answer) -> ProbeFailed:
    """The failure of a vendor whose answer says success, and lacks *what* it must hold."""
    detail = f"HTTP {answer.status}: the answer has no {what}"
    return VendorComplaint(Verdict.VENDOR_ERROR, detail, status=answer.status, request_id=answer.request_id)


def _class(status: int) -> str:
    return "429" if status == _TOO_MANY else f"{status // 100}xx"
