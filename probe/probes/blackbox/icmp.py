"""The prober icmp: one echo request, and how many routers its reply may still have passed."""

from typing import Final

from probe.model.outcome import ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.modules import IcmpModule
from probe.probes.blackbox.reaching import choose_address
from probe.wire import EchoRequest, Route, Wire

PHASES: Final = {"resolve": Phase.RESOLVE, "setup": Phase.SEND, "rtt": Phase.WAIT}
_METRIC: Final = "probe_icmp_duration_seconds"


class IcmpProbing:
    """One probe by the prober icmp; `run` may be cut at any time, and `tell` tells how far it came."""

    def __init__(self, module: IcmpModule, wire: Wire, findings: Findings) -> None:
        self._module = module
        self._wire = wire
        self._findings = findings
        self._route = Route()
        self._watch = Stopwatch(findings.clock)

    async def run(self, target: str) -> bool:
        """Probe *target*, a host name or an address; True when its reply is there.

        Raises:
            ProbeFailed: there is none, or we may not ask.
        """
        module, findings = self._module, self._findings
        address = await choose_address(target, module, findings, self._wire, self._route, self._watch)
        request = EchoRequest(module.payload_size, module.ttl or None, module.dont_fragment)
        findings.log("Sending an echo request", target=address, bytes=module.payload_size)
        try:
            hops = await self._wire.echo(address, self._watch, self._route, request)
        except ProbeFailed as failure:
            findings.log("No reply", "error", err=failure.detail)
            raise
        findings.log("Found matching reply")
        if hops is not None:
            findings.set("probe_icmp_reply_hop_limit", float(hops))
        return True

    def tell(self, *, zeros: bool) -> None:
        """Tell how long the phases took; *zeros*: also of those that were not reached."""
        if zeros:
            self._findings.start(_METRIC, *PHASES)
        for word, phase in PHASES.items():
            if phase in self._watch.phases:
                self._findings.add(_METRIC, self._watch.phases[phase], phase=word)
