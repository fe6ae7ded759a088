"""What a sweep would do and why: decided from what the ledger and the vendor say, without touching either."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, Leftover, View
from probe.model.instance import InstanceState, Lease, LeaseState
from probe.rental.marks import Standing, expired, lease_key, standing

INSTANCE: Final = "instance"
"""The kind of what is rented, as a label."""

_ID_LENGTH: Final = 36


class Action(StrEnum):
    """What is to be done about something.

    Attributes:
        DELETE: ask the vendor to delete it; it is proven to be ours and nobody uses it.
        SETTLE: cross it out in the ledger; the vendor says that it does not exist.
        WAIT: nothing yet: it may still show up.
        REPORT: nothing: it is not proven to be ours, or not ours to judge. For people.
    """

    DELETE = "delete"
    SETTLE = "settle"
    WAIT = "wait"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepItem:
    """One thing that the ledger or the vendor knows, and what is to be done about it.

    Attributes:
        vendor: name of the vendor entry.
        region: the vendor's region.
        instance_id: the vendor's identifier, empty if it is not known.
        name: what the vendor calls it, else the lease's key.
        lease: the key of its lease in the ledger, empty if there is none.
        age: seconds since its intent or its creation, None if nobody knows.
        action: what is to be done.
        reason: why, for people.
        kind: what it is: an instance, or the vendor file's word for what came with one.
        agent: whose marks it carries, empty if nobody's.
    """

    vendor: str
    region: str
    instance_id: str
    name: str
    lease: str
    age: float | None
    action: Action
    reason: str
    kind: str = INSTANCE
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of one vendor entry when a plan is drawn up.

    Attributes:
        vendor: name of the vendor entry.
        region: its region.
        ours: whose marks are ours: this folder's id, and those that were adopted.
        now: seconds since 1970.
        shown: what the vendor's list shows.
        held: the open leases of the vendor entry.
        looked_up: what the vendor says of the claimable leases' instances, asked one by one; by lease key.
        unclear: why the vendor did not say, for those where it did not; by lease key.
        settled: the settled leases that something in the list says it was rented under, by key.
        patience: seconds for which the vendor may not show an instance that it made.
        owner_alive: whether the process that holds a lease lives.
        leftovers: what the vendor's lists show of what comes with an instance and may outlive it.
    """

    vendor: str
    region: str
    ours: Collection[str]
    now: float
    shown: Sequence[View]
    held: Sequence[Lease]
    looked_up: Mapping[str, View | None] = field(default_factory=dict)
    unclear: Mapping[str, str] = field(default_factory=dict)
    settled: Mapping[str, Lease] = field(default_factory=dict)
    patience: float = 0.0
    owner_alive: Callable[[str], bool]
    leftovers: Sequence[Leftover] = ()


def claim_on(lease: Lease, now: float, owner_alive: Callable[[str], bool]) -> str:
    """Why the sweeper may take *lease*; empty if it is somebody's who uses it. *now* in seconds since 1970."""
    if lease.handed_over:
        return f"handed over: {lease.note or 'its run ended without it'}"
    if lease.expires_at <= now:
        return "past its lease"
    if not owner_alive(lease.owner):
        return "the process that rented it is dead"
    return ""


def draw_up(evidence: Evidence) -> Iterator[SweepItem]:
    """What is to be done at one vendor entry; what is in use does not appear, and nothing appears twice."""
    decided: set[str] = set()
    for lease in evidence.held:
        for item in _of_lease(evidence, lease):
            decided.add(item.instance_id)
            yield item
    by_key = {lease.key: lease for lease in evidence.held}
    for view in evidence.shown:
        if view.state is not InstanceState.GONE and view.id not in decided:
            yield from _of_view(evidence, view, by_key.get(lease_key(view)))
    for leftover in evidence.leftovers:
        if lease_key(leftover) not in by_key or standing(leftover, evidence.ours) is not Standing.OURS:
            yield from _of_leftover(evidence, leftover)  # what an open lease brought along goes with it


def _of_lease(evidence: Evidence, lease: Lease) -> Iterator[SweepItem]:
    claim = claim_on(lease, evidence.now, evidence.owner_alive)
    if not claim:
        return
    if lease.region != evidence.region:
        reason = f"rented in {lease.region}, and this vendor entry now speaks to {evidence.region}"
        yield _item(evidence, Action.REPORT, reason, lease=lease)
        return
    if lease.key in evidence.unclear:
        yield _item(evidence, Action.REPORT, f"{claim}; {evidence.unclear[lease.key]}", lease=lease)
        return
    view = evidence.looked_up.get(lease.key) if lease.instance_id else _shown_for(evidence, lease)
    if view is None or view.state is InstanceState.GONE:
        yield _of_absent(evidence, lease, view, claim)
    elif standing(view, evidence.ours) is Standing.OURS and lease_key(view) == lease.key:
        yield _item(evidence, Action.DELETE, claim, lease=lease, view=view)
    else:
        yield _item(evidence, Action.REPORT, "the vendor shows it without our marks", lease=lease, view=view)


