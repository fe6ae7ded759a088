"""A vendor's own OpenAPI document judges what its vendor file sends: all of it is accepted, no spoilt copy of it is.

Prism stops looking at a body whose schema it cannot compile, and says nothing: a request counts as accepted only when
copies of it with one thing wrong are rejected. Every value that is sent is made wrong in turn; what the document does
not check is named by the proof, so that nothing goes unchecked unnoticed.
"""

import copy
import fnmatch
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

Trail = tuple[str | int, ...]
WRONG: Final[list[object]] = [{"spoilt": [17]}]
"""No field of any vendor is a list of such things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How one vendor's requests are held against its document.

    Attributes:
        credential: the header that identifies us; empty if the document does not ask for it.
        paths: beginnings of paths as we send them, each with what the document calls it; other requests are not judged.
        required: members of a body without which it must be refused, as dotted paths.
        wrong: values of query parameters that must be refused; parameters that are not here are not checked.
        identifier: what identifiers look like in a path, where the document says so, else empty.
        unchecked: what the document lets pass, as patterns over the spoilt copy's description, each with the reason.
    """

    credential: str = "Authorization"
    paths: Mapping[str, str]
    required: Sequence[str] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    identifier: str = ""
    unchecked: Mapping[str, str] = field(default_factory=dict)

    def judged(self, request: httpx.Request) -> bool:
        """Whether *request* is one that the document is about."""
        return any(request.url.path.startswith(ours) for ours in self.paths)

    def path(self, request: httpx.Request) -> str:
        """The path of *request* in the document's words."""
        path = str(request.url.path)
        ours = next(ours for ours in self.paths if path.startswith(ours))
        return self.paths[ours] + path.removeprefix(ours)

    def summary(self, requests: Sequence[httpx.Request], names: Mapping[str, str]) -> set[str]:
        """What was asked: methods and paths, with the patterns in *names* replaced by names."""
        said = set()
        for request in filter(self.judged, requests):
            path = self.path(request)
            for pattern, name in names.items():
                path = re.sub(pattern, name, path)
            said.add(f"{request.method} {path}")
        return said


async def prove(proof: Proof, requests: Sequence[httpx.Request], server: str) -> int:
    """Hold *requests* against the document at *server*; how many spoilt copies were refused."""
    refused, passed, unused = 0, [], set(proof.unchecked)
    async with httpx.AsyncClient(timeout=30, base_url=server) as client:
        for request in _different(filter(proof.judged, requests)):
            answer = await _ask(client, proof, request)
            what = f"{request.method} {request.url}"
            assert answer.is_success, f"{what}: {answer.status_code} {answer.text}"
            assert '"request"' not in answer.headers.get("sl-violations", ""), what
            before = refused
            for said, wrong in spoilt(proof, request):
                known = {pattern for pattern in proof.unchecked if fnmatch.fnmatch(said, pattern)}
                unused -= known
                if (await _ask(client, proof, wrong)).is_client_error:
                    refused += 1
                elif not known:
                    passed.append(f"{what} with {said}")
            assert refused > before, f"nothing that could be wrong with {what} was refused"
    assert not passed, "accepted though spoilt:\n" + "\n".join(passed)
    assert not unused, f"nothing is spoilt like this: {', '.join(unused)}"
    return refused


def _different(requests: Iterator[httpx.Request]) -> Iterator[httpx.Request]:
    seen = set()
    for request in requests:
        key = request.method, request.url, request.content
        if key not in seen:
            seen.add(key)
            yield request


def spoilt(proof: Proof, request: httpx.Request) -> Iterator[tuple[str, httpx.Request]]:
    """Copies of *request* with one thing wrong each: what, and the copy."""
    if proof.credential:
        headers = {k: v for k, v in request.headers.items() if k.lower() != proof.credential.lower()}
        yield "no credential", _copy(request, headers=headers)
    for name in dict(request.url.params):
        if name in proof.wrong:
            yield f"query {name}", _copy(request, url=request.url.copy_set_param(name, proof.wrong[name]))
    if proof.identifier:
        path = re.sub(proof.identifier, "-x-", request.url.path)
        if path != request.url.path:
            yield "another identifier", _copy(request, url=request.url.copy_with(path=path))
    if request.content:
        yield from _spoilt_bodies(proof, request)


def _spoilt_bodies(proof: Proof, request: httpx.Request) -> Iterator[tuple[str, httpx.Request]]:
    body = json.loads(request.content)
    for trail in _trails(body):
        name = ".".join(map(str, trail))
        yield f"wrong {name}", _copy(request, body=_changed(body, trail, lambda _: WRONG))
        if name in proof.required:
            yield f"without {name}", _copy(request, body=_changed(body, trail, None))


def _trails(data: object, trail: Trail = ()) -> Iterator[Trail]:
    """Where values stand in *data*: members, and the first item of each list."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(data, dict):
        inside = list(data.items())
    elif isinstance(data, list):
        inside = list(enumerate(data[:1]))
    for step, value in inside:
        yield (*trail, step)
        yield from _trails(value, (*trail, step))


def _changed(body: object, trail: Trail, change: Callable[[object], object] | None) -> object:
    """A copy of *body* with the value at *trail* changed, or removed where there is no *change*."""
    made: Any = copy.deepcopy(body)
    place = made
    for step in trail[:-1]:
        place = place[step]
    if change is None:
        del place[trail[-1]]
    else:
        place[trail[-1]] = change(place[trail[-1]])
    return made


def _copy(
    request: httpx.Request,
    *,
    url: httpx.URL | None = None,
    headers: Mapping[str, str] | None = None,
    body: object = None,
) -> httpx.Request:
    kept = {k: v for k, v in (headers or request.headers).items() if k.lower() not in {"content-length", "host"}}
    content = request.content if body is None else json.dumps(body).encode()
    return httpx.Request(request.method, url or request.url, headers=kept, content=content)


async def _ask(client: httpx.AsyncClient, proof: Proof, request: httpx.Request) -> httpx.Response:
    url = httpx.URL(path=proof.path(request), query=request.url.query) if request.url.query else proof.path(request)
    headers = {k: v for k, v in request.headers.items() if k.lower() not in {"host", "content-length"}}
    return await client.request(request.method, url, headers=headers, content=request.content)
