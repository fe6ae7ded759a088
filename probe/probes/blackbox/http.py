"""The prober http: a request, the redirects that it meets, and what is true of the last answer."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar, TypeVarTuple

import httpx

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.probes.blackbox.bodies import BodyUnreadable, body_holds, headers_hold, raw_limit, readable
from probe.probes.blackbox.credentials import basic, headers_of, same_place, staying
from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.modules import HttpModule
from probe.probes.blackbox.reaching import choose_address
from probe.probes.blackbox.sessions import tell_session
from probe.probes.blackbox.tcp import LAST_PORT
from probe.wire import SERVER_NAME, Heard, Wire

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

_MOST_REDIRECTS: Final = 10
_SEE_OTHER: Final = frozenset({301, 302, 303})
_REDIRECTS: Final = _SEE_OTHER | {307, 308}
_OF_BODIES: Final = frozenset({"content-length", "content-type", "content-encoding", "transfer-encoding"})
_THREAD: Final = 1 << 16
"""Bytes of a body from which on it is looked at in a thread."""
_ANSWERED: Final = (
    "probe_http_content_length",
    "probe_http_uncompressed_body_length",
    "probe_http_redirects",
    "probe_http_ssl",
    "probe_http_status_code",
    "probe_http_version",
    "probe_failed_due_to_regex",
)


@dataclass(slots=True)
class _Hop:
    """One request on the way.

    Attributes:
        method: of the request.
        url: what is asked, with the host's name.
        host: the Host header.
        server_name: whom TLS asks for; empty: the URL's host.
        address: the host's address; empty where the proxy finds it.
        body: what is sent.
        watch: its times.
        heard: what came.
        spent: seconds on it so far, or all in all.
    """

    method: str
    url: httpx.URL
    host: str
    server_name: str
    address: str
    body: bytes
    watch: Stopwatch
    heard: Heard
    spent: float = 0.0


class HttpProbing:
    """One probe by the prober http; `run` may be cut at any time, and `tell` tells how far it came."""

    def __init__(self, module: HttpModule, wire: Wire, findings: Findings, host: str = "") -> None:
        self._module = module
        self._wire = wire
        self._findings = findings
        self._route = module.route(secure=False)
        self._host = host or next((value for name, value in module.headers.items() if name.lower() == "host"), "")
        self._hops: list[_Hop] = []
        self._followed = 0
        self._stopped = False
        self._lost = False
        self._sought = False
        self._judged = False
        self._headers = httpx.Headers()
        self._cookies = httpx.Cookies()

    async def run(self, target: str) -> bool:
        """Probe *target*; whether all is as it must be.

        Raises:
            ProbeFailed: there is no answer that could be judged.
        """
        for name in _ANSWERED:
            self._findings.set(name, 0.0)
        hop = await self._first(target)
        while True:
            self._hops.append(hop)
            try:
                await self._send(hop)
            except ProbeFailed as failure:
                if not hop.heard.status:
                    raise
                self._findings.log("Failed to read HTTP response body", err=failure.detail)
                await self._judge(hop.heard, complete=False)
                return False
            location = _location(hop.heard)
            if location is None:
                return await self._judge(hop.heard, complete=True)
            self._findings.log("Received redirect", location=location)
            self._followed = len(self._hops)
            if self._followed > _MOST_REDIRECTS or not self._module.follows:
                self._findings.log("Not following redirect")
                self._stopped = True
                return await self._judge(hop.heard, complete=True)
            self._lost = True
            hop = await self._next(hop, location)
            self._lost = False

    async def _first(self, target: str) -> _Hop:
        url = _url(target if target.startswith(("http://", "https://")) else f"http://{target}")
        self._headers = await asyncio.to_thread(headers_of, self._module)
        if url.userinfo:
            self._headers.setdefault("Authorization", basic(url.username, url.password))
            url = url.copy_with(userinfo=b"")
        watch = Stopwatch(self._findings.clock)
        address, self._sought = "", True
        if not (self._module.proxy_url and self._module.skip_resolve_phase_with_proxy):
            address = await choose_address(url.host, self._module, self._findings, self._wire, self._route, watch)
        return _Hop(
            method=(self._module.method or "GET").upper(),
            url=url,
            host=self._host or _authority(url),
            server_name=self._module.tls_config.server_name or _name(self._host) or url.host,
            address=address,
            body=await asyncio.to_thread(_body, self._module),
            watch=watch,
            heard=Heard(keep=self._module.looks_at_body),
        )

    async def _next(self, hop: _Hop, location: str) -> _Hop:
        relative = "//" not in location.partition("?")[0]
        url = _url(location, hop.url)
        watch = Stopwatch(self._findings.clock)
        address = hop.address
        if not relative:
            address = "" if self._module.proxy_url else await self._wire.locate(url.host, watch, self._route)
        changed = hop.heard.status in _SEE_OTHER and hop.method != "HEAD"
        return _Hop(
            method="GET" if changed else hop.method,
            url=url,
            host=hop.host if relative else _authority(url),
            server_name=hop.server_name if relative else url.host,
            address=address,
            body=b"" if changed else hop.body,
            watch=watch,
            heard=Heard(keep=self._module.looks_at_body),
        )

    async def _send(self, hop: _Hop) -> None:
        request = self._request(hop)
        self._findings.log("Making HTTP request", url=str(request.url), host=hop.host)
        limit = raw_limit(self._module)
        try:
            route = self._module.route(secure=hop.url.scheme == "https")
            answer = await self._wire.send(request, hop.watch, route, limit=limit, heard=hop.heard)
        finally:
            hop.spent = hop.watch.elapsed()
        self._cookies.extract_cookies(answer)

    def _request(self, hop: _Hop) -> httpx.Request:
        first = self._hops[0]
        headers = httpx.Headers([(b"Host", hop.host.encode()), *self._headers.raw])
        if not same_place(first.url, hop.url):
            _drop(headers, staying(self._module))
        if not hop.body and self._module.body:
            _drop(headers, _OF_BODIES)
        url, extensions = hop.url, {}
        if not self._module.proxy_url:
            url = url.copy_with(host=hop.address)
            extensions = {SERVER_NAME: hop.server_name}
        request = httpx.Request(hop.method, url, headers=headers, content=hop.body or None, extensions=extensions)
        self._cookies.set_cookie_header(request)
        return request

    async def _judge(self, heard: Heard, *, complete: bool) -> bool:
        self._judged = True
        self._findings.log("Received HTTP response", status_code=heard.status)
        good = self._status_holds(heard.status)
        module = self._module
        if good and (module.fail_if_header_matches or module.fail_if_header_not_matches):
            good = headers_hold([(_small(name), value) for name, value in heard.headers], module, self._findings)
            self._findings.set("probe_failed_due_to_regex", float(not good))
        good = await self._body_holds(heard, good=good, complete=complete)
        good = self._version_holds(heard.version) and good
        return self._security_holds(heard, good=good)

    def _status_holds(self, status: int) -> bool:
        wanted = self._module.valid_status_codes
        if (status in wanted) if wanted else 200 <= status < 300:  # noqa: PLR2004 - what 2xx means
            return True
        told = ", ".join(map(str, wanted)) or "2xx"
        self._findings.log("Invalid HTTP response status code", status_code=status, valid_status_codes=told)
        return False

    async def _body_holds(self, heard: Heard, *, good: bool, complete: bool) -> bool:
        """Read the body as the module says, tell its length, and look into it if all was *good* so far."""
        module, findings = self._module, self._findings
        length = heard.length
        body, readable_ = b"", complete
        if complete and module.looks_at_body:
            try:
                body = await _aside(len(heard.body), readable, heard.body, module)
                length = len(body)
            except BodyUnreadable as unreadable:
                findings.log("Failed to read HTTP response body", err=unreadable)
                readable_ = False
                length = unreadable.length
        self._tell_length(length)
        if good and (module.fail_if_body_matches_regexp or module.fail_if_body_not_matches_regexp):
            good = readable_ and await _aside(len(body), body_holds, body, module, findings)
            findings.set("probe_failed_due_to_regex", float(not good))
        return good and readable_

    def _tell_length(self, length: int) -> None:
        """Tell the *length* of a body; of an answer that redirects to where we do not go, the peer reads none."""
        told = 0 if self._stopped else min(length, self._module.body_size_limit or length)
        self._findings.set("probe_http_uncompressed_body_length", float(told))

    def _version_holds(self, version: str) -> bool:
        wanted = self._module.valid_http_versions
        spoken = f"HTTP/{version if '.' in version else f'{version}.0'}"
        if not wanted or spoken in wanted:
            return True
        self._findings.log("Invalid HTTP version number", "error", version=spoken)
        return False

    def _security_holds(self, heard: Heard, *, good: bool) -> bool:
        if heard.session is not None and self._module.fail_if_ssl:
            self._findings.log("Final request was over SSL", "error")
            return False
        if heard.session is None and self._module.fail_if_not_ssl and good:
            self._findings.log("Final request was not over SSL", "error")
            return False
        return good

    def tell(self, *, zeros: bool) -> None:
        """Tell what is known; *zeros*: also of phases that were not reached."""
        if zeros and self._sought:
            self._findings.start("probe_http_duration_seconds", *(PHASES if self._hops else PHASES[:1]))
        for number, hop in enumerate(self._hops):
            took = _phases(hop, last=hop is self._hops[-1])
            self._findings.log("Response timings for roundtrip", "info", roundtrip=number, **took)
            for phase, seconds in took.items():
                self._findings.add("probe_http_duration_seconds", seconds, phase=phase)
        self._findings.set("probe_http_redirects", float(self._followed))
        if self._hops and self._hops[-1].heard.status and not self._lost:
            self._tell_answer(self._hops[-1].heard, self._hops[-1].method)

    def _tell_answer(self, heard: Heard, method: str) -> None:
        if not self._judged:  # the time was up in the middle of the body
            self._tell_length(heard.length)
        headers = httpx.Headers(list(heard.headers))
        self._findings.set("probe_http_status_code", float(heard.status))
        self._findings.set("probe_http_version", float(heard.version))
        self._findings.set("probe_http_content_length", _content_length(headers, heard, method))
        modified = _moment(headers.get("last-modified", ""))
        if modified is not None:
            self._findings.set("probe_http_last_modified_timestamp_seconds", modified)
        if heard.session is not None:
            self._findings.set("probe_http_ssl", 1.0)
            tell_session(heard.session, self._findings)


PHASES: Final = ("resolve", "connect", "tls", "processing", "transfer")


def _phases(hop: _Hop, *, last: bool) -> dict[str, float]:
    """The peer's phases of one request; the transfer of an answer counts only if it is the *last*.

    One that was cut short lasted until then, as the peer has it.
    """
    measured = hop.watch.phases
    told = {
        name: measured[phase]
        for name, phase in (("resolve", Phase.RESOLVE), ("connect", Phase.CONNECT), ("tls", Phase.TLS))
        if phase in measured
    }
    if Phase.WAIT in measured:
        told["processing"] = measured.get(Phase.SEND, 0.0) + measured[Phase.WAIT]
    if last and hop.heard.status:
        told["transfer"] = measured.get(Phase.TRANSFER, max(0.0, hop.spent - sum(measured.values())))
    return told


def _url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = httpx.URL(text) if base is None else base.join(text)
    except httpx.InvalidURL as error:
        raise ProbeFailed(Outcome.INVALID, f"could not parse target URL: {error}") from error
    if not url.host or url.scheme not in {"http", "https"} or not 0 < (url.port or 1) <= LAST_PORT:
        raise ProbeFailed(Outcome.INVALID, "could not parse target URL: it is no http or https URL with a host")
    return url


def _authority(url: httpx.URL) -> str:
    """The Host header of *url*: without the zone of an address, which means something on this machine only."""
    return re.sub(r"%[^\]]*", "", url.netloc.decode("ascii").rpartition("@")[2])


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).removeprefix("[").removesuffix("]")


def _small(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _drop(headers: httpx.Headers, names: frozenset[str]) -> None:
    for name in names:
        headers.pop(name, None)


def _body(module: HttpModule) -> bytes:
    if module.body_file is None:
        return module.body.encode()
    try:
        return module.body_file.read_bytes()
    except OSError as error:
        raise ProbeFailed(Outcome.INVALID, f"the file {module.body_file} cannot be read") from error


def _location(heard: Heard) -> str | None:
    """Where the answer redirects to; None if it does not."""
    if heard.status not in _REDIRECTS:
        return None
    found = [value for name, value in heard.headers if _small(name) == "location"]
    return found[0].decode("latin-1") if found and found[0] else None


def _content_length(headers: httpx.Headers, heard: Heard, method: str) -> float:
    """What the answer says of its length, as Go has it: -1 if it says nothing and there may be a body."""
    length = headers.get("content-length", "")
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return -1.0
    if length.isascii() and length.isdigit():
        return float(length)
    return 0.0 if heard.status in {204, 304} or (method == "HEAD" and heard.version == "2") else -1.0


def _moment(text: str) -> float | None:
    try:
        return float(int(parsedate_to_datetime(text).timestamp()))
    except (ValueError, TypeError, OverflowError):
        return None


async def _aside(size: int, work: Callable[[*Given], Result], *given: *Given) -> Result:
    """Do *work* on *size* bytes: here if they are few, in a thread if they would stall what else is measured."""
    if size < _THREAD:
        return work(*given)
    return await asyncio.to_thread(work, *given)
