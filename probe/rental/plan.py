"""What a sweep would do and why: decided from what the ledger and the vendor say, without touching either."""

from collections.abc import Iterator

from probe.cloud import View
from probe.model.instance import InstanceState, Lease, LeaseState
from probe.rental.evidence import ELSEWHERE, Action, Evidence, SweepItem, agent_of, claim_on, of_another
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.outliving import outliving


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
    yield from outliving(evidence)


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
        other = evidence.elsewhere(lease.account)
        yield _of_another_account(evidence, lease, claim) if other else _of_absent(evidence, lease, view, claim)
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


def _of_another_account(evidence: Evidence, lease: Lease, claim: str) -> SweepItem:
    """A lease that whom we ask now may honestly know nothing of."""
    return _item(evidence, Action.REPORT, f"{claim}; {ELSEWHERE}", lease=lease)


def _of_view(evidence: Evidence, view: View, lease: Lease | None) -> Iterator[SweepItem]:
    """Something in the list that no lease has led to."""
    match standing(view, evidence.ours):
        case Standing.OURS if lease is None:
            yield from _of_stray(evidence, view)
        case Standing.OURS if lease is not None and lease.instance_id not in {"", view.id}:
            reason = f"carries the marks of {lease.instance_id}, which has the same lease"
            yield from _if_expired(evidence, view, reason)
        case Standing.FOREIGN:
            yield _item(evidence, Action.REPORT, of_another(view), view=view)
        case Standing.LOOKALIKE:
            yield _item(evidence, Action.REPORT, "looks like ours, and does not carry our marks", view=view)
        case _:
            return  # in use, or already decided by its lease; or a stranger, which is none of our business


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
        agent="" if view is None else agent_of(view),
    )
