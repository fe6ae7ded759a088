"""The steps that a lease takes, each a pure function that the ledger runs on the record as it then stands."""

from collections.abc import Callable
from dataclasses import replace

from probe.model.instance import Lease, LeaseState
from probe.model.money import charge
from probe.store import Step


def became_active(instance_id: str) -> Step:
    """The vendor answered the create with *instance_id*."""

    def step(lease: Lease) -> Lease:
        if lease.state is LeaseState.ACTIVE and lease.instance_id == instance_id:
            return lease  # written before, though the database could not say so
        return lease.moved(LeaseState.ACTIVE, instance_id=instance_id)

    return step


def never_created(now: float, note: str) -> Step:
    """The vendor never made it; *now* in seconds since 1970."""

    def step(lease: Lease) -> Lease:
        if lease.state is LeaseState.VOID:
            return lease
        return lease.moved(LeaseState.VOID, settled_at=now, note=note, cost=0)

    return step


def deletion_asked(instance_id: str, now: float) -> Step:
    """Its deletion is about to be asked for, perhaps again."""

    def step(lease: Lease) -> Lease:
        since = now if lease.delete_requested_at is None else lease.delete_requested_at
        return lease.moved(LeaseState.DELETING, instance_id=instance_id, delete_requested_at=since)

    return step


def gone(now: float) -> Step:
    """The vendor says that it does not exist; it cost what it took, not its whole lease."""
    return unless_settled(lambda lease: lease.moved(LeaseState.GONE, settled_at=now, cost=_took(lease, now)))


def leaked(now: float, note: str, instance_id: str = "") -> Step:
    """Its deletion was asked for and it, or what came with it, is still there: the sweeper keeps trying.

    With its *instance_id* also where the vendor lost the instance before anybody had asked.
    """

    def step(lease: Lease) -> Lease:
        taken = handed_over(now, note)(lease)
        if instance_id and taken.state is LeaseState.ACTIVE:
            taken = deletion_asked(instance_id, now)(taken)
        return taken.moved(LeaseState.LEAKED, note=note)  # what the vendor said says more than why it was handed over

    return unless_settled(step)


def handed_over(now: float, note: str) -> Step:
    """Its run has ended without giving it back; the first time counts."""

    def step(lease: Lease) -> Lease:
        if lease.handed_over:
            return lease
        return replace(lease, handed_over=True, handed_over_at=now, note=note)

    return unless_settled(step)


def taken_by_the_sweeper(instance_id: str, now: float, note: str) -> Step:
    """The sweeper is about to ask for its deletion; what leaked stays leaked until it is gone."""

    def step(lease: Lease) -> Lease:
        taken = handed_over(now, note)(lease)
        return taken if taken.state is LeaseState.LEAKED else deletion_asked(instance_id, now)(taken)

    return unless_settled(step)


def unless_settled(step: Callable[[Lease], Lease]) -> Step:
    """*step*, but for a lease that somebody else settled meanwhile: that one stays as it is."""
    return lambda lease: lease if lease.state.settled else step(lease)


def _took(lease: Lease, now: float) -> int:
    return charge(lease.price, lease.rounds_up_to, now - lease.intended_at) if lease.price else 0
