"""Names to one address, by our own questions: getaddrinfo blocks a thread, hides its time, and under uvloop queues.

Which address is taken, and what has no `resolve` phase: docs/decisions/0001-choice-of-address.md.
"""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import dns.message
import dns.rcode

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact
from probe.wire.hostfiles import ResolverSettings, Watched, is_address, parse_hosts, parse_resolv_conf
from probe.wire.nameserver import consult
from probe.wire.questions import question, truncated
from probe.wire.route import Family
from probe.wire.timing import Timing

_TYPES: Final[Mapping[Family, tuple[str, ...]]] = {
    Family.ANY: ("A", "AAAA"),
    Family.IPV4: ("A",),
    Family.IPV6: ("AAAA",),
}
_LOOPBACK: Final = ("127.0.0.1", "::1")
_DECIDED: Final = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


@dataclass(frozen=True, slots=True)
class NameFiles:
    """Where this machine says how names are resolved.

    Attributes:
        resolv_conf: name servers and how to ask them.
        hosts: names that need no asking.
        port: the port that name servers listen on, for those that are not on 53.
    """

    resolv_conf: Path = Path("/etc/resolv.conf")
    hosts: Path = Path("/etc/hosts")
    port: int | None = None


class Resolver:
    """Finds the one address of a name that an attempt uses. Remembers nothing: every attempt asks anew."""

    def __init__(self, files: NameFiles) -> None:
        self._settings = Watched(files.resolv_conf, parse_resolv_conf)
        self._hosts = Watched(files.hosts, parse_hosts)
        self._port = files.port

    def settings(self) -> ResolverSettings:
        """What resolv.conf says now."""
        settings = self._settings.get()
        if self._port is None:
            return settings
        return replace(settings, servers=tuple((address, self._port) for address, _ in settings.servers))

    async def resolve(self, host: str, family: Family, timing: Timing) -> str:
        """The first address of *host* in *family*, as the phase `resolve` if anybody had to be asked.

        Raises:
            ProbeFailed: the name has no such address, or no name server said so (`unresolved`); a literal address is
                of another family (`invalid`).
        """
        address = self.at_hand(host, family, timing)
        if address is None:
            timing.enter(Phase.RESOLVE)
            started = timing.now()
            address, theirs = await self._ask(host, family, timing)
            timing.add(Phase.RESOLVE, theirs if timing.sharp else timing.now() - started)
            timing.watch.facts[Fact.IP_PROTOCOL] = 6 if ":" in address else 4
        return address

    def at_hand(self, host: str, family: Family, timing: Timing) -> str | None:
        """The same if nobody has to be asked; None if somebody has.

        Raises:
            ProbeFailed: as above.
        """
        known = (host,) if is_address(host) else self._known(host.lower().rstrip("."))
        if known is None:
            return None
        address = _first_of(known, family)
        if address is None:
            raise _no_address(host, family, local=is_address(host))
        timing.watch.facts[Fact.IP_PROTOCOL] = 6 if ":" in address else 4
        return _zone_by_number(address) if "%" in address else address

    def _known(self, name: str) -> tuple[str, ...] | None:
        if is_address(name):
            return (name,)
        in_file = self._hosts.get().get(name)
        if in_file:
            return in_file
        # RFC 6761, 6.3: these never leave the machine, whatever its files say.
        return _LOOPBACK if name == "localhost" or name.endswith(".localhost") else None

    async def _ask(self, host: str, family: Family, timing: Timing) -> tuple[str, float]:
        """The address, and the seconds that the name servers took: what we did in between is not theirs."""
        settings = self.settings()
        theirs = 0.0
        for name in _candidates(host, settings):
            for record_type in _TYPES[family]:
                addresses, took, exists = await self._lookup(name, record_type, settings, timing)
                theirs += took
                if addresses:
                    return addresses[0], theirs
                if not exists:
                    break
        raise _no_address(host, family)

    async def _lookup(
        self, name: str, record_type: str, settings: ResolverSettings, timing: Timing
    ) -> tuple[list[str], float, bool]:
        """Addresses of *name*, the seconds that the answer took, and whether there is such a name."""
        query = question(name, record_type)
        message, took = await self._consult_all(query, settings, timing)
        kind = query.question[0].rdtype
        found = [record.to_text() for records in message.answer if records.rdtype == kind for record in records]
        return found, took, message.rcode() == dns.rcode.NOERROR

    async def _consult_all(
        self, query: dns.message.Message, settings: ResolverSettings, timing: Timing
    ) -> tuple[dns.message.Message, float]:
        why = "no name server answered"
        ours = True
        for turn in range(settings.attempts * len(settings.servers)):
            if turn:
                timing.blunt()  # how long we waited for the one before was the loop's to say
            server = settings.servers[turn % len(settings.servers)]
            try:
                heard = await self._consult(server, query, settings, timing)
            except ProbeFailed as failure:
                if failure.outcome is Outcome.OVERLOADED:
                    raise
                why = f"name server {server[0]}: {failure.detail}"
                ours = ours and failure.outcome is Outcome.NETWORK
                continue
            ours = False
            if heard is None:
                continue
            if heard[0].rcode() in _DECIDED:
                return heard
            why = f"name server {server[0]} answered {dns.rcode.to_text(heard[0].rcode())}"
        raise ProbeFailed(Outcome.NETWORK if ours else Outcome.UNRESOLVED, f"{query.question[0].name}: {why}")

    async def _consult(
        self, server: tuple[str, int], query: dns.message.Message, settings: ResolverSettings, timing: Timing
    ) -> tuple[dns.message.Message, float] | None:
        heard = await consult(server, query, timing, tcp=settings.tcp, within=settings.timeout)
        if heard is None or not truncated(heard[0]) or settings.tcp:
            return heard
        whole = await consult(server, query, timing, tcp=True, within=settings.timeout)
        return None if whole is None else (whole[0], heard[1] + whole[1])


def _candidates(host: str, settings: ResolverSettings) -> Iterator[str]:
    """The full names that *host* may stand for, in the order of resolv.conf(5)."""
    if host.endswith("."):
        yield host
        return
    as_it_is = host.count(".") >= settings.ndots
    if as_it_is:
        yield host
    for domain in settings.search:
        yield f"{host}.{domain}"
    if not as_it_is:
        yield host


def _first_of(addresses: tuple[str, ...], family: Family) -> str | None:
    for record_type in _TYPES[family]:
        for address in addresses:
            if (":" in address) == (record_type == "AAAA"):
                return address
    return None


def _zone_by_number(address: str) -> str:
    """*address* with the number of its zone: of a zone by its name the system makes a question to name servers."""
    bare, _, zone = address.partition("%")
    if zone.startswith("25") and not zone.isdecimal():
        zone = zone[2:]  # a URL writes %25 (RFC 6874)
    try:
        return f"{bare}%{int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)}"
    except OSError as error:
        raise ProbeFailed(Outcome.INVALID, f"{address}: there is no network interface {zone} here") from error


def _no_address(host: str, family: Family, *, local: bool = False) -> ProbeFailed:
    kind = "" if family is Family.ANY else f" {family}"
    return ProbeFailed(Outcome.INVALID if local else Outcome.UNRESOLVED, f"{host} has no{kind} address")
