from probe.sandbox.characters import Character, Spread
from probe.sandbox.control import Control, UnknownToSandbox
from probe.sandbox.demo import demo_configuration
from probe.sandbox.faults import Fault, FaultKind, Weather
from probe.sandbox.instances import Instance, Truth
from probe.sandbox.places import DEMO, Casting, Places, VendorPlace
from probe.sandbox.process import SandboxFailed, SandboxProcess
from probe.sandbox.reading import SandboxDataRefused
from probe.sandbox.sandbox import Sandbox

__all__ = [
    "DEMO",
    "Casting",
    "Character",
    "Control",
    "Fault",
    "FaultKind",
    "Instance",
    "Places",
    "Sandbox",
    "SandboxDataRefused",
    "SandboxFailed",
    "SandboxProcess",
    "Spread",
    "Truth",
    "UnknownToSandbox",
    "VendorPlace",
    "Weather",
    "demo_configuration",
]
