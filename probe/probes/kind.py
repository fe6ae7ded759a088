"""What a probe kind is: a plug-in that is one class in one module and one line among the entry points `probe.kinds`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from pydantic import BaseModel

from probe.model.clock import Clock
from probe.model.job import Detail
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target

if TYPE_CHECKING:  # a kind that needs none of it does without its import
    from probe.cloud import Cloud, VendorEntry
    from probe.rental import Renter
    from probe.wire import Wire

Complaint = tuple[tuple[str | int, ...], str, str]
"""Where in the options, what is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a probe is built into.

    Attributes:
        clock: time and sleep.
        wire: sockets, with timings.
        cloud: the vendor, for vendor probes.
        renter: rents from that vendor, for those that rent; None where there is no ledger, and then nothing is rented.
    """

    clock: Clock
    wire: "Wire"
    cloud: "Cloud | None" = None
    renter: "Renter | None" = None


class Kind(Protocol):
    """A probe (see `probe.model.job.Probe`) that can be configured.

    Attributes:
        kind: the word that the configuration chooses it by; the name of its entry point.
        phases: those that it can reach, in their order.
        outcomes: those that it can have, besides those that the runner adds.
        Options: what may stand under `options:`; frozen, refuses unknown keys, has an example for every default.
        Place: what may stand in an item of `targets:`, with an optional `name` and a `default_name`; None for a kind
            that probes vendors.
        renting: whether its runs cost money.
        detail: how many series it exposes unless the configuration says otherwise.
    """

    kind: ClassVar[str]
    phases: ClassVar[tuple[Phase, ...]]
    outcomes: ClassVar[frozenset[Outcome]]
    Options: ClassVar[type[BaseModel]]
    Place: ClassVar[type[BaseModel] | None]
    renting: ClassVar[bool]
    detail: ClassVar[Detail]

    @classmethod
    def build(cls, options: Any, place: Any, surroundings: Surroundings) -> Self:
        """Make the probe for one target; *options* and *place* are instances of this kind's models."""
        ...

    @classmethod
    def complaints(cls, options: Any, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """What only the options and the vendor together can tell to be wrong."""
        ...

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Measure *target* once.

        Raises:
            ProbeFailed: the target let the probe down.
            RunSkipped: a guard forbade the run before anything was measured.
        """
        ...
