"""The prober tcp: a connection, perhaps TLS, and a dialogue of lines."""

from typing import Final

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.modules import QueryResponse, TcpModule
from probe.probes.blackbox.patterns import Expression, Found
from probe.probes.blackbox.reaching import choose_address
from probe.probes.blackbox.sessions import tell_session
from probe.wire import Dialogue, Route, Wire

_LONGEST_LINE: Final = 65_536
"""Bytes of a line, as for the peer (bufio.MaxScanTokenSize)."""
LAST_PORT: Final = 65_535


class TcpProbing:
    """One probe by the prober tcp; `run` may be cut at any time."""

    def __init__(self, module: TcpModule, wire: Wire, findings: Findings, hostname: str = "") -> None:
        self._module = module
        self._wire = wire
        self._findings = findings
        self._name = module.tls_config.server_name or hostname
        self._route = Route(trust=module.tls_config.trust)

    async def run(self, target: str) -> bool:
        """Probe *target*, `host:port`; whether all was said that must be.

        Raises:
            ProbeFailed: the connection or a line of it is not to be had.
        """
        for name in ("probe_failed_due_to_regex", "probe_failed_due_to_bytes"):
            self._findings.set(name, 0.0)
        host, port = split(target)
        watch = Stopwatch(self._findings.clock)
        address = await choose_address(host, self._module, self._findings, self._wire, self._route, watch)
        name = self._name or host
        self._findings.log("Dialing TCP with TLS" if self._module.tls else "Dialing TCP without TLS")
        server_name = name if self._module.tls else None
        dialogue = await self._wire.open(address, port, watch, self._route, server_name=server_name)
        try:
            self._findings.log("Successfully dialed")
            self._tell(dialogue)
            return await self._talk(dialogue, name)
        finally:
            dialogue.close()

    def tell(self, *, zeros: bool) -> None:
        """Nothing is left to tell: this prober has no phases."""
        del zeros

    def _tell(self, dialogue: Dialogue) -> None:
        if dialogue.session is not None:
            tell_session(dialogue.session, self._findings)

    async def _talk(self, dialogue: Dialogue, name: str) -> bool:
        lines = _Lines(dialogue)
        for number, step in enumerate(self._module.query_response):
            self._findings.log("Processing query response entry", entry_number=number)
            found = None if step.expect is None else await self._await(lines, step.expect)
            if step.expect is not None and found is None:
                return False
            if step.expect_bytes and not await self._holds(lines, step.expect_bytes.encode()):
                return False
            await self._say(dialogue, step, found)
            if step.starttls:
                await dialogue.start_tls(self._module.tls_config.trust, name)
                self._findings.log("TLS Handshake (client) succeeded.")
                self._tell(dialogue)
                lines = _Lines(dialogue)
        return True

    async def _await(self, lines: "_Lines", expected: Expression) -> Found | None:
        while (line := await lines.next()) is not None:
            found = expected.first(line)
            if found is not None:
                self._findings.log("Regexp matched", regexp=expected.text)
                self._findings.set("probe_failed_due_to_regex", 0.0)
                return found
        self._findings.log("Regexp did not match", "error", regexp=expected.text)
        self._findings.set("probe_failed_due_to_regex", 1.0)
        return None

    async def _holds(self, lines: "_Lines", expected: bytes) -> bool:
        said = await lines.exactly(len(expected))
        if len(said) < len(expected):
            self._findings.log("Read less data than expected", "error", expected=len(expected), bytes=len(said))
            return False
        self._findings.set("probe_failed_due_to_bytes", float(said != expected))
        if said != expected:
            self._findings.log("Bytes did not match", "error", expected=expected)
            return False
        self._findings.log("Bytes matched", expected=expected)
        return True

    async def _say(self, dialogue: Dialogue, step: QueryResponse, found: Found | None) -> None:
        if found is not None and step.labels:
            labels = {label.name: found.expanded(label.value) for label in step.labels}
            self._findings.set("probe_expect_info", 1.0, **labels)
        send = step.send if found is None else found.expanded(step.send)
        if send:
            self._findings.log("Sending line")
            await dialogue.write(f"{send}\n".encode())


class _Lines:
    """The lines that a peer says."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._said = b""
        self._ended = False

    async def exactly(self, size: int) -> bytes:
        """The next *size* bytes, whatever lines they are; fewer if there are no more."""
        while len(self._said) < size and not self._ended:
            await self._hear()
        said, self._said = self._said[:size], self._said[size:]
        return said

    async def next(self) -> bytes | None:
        """The next line without its end; None when there are no more."""
        while b"\n" not in self._said and not self._ended:
            if len(self._said) >= _LONGEST_LINE:
                raise ProbeFailed(Outcome.UNEXPECTED, "the peer says a line that is too long")
            await self._hear()
        line, _, self._said = self._said.partition(b"\n")
        if not line and not self._said and self._ended:
            return None
        return line.removesuffix(b"\r")

    async def _hear(self) -> None:
        more = await self._dialogue.read()
        self._ended = not more
        self._said += more


def split(target: str, default: int | None = None) -> tuple[str, int]:
    """Host and port of *target*, which has one unless there is a *default*.

    Raises:
        ProbeFailed: it has none.
    """
    host, _, port = target.rpartition(":")
    bare = target.count(":") > 1 and not target.startswith("[")  # an IPv6 address without brackets
    if host and not bare and port.isascii() and port.isdigit() and int(port) <= LAST_PORT:
        return host.removeprefix("[").removesuffix("]"), int(port)
    if default is None:
        raise ProbeFailed(Outcome.INVALID, "error splitting target address and port: write HOST:PORT")
    return target.removeprefix("[").removesuffix("]"), default
