"""The life of what we rent, as a table: a move that is not in it is a bug that gets counted, never ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class InstanceState(StrEnum):
    """What a vendor says of an instance, in our words.

    Attributes:
        PENDING: it is on its way.
        READY: it runs.
        FAILED: it will never run.
        DELETING: it is on its way out.
        GONE: the vendor still shows it, as something that is no more.
        UNKNOWN: the vendor says a word that its file does not know; taken for "not yet".
    """

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    DELETING = "deleting"
    GONE = "gone"
    UNKNOWN = "unknown"


class LeaseState(StrEnum):
    """Where a lease stands, as far as we know.

    Attributes:
        INTENDED: written down; the create call may or may not have left.
        ACTIVE: the vendor gave us an identifier.
        DELETING: we asked for its deletion.
        LEAKED: deletion was asked for, or the vendor lost the instance, and it or what came with it was not gone in
            time; the sweeper keeps trying.
        GONE: the vendor says it does not exist. Final.
        VOID: the vendor never created it. Final.
    """

    INTENDED = "intended"
    ACTIVE = "active"
    DELETING = "deleting"
    LEAKED = "leaked"
    GONE = "gone"
    VOID = "void"

    @property
    def settled(self) -> bool:
        """Whether nothing more can be owed."""
        return self in {LeaseState.GONE, LeaseState.VOID}


MOVES: Final[Mapping[LeaseState, frozenset[LeaseState]]] = {
    LeaseState.INTENDED: frozenset({LeaseState.ACTIVE, LeaseState.VOID, LeaseState.DELETING}),
    LeaseState.ACTIVE: frozenset({LeaseState.DELETING, LeaseState.LEAKED, LeaseState.GONE}),
    LeaseState.DELETING: frozenset({LeaseState.DELETING, LeaseState.LEAKED, LeaseState.GONE}),
    LeaseState.LEAKED: frozenset({LeaseState.DELETING, LeaseState.LEAKED, LeaseState.GONE}),
    LeaseState.GONE: frozenset(),
    LeaseState.VOID: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What we may have to pay for, written down before it exists.

    Attributes:
        key: our name for it, unique; also the instance's name at the vendor.
        vendor: name of the vendor entry.
        region: the vendor's region.
        probe: the probe that rents.
        run_id: the run that rents.
        owner: the process that rents, see `Store.owner` in `probe.store`; it is alive as long as the run may be.
        intended_at: when it was written down, seconds since 1970.
        expires_at: when it is past its lease and the sweeper takes it, seconds since 1970.
        state: where it stands.
        instance_id: the vendor's identifier, once known.
        handed_over: whether its run has ended without giving it back, so that the sweeper may take it.
        handed_over_at: when that was written down, seconds since 1970; how long an unanswered create is searched for
            counts from here.
        delete_requested_at: when deletion was first asked for, seconds since 1970.
        settled_at: when the vendor said it was gone, seconds since 1970.
        note: why it was handed over, for people.
        size: what was ordered, as the configuration calls it.
        currency: of its price; empty if that is not known.
        price: of an hour, in millionths of the currency; 0 if it is not known.
        rounds_up_to: seconds of which the vendor charges whole ones.
        cost: in millionths of the currency, estimated upwards: while it is open its whole lease, then what it took.
        account: what tells the account that it is rented from from others; empty if that is not known.
    """

    key: str
    vendor: str
    region: str
    probe: str
    run_id: str
    owner: str
    intended_at: float
    expires_at: float
    state: LeaseState = LeaseState.INTENDED
    instance_id: str = ""
    handed_over: bool = False
    handed_over_at: float | None = None
    delete_requested_at: float | None = None
    settled_at: float | None = None
    note: str = ""
    size: str = ""
    currency: str = ""
    price: int = 0
    rounds_up_to: float = 3600.0
    cost: int = 0
    account: str = ""

    def moved(self, state: LeaseState, **changes: object) -> "Lease":
        """This lease in another *state*.

        Raises:
            ValueError: the table of moves does not allow it.
        """
        if state not in MOVES[self.state]:
            raise ValueError(f"lease {self.key}: {self.state} cannot become {state}")
        return replace(self, state=state, **changes)  # type: ignore[arg-type]  # the fields' types are the caller's promise
