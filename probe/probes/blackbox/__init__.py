from probe.probes.blackbox.findings import HELP, Findings, Sample
from probe.probes.blackbox.modules import SECTIONS, DnsModule, HttpModule, Module, Prober, TcpModule
from probe.probes.blackbox.probing import Blackbox
from probe.probes.blackbox.refused import IGNORED, REFUSED, REFUSED_PROBERS, REFUSED_VALUES, Refusal

__all__ = [
    "HELP",
    "IGNORED",
    "REFUSED",
    "REFUSED_PROBERS",
    "REFUSED_VALUES",
    "SECTIONS",
    "Blackbox",
    "DnsModule",
    "Findings",
    "HttpModule",
    "Module",
    "Prober",
    "Refusal",
    "Sample",
    "TcpModule",
]
