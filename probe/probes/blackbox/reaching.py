"""Which address of a target is probed: the first of the preferred family, else, where that is allowed, of the other."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.modules import Reached
from probe.wire import Family, Route, Wire

_FAMILIES: Final = {"ip4": (Family.IPV4, Family.IPV6), "ip6": (Family.IPV6, Family.IPV4)}
_OFFSET: Final = 0x811C9DC5
_PRIME: Final = 0x01000193
_NO_ADDRESS: Final = frozenset({Outcome.UNRESOLVED, Outcome.INVALID})


async def choose_address(
    host: str, reached: Reached, findings: Findings, wire: Wire, route: Route, watch: Stopwatch
) -> str:
    """The address of *host* to probe; tells it, and how long finding it took.

    Raises:
        ProbeFailed: it has none.
    """
    first, other = _FAMILIES[reached.preferred_ip_protocol]
    for name in ("probe_ip_protocol", "probe_ip_addr_hash", "probe_dns_lookup_time_seconds"):
        findings.set(name, 0.0)
    findings.log("Resolving target address", target=host, ip_protocol=reached.preferred_ip_protocol)
    try:
        address = await _locate(host, first, wire, route, watch)
    except ProbeFailed as failure:
        last = not reached.ip_protocol_fallback or failure.outcome not in _NO_ADDRESS
        level = "error" if last else "info"
        findings.log("Resolution with IP protocol failed", level, target=host, err=failure.detail)
        if last:
            raise
        address = await _locate(host, other, wire, route, watch)
    finally:
        findings.set("probe_dns_lookup_time_seconds", watch.phases.get(Phase.RESOLVE, 0.0))
    findings.log("Resolved target address", target=host, ip=address)
    findings.set("probe_ip_protocol", 6.0 if ":" in address else 4.0)
    findings.set("probe_ip_addr_hash", float(address_hash(address)))
    return address


async def _locate(host: str, family: Family, wire: Wire, route: Route, watch: Stopwatch) -> str:
    """The address of *host*; the time of asking in vain counts as well."""
    started = watch.elapsed()
    try:
        return await wire.locate(host, watch, replace(route, family=family))
    finally:
        if watch.where is Phase.RESOLVE and Phase.RESOLVE not in watch.phases:
            watch.add(Phase.RESOLVE, watch.elapsed() - started)


def address_hash(address: str) -> int:
    """FNV-1a, 32 bits, of the bytes of *address*, as the peer has it."""
    value = _OFFSET
    for byte in ip_address(address.partition("%")[0]).packed:
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value
