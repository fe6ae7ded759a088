"""The hand on the sandbox: faults on demand, bystanders, and the truth, for tests and (by `control_api`) for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from probe.sandbox.faults import ANY, Fault, Faults
from probe.sandbox.instances import Instance, Truth, truth
from probe.sandbox.vendor import Logged, PretendVendor

TARGETS: Final = "targets"
"""What the sandbox's own servers are called where a fault names a vendor."""
_LONGEST: Final = 10
"""Digits of a fault's number."""


class UnknownToSandbox(LookupError):  # noqa: N818 - it says what was unknown
    """Raised when a vendor, an instance or a fault is named that the sandbox does not have; `str()` is a sentence."""


class Control:
    """What can be done to a sandbox from outside of its vendors' APIs."""

    def __init__(self, vendors: Mapping[str, PretendVendor], targets: Faults) -> None:
        self._vendors = vendors
        self._faults: dict[str, Faults] = {name: vendor.faults for name, vendor in vendors.items()}
        self._faults[TARGETS] = targets

    def inject(self, fault: Fault) -> list[str]:
        """Let *fault* strike from now on; its handles, one for each vendor that it strikes.

        Raises:
            UnknownToSandbox: there is no such vendor.
        """
        names = list(self._vendors) if fault.vendor == ANY else [fault.vendor]
        return [f"{name}/{self._of(name).inject(fault)}" for name in names]

    def withdraw(self, handle: str) -> None:
        """End the fault with that handle.

        Raises:
            UnknownToSandbox: there is no such vendor.
        """
        name, _, number = handle.rpartition("/")
        self._of(name).withdraw(int(number) if number.isdecimal() and len(number) < _LONGEST else 0)

    def clear(self, vendor: str = ANY) -> None:
        """End every fault, those of a character included.

        Raises:
            UnknownToSandbox: there is no such vendor.
        """
        for name in list(self._faults) if vendor == ANY else [vendor]:
            self._of(name).withdraw()

    def _of(self, name: str) -> Faults:
        if name not in self._faults:
            raise UnknownToSandbox(f"there is no vendor {name} here; there are {', '.join(self._faults)}")
        return self._faults[name]

    def vendor(self, name: str) -> PretendVendor:
        """The pretend vendor of that name.

        Raises:
            UnknownToSandbox: there is none.
        """
        if name not in self._vendors:
            raise UnknownToSandbox(f"there is no vendor {name} here; there are {', '.join(self._vendors)}")
        return self._vendors[name]

    def instances(self, vendor: str) -> list[Instance]:
        """What the customer has there now, whatever its lists show; somebody else's included."""
        return self.vendor(vendor).instances.alive()

    def add_bystander(self, vendor: str, name: str, marks: Mapping[str, str]) -> str:
        """Put an instance there that nobody ordered; its id."""
        return self.vendor(vendor).add_bystander(name, marks).instance_id

    def truth(self, instance_id: str) -> Truth:
        """When things happened to the instance with that id.

        Raises:
            UnknownToSandbox: there was none.
        """
        for vendor in self._vendors.values():
            instance = vendor.instances.known(instance_id)
            if instance is not None:
                return truth(instance)
        raise UnknownToSandbox(f"no vendor here has had an instance {instance_id}")

    def requests(self, vendor: str) -> Sequence[Logged]:
        """The newest requests to *vendor*, oldest first."""
        return tuple(self.vendor(vendor).log)

    def state(self) -> dict[str, object]:
        """Everything that there is to see, as plain data."""
        vendors = {name: _portrait(vendor) for name, vendor in self._vendors.items()}
        return {"vendors": vendors, TARGETS: {"faults": _working(TARGETS, self._faults[TARGETS])}}


def _portrait(vendor: PretendVendor) -> dict[str, object]:
    now = vendor.clock.now()
    return {
        "plays": vendor.imitation.title,
        "character": vendor.character.name,
        "says": vendor.character.says,
        "weather": vendor.weather(),
        "requests": vendor.served,
        "faults": _working(vendor.name, vendor.faults),
        "instances": [
            {
                "id": instance.instance_id,
                "name": instance.name,
                "state": instance.state(now),
                "address": instance.address,
                "marks": dict(instance.marks),
                "age_seconds": round(now - instance.accepted, 3),
            }
            for instance in vendor.instances.alive()
        ],
    }


def _working(name: str, faults: Faults) -> list[dict[str, object]]:
    return [
        {"handle": f"{name}/{active.number}", "struck": active.struck, **asdict(active.fault)}
        for active in faults.active()
    ]
