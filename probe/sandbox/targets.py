"""Targets of the operator's own: an HTTP server that does what it is asked to, by parameters or by faults."""

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from probe.model.clock import Clock
from probe.sandbox.faults import FaultKind, Faults
from probe.sandbox.serving import deliver, read
from probe.sandbox.vendor import Cut, Reply

_LONGEST: Final = 60.0
"""Seconds that a request may ask to be kept waiting."""


def http_target(clock: Clock, faults: Faults, operation: str) -> ASGIApp:
    """An HTTP server: `/health` is well; `/echo?status=503&delay=2&body=text` answers as it is told."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await read(request)
        await deliver(await _reply(request, clock, faults, operation), scope, receive, send)

    return app


async def _reply(request: Request, clock: Clock, faults: Faults, operation: str) -> Reply:
    slow = faults.strike(FaultKind.SLOW, operation)
    asked = request.query_params
    delay = _number(asked.get("delay"), 0.0) + (slow.seconds if slow else 0.0)
    if delay > 0:
        await clock.sleep(min(delay, _LONGEST))
    for kind, cut in ((FaultKind.HANG, Cut.HANG), (FaultKind.RESET, Cut.RESET)):
        if faults.strike(kind, operation):
            return Reply(headers={}, cut=cut)
    text, status = '{"status": "ok", "checks": {"database": "ok", "queue": "ok"}}\n', 200
    if request.url.path == "/echo":
        text, status = asked.get("body", "ok\n"), int(_number(asked.get("status"), 200))
    if faults.strike(FaultKind.ERROR, operation):
        text, status = '{"status": "down"}\n', 500
    broken = faults.strike(FaultKind.MALFORMED, operation)
    headers = {"content-type": "application/json" if text.startswith("{") else "text/plain; charset=utf-8"}
    return Reply(
        status=status if 200 <= status <= 599 else 400,  # noqa: PLR2004 - what HTTP calls a final status
        headers=headers,
        body=(text[: len(text) // 2] if broken else text).encode(),
        cut=Cut.TRUNCATE if faults.strike(FaultKind.TRUNCATED, operation) else Cut.NONE,
    )


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default
