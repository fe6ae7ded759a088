from probe.wire.clocks import RealClock
from probe.wire.front import Break, FaultyFront, Misconduct
from probe.wire.http1 import USER_AGENT
from probe.wire.kernel import kernel_clock_available
from probe.wire.listening import ListenFailed, is_loopback, listen, parse_listen
from probe.wire.questions import DnsAnswer
from probe.wire.resolver import NameFiles
from probe.wire.route import Family, ProxyRefused, Route, Trust
from probe.wire.serving import Handler, ServedConnection, ServerTls, Serving, serve, server_context
from probe.wire.wire import Peer, Wire

__all__ = [
    "USER_AGENT",
    "Break",
    "DnsAnswer",
    "Family",
    "FaultyFront",
    "Handler",
    "ListenFailed",
    "Misconduct",
    "NameFiles",
    "Peer",
    "ProxyRefused",
    "RealClock",
    "Route",
    "ServedConnection",
    "ServerTls",
    "Serving",
    "Trust",
    "Wire",
    "is_loopback",
    "kernel_clock_available",
    "listen",
    "parse_listen",
    "serve",
    "server_context",
]
