"""The same hand by HTTP: the control endpoint, for people and other processes on this machine."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from probe.notation.documents import DocumentRefused, parse_document
from probe.sandbox.characters import read_fault
from probe.sandbox.control import Control, UnknownToSandbox
from probe.sandbox.faults import ANY
from probe.sandbox.reading import Entry, SandboxDataRefused


def control_app(control: Control) -> Starlette:
    """The control endpoint, for the sandbox's own port on loopback."""
    api = _Api(control)
    return Starlette(
        routes=[
            Route("/control/state", _told(api.state)),
            Route("/control/requests", _told(api.requests)),
            Route("/control/instances/{id}", _told(api.instance)),
            Route("/control/faults", _told(api.inject), methods=["POST"]),
            Route("/control/faults", _told(api.clear), methods=["DELETE"]),
            Route("/control/faults/{handle:path}", _told(api.withdraw), methods=["DELETE"]),
            Route("/control/bystanders", _told(api.bystander), methods=["POST"]),
        ]
    )


class _Api:
    """What a request becomes: a call of the `Control` of nearly the same name."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def state(self, _: Request) -> Response:
        return JSONResponse(self._control.state())

    async def requests(self, request: Request) -> Response:
        logged = self._control.requests(request.query_params.get("vendor", ""))
        return JSONResponse([asdict(one) for one in logged])

    async def instance(self, request: Request) -> Response:
        return JSONResponse(asdict(self._control.truth(request.path_params["id"])))

    async def inject(self, request: Request) -> Response:
        with await _entry(request) as entry:
            fault = read_fault(entry)
        return JSONResponse({"handles": self._control.inject(fault)}, 201)

    async def clear(self, request: Request) -> Response:
        self._control.clear(request.query_params.get("vendor", ANY))
        return Response(status_code=204)

    async def withdraw(self, request: Request) -> Response:
        self._control.withdraw(request.path_params["handle"])
        return Response(status_code=204)

    async def bystander(self, request: Request) -> Response:
        with await _entry(request) as entry:
            wanted = entry.text("vendor"), entry.text("name"), entry.texts("marks")
        return JSONResponse({"id": self._control.add_bystander(*wanted)}, 201)


async def _entry(request: Request) -> Entry:
    """The request's JSON. No other type is read, so that a page of another site cannot send it without asking."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise SandboxDataRefused("the request must be application/json")
    text = (await request.body()).decode("utf-8", "replace")
    try:
        return Entry(parse_document(text, "the request"))
    except DocumentRefused as error:
        raise SandboxDataRefused(str(error)) from None


def _told(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same handler; what it refuses becomes an answer that says so."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except SandboxDataRefused as error:
            return JSONResponse({"error": str(error)}, 400)
        except UnknownToSandbox as error:
            return JSONResponse({"error": str(error)}, 404)

    return handle
