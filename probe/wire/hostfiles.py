"""What this machine was told about names: /etc/hosts and /etc/resolv.conf, read again when they change."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Generic, TypeVar

from probe.model.outcome import Outcome
from probe.wire.faults import from_errno

DNS_PORT: Final = 53
_MAX_ATTEMPTS: Final = 5
_MAX_TIMEOUT: Final = 30.0
_MAX_NDOTS: Final = 15
_MAX_SERVERS: Final = 3

Server = tuple[str, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """What resolv.conf(5) can say and we honour.

    Attributes:
        servers: name servers in order of preference.
        search: domains that a short name is tried in.
        ndots: dots from which on a name is first tried as it is.
        timeout: seconds that a server has to answer.
        attempts: how often the list of servers is gone through.
        tcp: whether questions go over TCP at once (`options use-vc`).
    """

    servers: tuple[Server, ...] = (("127.0.0.1", DNS_PORT),)
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout: float = 5.0
    attempts: int = 2
    tcp: bool = False


def parse_resolv_conf(text: str) -> ResolverSettings:
    """What *text* says in the words of resolv.conf(5); lines and options that mean nothing to us are passed over."""
    servers: list[Server] = []
    search: tuple[str, ...] = ()
    options: dict[str, str] = {}
    for line in text.splitlines():
        words = line.split("#", 1)[0].split(";", 1)[0].split()
        match words:
            case ["nameserver", address, *_] if is_address(address):
                servers.append((address, DNS_PORT))
            case ["search" | "domain", *domains]:
                search = tuple(domain.rstrip(".") for domain in domains if domain.rstrip("."))
            case ["options", *given]:
                options.update((name, value) for name, _, value in (option.partition(":") for option in given))
            case _:
                pass
    default = ResolverSettings()
    return ResolverSettings(
        servers=tuple(servers[:_MAX_SERVERS]) or default.servers,
        search=search,
        ndots=int(_bounded(options.get("ndots"), 0, _MAX_NDOTS, default.ndots)),
        timeout=_bounded(options.get("timeout"), 1, _MAX_TIMEOUT, default.timeout),
        attempts=int(_bounded(options.get("attempts"), 1, _MAX_ATTEMPTS, default.attempts)),
        tcp="use-vc" in options,
    )


def _bounded(text: str | None, least: float, most: float, default: float) -> float:
    if text is None or not text.isascii() or not text.isdigit():
        return default
    return min(most, max(least, float(text[:9])))


def parse_hosts(text: str) -> Mapping[str, tuple[str, ...]]:
    """Addresses per name, in the order of the lines of *text* (hosts(5))."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.split("#", 1)[0].split() or [""]
        if not is_address(address):
            continue
        for name in names:
            key = name.lower().rstrip(".")
            found[key] = (*found.get(key, ()), address)
    return found


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Whether *text* is a literal IP address, with a zone or without; remembered, because every run asks it again."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class Watched(Generic[T]):
    """A small file and what it means, read again when it has changed."""

    def __init__(self, path: Path, parse: Callable[[str], T]) -> None:
        self._path = path
        self._parse = parse
        self._version: tuple[int, int, int] | None = None
        self._value = parse("")

    def get(self) -> T:
        """What the file says now; what an empty one would say if there is none, or we may not read it.

        Raises:
            ProbeFailed: there was nothing left to read it with (`overloaded`).
        """
        try:
            state = self._path.stat()
            version = (state.st_mtime_ns, state.st_size, state.st_ino)
            if version != self._version:
                self._value = self._parse(self._path.read_text("utf-8", "replace"))
                self._version = version
        except OSError as error:
            failed = from_errno(error.errno or 0, local=True)
            if failed.outcome is Outcome.OVERLOADED:
                raise failed from error
            self._version = None
            self._value = self._parse("")
        return self._value
