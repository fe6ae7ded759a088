"""What is to be done about what outlived its instance: decided from marks, and from what was written down of it."""

from collections.abc import Iterator

from probe.cloud import Leftover
from probe.model.instance import InstanceState
from probe.rental.evidence import ELSEWHERE, Action, Evidence, SweepItem, agent_of, of_another
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.origin import UNPROVEN, Whose, came_along
from probe.store import Residual


def outliving(evidence: Evidence) -> Iterator[SweepItem]:
    """What is to be done about what came with instances; what an open lease brought along goes with that."""
    noted = {(one.kind, one.id): one for one in evidence.noted}
    shown = {(one.kind, one.id): one for one in evidence.leftovers}
    held = {lease.key for lease in evidence.held}
    for key, residual in noted.items():
        yield from _of_noted(evidence, residual, shown.get(key))
    for key, leftover in shown.items():
        theirs = lease_key(leftover) not in held or standing(leftover, evidence.ours) is not Standing.OURS
        if theirs and key not in noted:
            yield from _of_leftover(evidence, leftover)


def _of_noted(evidence: Evidence, residual: Residual, shown: Leftover | None) -> Iterator[SweepItem]:
    """Something that was seen at an instance that carried our marks, which somebody then meant to delete."""
    if shown is None:
        yield from _of_vanished(evidence, residual)
    elif _at_its_instance(evidence, residual):
        return  # which is there, and is decided about by itself
    elif (its := _whose(evidence, residual, shown)) is Whose.THEIRS:
        reason = f"was attached to {residual.instance_id}, and is not ours"
        yield _item(evidence, Action.SETTLE, reason, residual=residual, shown=shown)
    elif its is Whose.UNPROVEN or not shown.free:
        reason = UNPROVEN if shown.free else "something uses it"
        reason = f"was attached to {residual.instance_id}: {reason}"
        yield _item(evidence, Action.REPORT, reason, residual=residual, shown=shown)
    else:
        reason = f"came with {residual.instance_id}, and outlived it"
        yield _item(evidence, Action.DELETE, reason, residual=residual, shown=shown)


def _of_vanished(evidence: Evidence, residual: Residual) -> Iterator[SweepItem]:
    """Something that the vendor does not show: gone, not shown yet, or in another account."""
    if evidence.elsewhere(residual.account):
        yield _item(evidence, Action.REPORT, ELSEWHERE, residual=residual)
    elif residual.noted_at + evidence.patience < evidence.now:
        yield _item(evidence, Action.SETTLE, "the vendor does not know it", residual=residual)


def _whose(evidence: Evidence, residual: Residual, shown: Leftover) -> Whose:
    if standing(shown, evidence.ours) is Standing.OURS and lease_key(shown) == residual.lease:
        return Whose.OURS
    return came_along(shown, residual.ordered_at)


def _at_its_instance(evidence: Evidence, residual: Residual) -> bool:
    return any(view.id == residual.instance_id and view.state is not InstanceState.GONE for view in evidence.shown)


def _of_leftover(evidence: Evidence, leftover: Leftover) -> Iterator[SweepItem]:
    """Something that may have outlived an instance, under a lease that is not open."""
    whose = standing(leftover, evidence.ours)
    if whose is Standing.OURS and not leftover.free:
        yield _item(evidence, Action.REPORT, "carries our marks, and something uses it", shown=leftover)
    elif whose is Standing.OURS and lease_key(leftover) in evidence.settled:
        yield _item(evidence, Action.DELETE, "outlived its instance, whose lease is settled", shown=leftover)
    elif whose is Standing.OURS:
        over = expired(leftover, evidence.now)
        reason = f"carries our marks, and is not in this ledger; its lease is {'' if over else 'not '}over"
        yield _item(evidence, Action.DELETE if over else Action.REPORT, reason, shown=leftover)
    elif whose is Standing.FOREIGN:
        yield _item(evidence, Action.REPORT, of_another(leftover), shown=leftover)
    elif whose is Standing.LOOKALIKE:
        yield _item(evidence, Action.REPORT, "looks like ours, and does not carry our marks", shown=leftover)


def _item(
    evidence: Evidence, action: Action, reason: str, *, residual: Residual | None = None, shown: Leftover | None = None
) -> SweepItem:
    kind, one = (residual.kind, residual.id) if residual is not None else (shown.kind, shown.id) if shown else ("", "")
    key = residual.lease if residual is not None else lease_key(shown) if shown is not None else ""
    born = shown.created_at if shown is not None else None
    return SweepItem(
        vendor=evidence.vendor,
        region=evidence.region,
        instance_id=one,
        name=(shown.name if shown is not None else "") or key,
        lease="",
        age=None if born is None else max(0.0, evidence.now - born),
        action=action,
        reason=reason,
        kind=kind,
        agent="" if shown is None else agent_of(shown),
    )
