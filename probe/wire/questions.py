"""DNS messages: what we ask, and whether what came back answers it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probe.model.outcome import Outcome, ProbeFailed

PAYLOAD: Final = 1232
"""Bytes of UDP answer that we say we take (DNS flag day 2020: what no network fragments)."""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What a name server said.

    Attributes:
        rcode: its verdict (`NOERROR`, `NXDOMAIN`, ...).
        answers: the records of the type that was asked for, as text, in the order they came.
    """

    rcode: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Just what a name server is asked, and how.

    Attributes:
        name: taken as a full one.
        record_type: such as `A`.
        record_class: such as `IN`.
        recursive: whether the server is to ask others.
        tcp: whether it is asked over TCP.
        server_name: the name that its certificate must be for, if it is asked over TLS; None: it is not.
    """

    name: str
    record_type: str = "ANY"
    record_class: str = "IN"
    recursive: bool = True
    tcp: bool = False
    server_name: str | None = None

    def message(self) -> dns.message.QueryMessage:
        """The query, without EDNS.

        Raises:
            ProbeFailed: there can be no such name, type or class.
        """
        try:
            full = dns.name.from_text(self.name, origin=dns.name.root)
            flags = dns.flags.RD if self.recursive else dns.flags.Flag(0)
            return dns.message.make_query(full, self.record_type, self.record_class, use_edns=False, flags=flags)
        except (dns.exception.DNSException, ValueError) as error:
            raise ProbeFailed(Outcome.INVALID, f"{self.name!r} cannot be asked for: {error}") from error


@dataclass(frozen=True, slots=True)
class Reply:
    """All that a name server said. Records are lines of a zone file, their first four fields parted by tabs.

    Attributes:
        rcode: its verdict (`NOERROR`, `NXDOMAIN`, ...).
        answer: the records of the answer.
        authority: the records that say who knows.
        additional: the records that came beside, the pseudo-record of EDNS among them.
        serials: the serial numbers of the zones in the answer.
    """

    rcode: str
    answer: tuple[str, ...]
    authority: tuple[str, ...]
    additional: tuple[str, ...]
    serials: tuple[int, ...]


RCODES: Final = frozenset(dns.rcode.Rcode.__members__)
"""The verdicts that there are, by name."""


def known_type(word: str) -> bool:
    """Whether *word* is a type of records."""
    return word in dns.rdatatype.RdataType.__members__


def known_class(word: str) -> bool:
    """Whether *word* is a class of records."""
    return word in dns.rdataclass.RdataClass.__members__


def read_reply(message: dns.message.Message) -> Reply:
    """What *message* says."""
    edns = () if message.opt is None else tuple(_lines([message.opt]))
    return Reply(
        dns.rcode.to_text(message.rcode()),
        tuple(_lines(message.answer)),
        tuple(_lines(message.authority)),
        (*_lines(message.additional), *edns),
        tuple(record.serial for records in message.answer if records.rdtype == dns.rdatatype.SOA for record in records),
    )


def _lines(section: Iterable[dns.rrset.RRset]) -> Iterator[str]:
    for records in section:
        kind = dns.rdatatype.to_text(records.rdtype)
        for record in records:
            where = f"{records.name}\t{records.ttl}\t{dns.rdataclass.to_text(records.rdclass)}"
            yield f"{where}\t{kind}\t{record.to_text()}"


def question(name: str, record_type: str) -> dns.message.QueryMessage:
    """A query for *name*, taken as a full one.

    Raises:
        ProbeFailed: there can be no such name, or no such type.
    """
    try:
        full = dns.name.from_text(name, origin=dns.name.root)
        kind = dns.rdatatype.from_text(record_type)
        return dns.message.make_query(full, kind, use_edns=0, payload=PAYLOAD)
    except (dns.exception.DNSException, ValueError) as error:
        raise ProbeFailed(Outcome.INVALID, f"{name!r} {record_type} cannot be asked for: {error}") from error


def reply(query: dns.message.Message, wire: bytes) -> dns.message.Message | None:
    """What *wire* says if it answers *query*; None if it is something else and the answer may still come.

    Raises:
        dns.exception.DNSException: it claims to be the answer and cannot be read.
        ProbeFailed: the same, where the parser trips over it in a way of its own.
    """
    if len(wire) < 12 or int.from_bytes(wire[:2]) != query.id:  # noqa: PLR2004 - the length of a header (RFC 1035)
        return None
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
    except (ValueError, IndexError, KeyError, NotImplementedError) as error:  # what a parser may trip over
        raise ProbeFailed(Outcome.VENDOR_ERROR, f"the answer is not DNS: {error}") from error
    return message if query.is_response(message) else None


def truncated(message: dns.message.Message) -> bool:
    """Whether the server said that not all of its answer fitted."""
    return bool(message.flags & dns.flags.TC)


def read_answer(query: dns.message.Message, message: dns.message.Message) -> DnsAnswer:
    """The records in *message* that *query* asked for."""
    kind = query.question[0].rdtype
    wanted = [
        record.to_text()
        for records in message.answer
        if kind in {records.rdtype, dns.rdatatype.ANY}
        for record in records
    ]
    return DnsAnswer(dns.rcode.to_text(message.rcode()), tuple(wanted))
