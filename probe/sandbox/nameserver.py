"""A name server for a demo zone, by UDP and by TCP, that can be made to fail, drop and dawdle."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from probe.model.clock import Clock
from probe.sandbox.faults import FaultKind, Faults
from probe.sandbox.serving import LOOPBACK
from probe.wire import ListenFailed, listen

OPERATION: Final = "dns"
ZONE: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "shop.sandbox.test.": {
        "A": ["192.0.2.10", "192.0.2.11"],
        "AAAA": ["2001:db8::10"],
        "TXT": ['"a demo"'],
        "MX": ["10 mail.sandbox.test."],
    },
    "www.sandbox.test.": {"CNAME": ["shop.sandbox.test."]},
    "mail.sandbox.test.": {"A": ["192.0.2.25"]},
}
_TTL: Final = 30
_TRIES: Final = 20
"""Ports that are tried until one is free for both UDP and TCP."""


class NameServer:
    """Answers for a zone of its own and refuses everything else.

    Attributes:
        port: for UDP and for TCP.
    """

    def __init__(self, clock: Clock, faults: Faults, zone: Mapping[str, Mapping[str, Sequence[str]]] = ZONE) -> None:
        self._clock = clock
        self._faults = faults
        self._zone = zone
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port of loopback.

        Raises:
            ListenFailed: there is none.
        """
        loop = asyncio.get_running_loop()
        for _ in range(_TRIES):
            sock = listen(LOOPBACK, 0)
            self.port = int(sock.getsockname()[1])
            try:
                udp, _protocol = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(LOOPBACK, self.port)
                )
            except OSError:
                sock.close()
                continue
            self._udp = udp
            self._tcp = await asyncio.start_server(self._converse, sock=sock)
            return
        raise ListenFailed("no port of 127.0.0.1 is free for both UDP and TCP; try again")

    async def stop(self) -> None:
        """Close both ports."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def received(self, question: bytes, address: tuple[str, int]) -> None:
        """A question came by UDP."""
        task = asyncio.get_running_loop().create_task(self._answer_datagram(question, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_datagram(self, question: bytes, address: tuple[str, int]) -> None:
        answer = await self.answer(question)
        if answer is not None and self._udp is not None and not self._udp.is_closing():
            self._udp.sendto(answer, address)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                answer = await self.answer(await reader.readexactly(length))
                if answer is not None:
                    writer.write(len(answer).to_bytes(2) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has what it wanted
        finally:
            writer.close()

    async def answer(self, question: bytes) -> bytes | None:
        """The answer to *question*, both as on the wire; None to stay silent."""
        try:
            query = dns.message.from_wire(question)
        except dns.exception.DNSException:
            return None
        slow = self._faults.strike(FaultKind.SLOW, OPERATION)
        if slow is not None:
            await self._clock.sleep(slow.seconds)
        if self._faults.strike(FaultKind.HANG, OPERATION):
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if self._faults.strike(FaultKind.ERROR, OPERATION):
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(query, response)
        wire = response.to_wire()
        return wire[: len(wire) // 2] if self._faults.strike(FaultKind.MALFORMED, OPERATION) else wire

    def _fill(self, query: dns.message.Message, response: dns.message.Message) -> None:
        response.flags |= dns.flags.AA
        for question in query.question:
            name = question.name.to_text().lower()
            kind = dns.rdatatype.to_text(question.rdtype)
            if name not in self._zone:
                response.set_rcode(dns.rcode.NXDOMAIN if name.endswith("sandbox.test.") else dns.rcode.REFUSED)
                return
            self._add(response, name, kind)

    def _add(self, response: dns.message.Message, name: str, kind: str) -> None:
        records = self._zone[name]
        if kind in records:
            response.answer.append(dns.rrset.from_text(name, _TTL, "IN", kind, *records[kind]))
        elif "CNAME" in records:
            response.answer.append(dns.rrset.from_text(name, _TTL, "IN", "CNAME", *records["CNAME"]))
            self._add(response, records["CNAME"][0], kind)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.received(data, addr)
