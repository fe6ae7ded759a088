"""DNS messages: what we ask, and whether what came back answers it."""

from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

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
