"""Makes one read call to a vendor's management API: the exchange that every customer's tooling begins with."""

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, Field

from probe.cloud import Cloud, VendorEntry
from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import WIRE_PHASES, Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.probes.checking import VENDOR_OUTCOMES
from probe.probes.fields import Shape
from probe.probes.kind import Complaint, Surroundings
from probe.probes.vendors import the_cloud


class ApiOptions(Shape):
    """What is called."""

    operation: str = Field(
        description="a read operation of the vendor's file; `probe vendors NAME` lists them", examples=["list"]
    )


class ApiProbe:
    """One named read operation of a vendor; of a list, its first page."""

    kind: ClassVar[str] = "api"
    phases: ClassVar[tuple[Phase, ...]] = (Phase.AUTH, *WIRE_PHASES)
    outcomes: ClassVar[frozenset[Outcome]] = VENDOR_OUTCOMES
    Options: ClassVar[type[BaseModel]] = ApiOptions
    Place: ClassVar[type[BaseModel] | None] = None
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.FULL

    def __init__(self, options: ApiOptions, cloud: Cloud) -> None:
        self._operation = options.operation
        self._cloud = cloud

    @classmethod
    def build(cls, options: ApiOptions, place: None, surroundings: Surroundings) -> Self:
        """Make the probe of one vendor."""
        del place  # the vendor is the place
        return cls(options, the_cloud(surroundings))

    @classmethod
    def complaints(cls, options: ApiOptions, vendor: VendorEntry | None) -> Sequence[Complaint]:
        """Whether the vendor's file knows the operation."""
        known = vendor.file.read_operations() if vendor is not None else (options.operation,)
        if options.operation in known:
            return ()
        return ((("operation",), f"there is no read operation `{options.operation}`", f"choose {', '.join(known)}"),)

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Call once. The phase auth is there only when a token had to be fetched.

        Raises:
            ProbeFailed: there was no answer, or one that complains.
        """
        del target  # the cloud knows its vendor and region
        await self._cloud.authenticate(watch)
        await self._cloud.read(self._operation, watch)
