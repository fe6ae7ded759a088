"""Listening sockets: bound before anything else starts, with a sentence where a traceback would be."""

import errno
import ipaddress
import os
import socket
from typing import Final

BACKLOG: Final = 1024
_MAX_PORT: Final = 65535


class ListenFailed(Exception):  # noqa: N818 - the operator's environment, not the program, is at fault
    """Raised when nothing can listen there; the message says why and what to do."""


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:9781`, `[::1]:9781` or `:9781` (all addresses).

    Raises:
        ValueError: the text is neither; the message says how it should look.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{text!r} is no address to listen on: write IPv6 addresses in brackets, such as [::1]:9781")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > _MAX_PORT:
        raise ValueError(f"{text!r} is no address to listen on: write HOST:PORT, such as 127.0.0.1:9781")
    return host or "0.0.0.0", int(port)  # noqa: S104 - an empty host was written to mean just that


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach *host*, an address or a name as `parse_listen` gives it."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, *, backlog: int = BACKLOG) -> socket.socket:
    """A socket that listens on *host* (a literal address or `localhost`) and *port* (0: a free one).

    Raises:
        ListenFailed: the port is taken, or not ours to take, or the address is not this machine's.
    """
    if host.lower().rstrip(".") == "localhost":
        host = "127.0.0.1"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    try:  # the protocol is named, because asyncio switches delays off only where it reads TCP
        sock = socket.socket(family, kind, socket.IPPROTO_TCP)
    except OSError as error:
        raise ListenFailed(_sentence(host, port, error)) from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        raise ListenFailed(_sentence(host, port, error)) from error
    return sock


def _sentence(host: str, port: int, error: OSError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"cannot listen on {where}: the port is taken; stop the program that has it or choose another port"
        case errno.EACCES | errno.EPERM:
            return f"cannot listen on {where}: not permitted; choose a port above 1023"
        case errno.EADDRNOTAVAIL:
            return f"cannot listen on {where}: this machine has no such address; choose one of its own, or 0.0.0.0"
        case errno.EMFILE | errno.ENFILE:
            return f"cannot listen on {where}: too many files are open; raise the limit (ulimit -n)"
        case code:
            return f"cannot listen on {where}: {os.strerror(code or 0).lower()}; write an address of this machine"
