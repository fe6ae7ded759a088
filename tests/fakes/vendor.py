"""A wire at whose other end a function answers: what was asked is what a test looks at."""

import json
from collections.abc import Callable, Iterable, Mapping

import httpx

from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.wire import Route

Reply = httpx.Response | ProbeFailed | Callable[[httpx.Request], httpx.Response | ProbeFailed]


class ScriptedWire:
    """Answers with what it was given, one after the other; the last answer stays.

    Attributes:
        asked: every request, as it arrived.
        seconds: how long an exchange takes.
    """

    def __init__(self, clock: Clock, replies: Iterable[Reply]) -> None:
        self.asked: list[httpx.Request] = []
        self.seconds = 0.1
        self._clock = clock
        self._replies = list(replies)

    async def send(
        self, request: httpx.Request, watch: Stopwatch, route: Route, *, limit: int = 1 << 20
    ) -> httpx.Response:
        """Take *seconds* for the next answer, as phase wait."""
        del route, limit
        self.asked.append(request)
        watch.enter(Phase.WAIT)
        await self._clock.sleep(self.seconds)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        answer = reply if isinstance(reply, (httpx.Response, ProbeFailed)) else reply(request)
        if isinstance(answer, ProbeFailed):
            raise answer
        watch.add(Phase.WAIT, self.seconds)
        return answer

    def body(self, number: int = -1) -> dict[str, object]:
        """The JSON of a request."""
        decoded: dict[str, object] = json.loads(self.asked[number].content)
        return decoded


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """An answer with a body of JSON, or of text or bytes as they are."""
    if isinstance(body, (str, bytes)):
        return httpx.Response(status, content=body, headers=headers)
    return (
        httpx.Response(status, json=body, headers=headers)
        if body is not None
        else httpx.Response(status, headers=headers)
    )


class ApiMeter(Meter):
    """Remembers what it was told of a vendor's API.

    Attributes:
        requests: operation, code and seconds of every request.
        budgets: limit, remaining and reset of every statement.
        waits: seconds of every wait for our own budget.
        unmatched: how many errors no rule knew.
        expiries: when credentials expire, as it was told.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, float]] = []
        self.budgets: list[tuple[float | None, float | None, float | None]] = []
        self.waits: list[float] = []
        self.unmatched = 0
        self.expiries: list[float] = []

    def api_request(self, vendor: str, region: str, operation: str, code: str, seconds: float) -> None:
        """Remember a request."""
        del vendor, region
        self.requests.append((operation, code, seconds))

    def api_budget(
        self, vendor: str, region: str, *, limit: float | None, remaining: float | None, reset: float | None
    ) -> None:
        """Remember a statement."""
        del vendor, region
        self.budgets.append((limit, remaining, reset))

    def api_wait(self, vendor: str, region: str, seconds: float) -> None:
        """Remember a wait for our own budget."""
        del vendor, region
        self.waits.append(seconds)

    def unmatched_error(self, vendor: str, region: str) -> None:
        """Count an error that no rule knew."""
        del vendor, region
        self.unmatched += 1

    def credentials_expiry(self, vendor: str, timestamp: float) -> None:
        """Remember when credentials expire."""
        del vendor
        self.expiries.append(timestamp)
