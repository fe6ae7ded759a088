from probe.sandbox.characters import Character
from probe.sandbox.control import UnknownToSandbox
from probe.sandbox.demo import demo_configuration
from probe.sandbox.faults import Fault, FaultKind, Weather
from probe.sandbox.instances import Instance
from probe.sandbox.places import Casting, Places
from probe.sandbox.process import SandboxFailed, SandboxProcess
from probe.sandbox.reading import SandboxDataRefused
from probe.sandbox.sandbox import Sandbox

__all__ = [
    "Casting",
    "Character",
    "Fault",
    "FaultKind",
    "Instance",
    "Places",
    "Sandbox",
    "SandboxDataRefused",
    "SandboxFailed",
    "SandboxProcess",
    "UnknownToSandbox",
    "Weather",
    "demo_configuration",
]
