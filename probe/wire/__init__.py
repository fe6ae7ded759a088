from typing import TYPE_CHECKING

from probe.model.doors import door

if TYPE_CHECKING:
    from probe.wire.answers import Fetched
    from probe.wire.certificates import Certificate, Identity
    from probe.wire.clocks import RealClock
    from probe.wire.dialogue import Dialogue
    from probe.wire.echo import EchoRequest
    from probe.wire.front import Break, FaultyFront, Misconduct
    from probe.wire.heard import SERVER_NAME, Heard, Session
    from probe.wire.hostfiles import is_address
    from probe.wire.http1 import USER_AGENT
    from probe.wire.kernel import kernel_clock_available
    from probe.wire.listening import ListenFailed, is_loopback, listen, parse_listen
    from probe.wire.questions import RCODES, DnsAnswer, Question, Reply, known_class, known_type
    from probe.wire.resolver import NameFiles
    from probe.wire.route import TLS_VERSIONS, Family, ProxyRefused, Route, Trust
    from probe.wire.serving import Handler, ServedConnection, ServerTls, Serving, serve, server_context
    from probe.wire.transport import Prepared
    from probe.wire.wire import Peer, Wire

__all__ = [
    "RCODES",
    "SERVER_NAME",
    "TLS_VERSIONS",
    "USER_AGENT",
    "Break",
    "Certificate",
    "Dialogue",
    "DnsAnswer",
    "EchoRequest",
    "Family",
    "FaultyFront",
    "Fetched",
    "Handler",
    "Heard",
    "Identity",
    "ListenFailed",
    "Misconduct",
    "NameFiles",
    "Peer",
    "Prepared",
    "ProxyRefused",
    "Question",
    "RealClock",
    "Reply",
    "Route",
    "ServedConnection",
    "ServerTls",
    "Serving",
    "Session",
    "Trust",
    "Wire",
    "is_address",
    "is_loopback",
    "kernel_clock_available",
    "known_class",
    "known_type",
    "listen",
    "parse_listen",
    "serve",
    "server_context",
]

_HOMES = {
    "answers": ("Fetched",),
    "certificates": ("Certificate", "Identity"),
    "clocks": ("RealClock",),
    "dialogue": ("Dialogue",),
    "echo": ("EchoRequest",),
    "front": ("Break", "FaultyFront", "Misconduct"),
    "heard": ("SERVER_NAME", "Heard", "Session"),
    "hostfiles": ("is_address",),
    "http1": ("USER_AGENT",),
    "kernel": ("kernel_clock_available",),
    "listening": ("ListenFailed", "is_loopback", "listen", "parse_listen"),
    "questions": ("RCODES", "DnsAnswer", "Question", "Reply", "known_class", "known_type"),
    "resolver": ("NameFiles",),
    "route": ("TLS_VERSIONS", "Family", "ProxyRefused", "Route", "Trust"),
    "serving": ("Handler", "ServedConnection", "ServerTls", "Serving", "serve", "server_context"),
    "transport": ("Prepared",),
    "wire": ("Peer", "Wire"),
}
__getattr__ = door(__name__, _HOMES)
