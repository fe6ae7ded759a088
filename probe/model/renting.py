"""How a vendor entry that is rented from stands, for people: nothing of it is a label."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from probe.model.instance import Lease
from probe.model.refusal import Cause


class Stop(Protocol):
    """One reason why nothing is rented from a vendor entry, or why only one order may try."""

    @property
    def cause(self) -> Cause:
        """As a closed word."""
        ...

    @property
    def detail(self) -> str:
        """For people, as `probe instances` says it."""
        ...

    @property
    def forbids(self) -> bool:
        """Whether nobody may order; else the next order may try."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the ledger said of a vendor entry when it was last asked.

    Attributes:
        leases: those that are open.
        stops: what stops orders at a time, seconds since 1970, if nothing else happens until then.
    """

    leases: Sequence[Lease]
    stops: Callable[[float], Sequence[Stop]]