def _of_absent(evidence: Evidence, lease: Lease, view: View | None, claim: str) -> SweepItem:
    """A lease whose instance the vendor does not show, or shows as gone."""
    twin = _namesake(evidence, lease)
    if twin is not None and not lease.instance_id:
        return _item(evidence, Action.REPORT, "it bears our lease's name, and not our marks", lease=lease, view=twin)
    if view is not None:
        return _item(evidence, Action.SETTLE, "the vendor says that it is gone", lease=lease)
    if lease.delete_requested_at is not None:  # it was seen before that, so this is no late entrance
        return _item(evidence, Action.SETTLE, "the vendor does not know it any more", lease=lease)
    since = lease.expires_at if lease.handed_over_at is None else lease.handed_over_at
    if evidence.now - since <= evidence.patience:
        reason = f"{claim}; the vendor does not show it yet, and may for {evidence.patience:g} s"
        return _item(evidence, Action.WAIT, reason, lease=lease)
    never = lease.state is LeaseState.INTENDED
    return _item(evidence, Action.SETTLE, "never created" if never else "the vendor does not know it", lease=lease)


def _of_view(evidence: Evidence, view: View, lease: Lease | None) -> Iterator[SweepItem]:
    """Something in the list that no lease has led to."""
    match standing(view, evidence.ours):
        case Standing.OURS if lease is None:
            yield from _of_stray(evidence, view)
        case Standing.OURS if lease is not None and lease.instance_id not in {"", view.id}:
            reason = f"carries the marks of {lease.instance_id}, which has the same lease"
            yield from _if_expired(evidence, view, reason)
        case Standing.FOREIGN:
            yield _item(evidence, Action.REPORT, _of_another(view), view=view)
        case Standing.LOOKALIKE:
            yield _item(evidence, Action.REPORT, "looks like ours, and does not carry our marks", view=view)
        case _:
            return  # in use, or already decided by its lease; or a stranger, which is none of our business


def _of_leftover(evidence: Evidence, leftover: Leftover) -> Iterator[SweepItem]:
    """Something that may have outlived an instance, under a lease that is not open."""
    whose = standing(leftover, evidence.ours)
    if whose is Standing.OURS and not leftover.free:
        yield _item_of_leftover(evidence, leftover, Action.REPORT, "carries our marks, and something uses it")
    elif whose is Standing.OURS and lease_key(leftover) in evidence.settled:
        reason = "outlived its instance, whose lease is settled"
        yield _item_of_leftover(evidence, leftover, Action.DELETE, reason)
    elif whose is Standing.OURS:
        over = expired(leftover, evidence.now)
        reason = f"carries our marks, and is not in this ledger; its lease is {'' if over else 'not '}over"
        yield _item_of_leftover(evidence, leftover, Action.DELETE if over else Action.REPORT, reason)
    elif whose is Standing.FOREIGN:
        yield _item_of_leftover(evidence, leftover, Action.REPORT, _of_another(leftover))
    elif whose is Standing.LOOKALIKE:
        yield _item_of_leftover(evidence, leftover, Action.REPORT, "looks like ours, and does not carry our marks")


def _item_of_leftover(evidence: Evidence, leftover: Leftover, action: Action, reason: str) -> SweepItem:
    return SweepItem(
        vendor=evidence.vendor,
        region=evidence.region,
        instance_id=leftover.id,
        name=leftover.name or lease_key(leftover),
        lease="",
        age=None if leftover.created_at is None else max(0.0, evidence.now - leftover.created_at),
        action=action,
        reason=reason,
        kind=leftover.kind,
        agent=_agent_of(leftover),
    )


def _of_stray(evidence: Evidence, view: View) -> Iterator[SweepItem]:
    """Ours by its marks, under a lease that is not open."""
    lease = evidence.settled.get(lease_key(view))
    if lease is None:
        yield from _if_expired(evidence, view, "carries our marks, and is not in this ledger")
    elif claim_on(lease, evidence.now, evidence.owner_alive) and view.state is not InstanceState.DELETING:
        yield _item(evidence, Action.DELETE, f"{lease.state} in the ledger, and the vendor shows it", view=view)


def _if_expired(evidence: Evidence, view: View, reason: str) -> Iterator[SweepItem]:
    if expired(view, evidence.now):
        yield _item(evidence, Action.DELETE, f"{reason}; its lease is over", view=view)
    else:
        yield _item(evidence, Action.REPORT, f"{reason}; its lease is not over", view=view)


def _shown_for(evidence: Evidence, lease: Lease) -> View | None:
    """What the list shows for a create that was never answered."""
    ours = (view for view in evidence.shown if standing(view, evidence.ours) is Standing.OURS)
    return next((view for view in ours if lease_key(view) == lease.key), None)


def _agent_of(thing: View | Leftover) -> str:
    """Whose marks it carries; no more of them than an id is long."""
    return thing.marks.get(MARK_AGENT, "")[:_ID_LENGTH]


def _of_another(thing: View | Leftover) -> str:
    return f"carries the marks of another agent, {_agent_of(thing)}"


def _namesake(evidence: Evidence, lease: Lease) -> View | None:
    return next((v for v in evidence.shown if v.name == lease.key and v.state is not InstanceState.GONE), None)


def _item(
    evidence: Evidence, action: Action, reason: str, *, lease: Lease | None = None, view: View | None = None
) -> SweepItem:
    born = view.created_at if view is not None and lease is None else None
    since = lease.intended_at if lease is not None else born
    return SweepItem(
        vendor=evidence.vendor,
        region=evidence.region,
        instance_id=view.id if view is not None else lease.instance_id if lease is not None else "",
        name=(view.name if view is not None else "") or (lease.key if lease is not None else ""),
        lease=lease.key if lease is not None else "",
        age=None if since is None else max(0.0, evidence.now - since),
        action=action,
        reason=reason,
        agent="" if view is None else _agent_of(view),
    )
