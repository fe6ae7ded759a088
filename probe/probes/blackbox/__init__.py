from probe.probes.blackbox.findings import HELP, Findings, Sample
from probe.probes.blackbox.modules import SECTIONS, DnsModule, HttpModule, Module, Prober, TcpModule
from probe.probes.blackbox.probing import Blackbox, ModuleUnfit
from probe.probes.blackbox.refused import IGNORED, REFUSED, REFUSED_PROBERS, REFUSED_VALUES, Refusal
from probe.probes.blackbox.telling import effective

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
    "ModuleUnfit",
    "Prober",
    "Refusal",
    "Sample",
    "TcpModule",
    "effective",
]
