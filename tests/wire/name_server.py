"""A name server on loopback that answers from a table, in a thread, over UDP and TCP on one port."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from probe.wire import NameFiles

Records = dict[tuple[str, str], list[str]]
Spoil = Callable[[bytes], bytes | None]


class NameServer:
    """Answers for the names in its table; every other name does not exist.

    Attributes:
        asked: what it was asked, as (name, type, transport).
        truncate: whether it says over UDP that its answer did not fit.
        rcode: what it answers instead, if anything.
        spoil: what it does to an answer before it is sent; None for no answer.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.asked: list[tuple[str, str, str]] = []
        self.truncate = False
        self.rcode: int | None = None
        self.delay = 0.0
        self.spoil: Spoil = lambda wire: wire
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._over_udp, self._over_tcp)]
        for thread in self._threads:
            thread.start()

    def _answer(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(), question.to_text().split()[-1]
        self.asked.append((name, kind, transport))
        time.sleep(self.delay)
        answer = dns.message.make_response(query)
        if self.rcode is not None:
            answer.set_rcode(dns.rcode.Rcode(self.rcode))
        elif not any(known == name for known, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif self.truncate and transport == "udp":
            answer.flags |= dns.flags.TC
        else:
            self._fill(answer, name, kind)
        return self.spoil(answer.to_wire())

    def _fill(self, answer: dns.message.Message, name: str, kind: str) -> None:
        alias = self._records.get((name, "CNAME"))
        if alias:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", *alias))
            name = alias[0]
        for record in self._records.get((name, kind), []):
            # One set for each, because dnspython shuffles a set when it writes it.
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, record))

    def _over_udp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, sender = self._udp.recvfrom(4096)
                if not wire:
                    return
                answer = self._answer(wire, "udp")
                if answer is not None:
                    self._udp.sendto(answer, sender)

    def _over_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._tcp.accept()
                with sock, contextlib.suppress(OSError):
                    (length,) = struct.unpack("!H", sock.recv(2))
                    answer = self._answer(sock.recv(length), "tcp")
                    if answer is not None:
                        sock.sendall(struct.pack("!H", len(answer)) + answer)

    def close(self) -> None:
        """Stop."""
        with contextlib.suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join(2.0)
        self._tcp.close()
        self._udp.close()


@contextlib.contextmanager
def name_server(records: Records) -> Iterator[NameServer]:
    """A name server that knows *records*."""
    server = NameServer(records)
    try:
        yield server
    finally:
        server.close()


def name_files(folder: Path, port: int, *, resolv: str = "", hosts: str = "") -> NameFiles:
    """Name files in *folder* that send every question to *port* on loopback."""
    (folder / "resolv.conf").write_text(resolv or "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n", "utf-8")
    (folder / "hosts").write_text(hosts, "utf-8")
    return NameFiles(resolv_conf=folder / "resolv.conf", hosts=folder / "hosts", port=port)
