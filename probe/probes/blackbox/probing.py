"""Probes a target by a module, within a time, and says what was found: the whole of blackbox_exporter's `/probe`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from probe.model.clock import Clock
from probe.model.outcome import ProbeFailed
from probe.probes.blackbox.dns import DnsProbing
from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.http import HttpProbing
from probe.probes.blackbox.icmp import IcmpProbing
from probe.probes.blackbox.modules import Module, Prober
from probe.probes.blackbox.tcp import TcpProbing
from probe.probes.blackbox.telling import effective
from probe.wire import Wire

DEFAULT_MODULE: Final = "http_2xx"
DEFAULT_TIMEOUT: Final = 120.0
"""Seconds that a probe has where neither the scraper nor the module says."""
OFFSET: Final = 0.5
"""Seconds before the scraper's patience ends at which an answer leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackbox:
    """What `/probe` may do.

    Attributes:
        modules: by name.
        zeros: whether phases that were not reached are told as 0, as the peer does.
        offset: seconds before the scraper's patience ends at which an answer leaves.
    """

    modules: Mapping[str, Module]
    zeros: bool = False
    offset: float = OFFSET

    def refusal(self, name: str, hostname: str = "") -> str | None:
        """Why nothing can be probed by the module *name* with the host name *hostname*; None if it can."""
        module = self.modules.get(name or DEFAULT_MODULE)
        if module is None:
            return f'Unknown module "{name or DEFAULT_MODULE}"'
        given = [value for key, value in module.http.headers.items() if key.lower() == "host"]
        if module.prober is Prober.HTTP and hostname and given and given[0] != hostname:
            both = f"in module configuration ({given[0]}) and with URL-parameter 'hostname' ({hostname})"
            return f"host header defined both {both}"
        return None

    def module(self, name: str) -> Module:
        """The module *name*, which is there; the default one for an empty name."""
        return self.modules[name or DEFAULT_MODULE]

    def effective(self, name: str) -> str:
        """The module *name* as it takes effect, as YAML, without its secrets."""
        return effective(self.module(name))

    def timeout(self, name: str, patience: float) -> float:
        """The seconds that a probe by the module *name* has when the scraper has *patience* (0: it does not say)."""
        module = self.module(name)
        most = (patience or DEFAULT_TIMEOUT) - self.offset
        return module.timeout if 0 < module.timeout < most or most < 0 else most

    async def probe(
        self, name: str, target: str, seconds: float, wire: Wire, clock: Clock, *, hostname: str = ""
    ) -> Findings:
        """Probe *target* by the module *name* within *seconds*. Never raises for what the target does."""
        module = self.module(name)
        findings = Findings(clock, {"module": name or DEFAULT_MODULE, "target": without_user(target)})
        findings.log("Beginning probe", probe=module.prober, timeout_seconds=seconds)
        probing = _probing(module, wire, findings, hostname)
        started = clock.now()
        success = False
        try:
            async with asyncio.timeout(seconds):
                success = await probing.run(target)
        except TimeoutError:
            findings.log("The time was up", "error")
        except ProbeFailed as failure:
            findings.log(failure.detail, "error", outcome=failure.outcome)
        took = clock.now() - started
        probing.tell(zeros=self.zeros)
        findings.set("probe_duration_seconds", took)
        findings.set("probe_success", float(success))
        findings.log("Probe succeeded" if success else "Probe failed", "info" if success else "error", seconds=took)
        return findings


Probing = HttpProbing | TcpProbing | DnsProbing | IcmpProbing


def _probing(module: Module, wire: Wire, findings: Findings, hostname: str) -> Probing:
    if module.prober is Prober.HTTP:
        return HttpProbing(module.http, wire, findings, hostname)
    if module.prober is Prober.TCP:
        return TcpProbing(module.tcp, wire, findings, hostname)
    if module.prober is Prober.ICMP:
        return IcmpProbing(module.icmp, wire, findings)
    return DnsProbing(module.dns, wire, findings)


def without_user(target: str) -> str:
    """*target* without the user and the password that a URL may hold."""
    parts = urlsplit(target)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else target
