"""What is to be done about what outlived its instance: decided from marks, and from what was written down of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from probe.cloud import Leftover
from probe.model.instance import InstanceState
from probe.rental.evidence import ELSEWHERE, IN_USE, Action, Evidence, SweepItem, agent_of, of_another
from probe.rental.marks import Standing, expired, lease_key, standing
from probe.rental.origin import UNPROVEN, Whose, proven, whose_is
from probe.store import Residual


def outliving(evidence: Evidence) -> Iterator[SweepItem]:
    """What is to be done about what came with instances; what an open lease brought along goes with that."""
    noted: dict[tuple[str, str], list[Residual]] = defaultdict(list)
    for one in evidence.noted:
        noted[one.kind, one.id].append(one)
    shown = {(one.kind, one.id): one for one in evidence.leftovers}
    held = {lease.key for lease in evidence.held}
    for key, notes in noted.items():
        yield from _of_noted(evidence, notes, shown.get(key))
    for key, leftover in shown.items():
        theirs = lease_key(leftover) not in held or standing(leftover, evidence.ours) is not Standing.OURS
        if theirs and key not in noted:
            yield from _of_leftover(evidence, leftover)


def _of_noted(evidence: Evidence, notes: Sequence[Residual], shown: Leftover | None) -> Iterator[SweepItem]:
    """Something that was seen at instances that carried our marks, which somebody then meant to delete.

    What was noted in another account is another thing, though it may be called the same.
    """
    here = [one for one in notes if _is_here(evidence, one, shown)]
    if away := [one for one in notes if one not in here]:
        yield _item(evidence, Action.REPORT, ELSEWHERE, noted=away)
    if shown is None:
        yield from _of_vanished(evidence, here)
    elif here and not any(_at_its_instance(evidence, one) for one in here):  # which is decided about by itself
        yield _of_shown(evidence, here, shown)


def _of_shown(evidence: Evidence, noted: Sequence[Residual], shown: Leftover) -> SweepItem:
    instance, its = noted[-1].instance_id, whose_is(shown, noted, evidence.ours)
    if its is Whose.THEIRS:
        reason, action = f"was attached to {instance}, and is not ours", Action.SETTLE
    elif its is Whose.UNPROVEN or not shown.free:
        reason, action = f"was attached to {instance}: {UNPROVEN if shown.free else IN_USE}", Action.REPORT
    else:
        reason, action = f"came with {instance}, and outlived it", Action.DELETE
    return _item(evidence, action, reason, noted=noted, shown=shown)


def _of_vanished(evidence: Evidence, noted: Sequence[Residual]) -> Iterator[SweepItem]:
    """Something that the vendor does not show: gone, or not shown yet."""
    if noted and all(one.noted_at + evidence.patience < evidence.now for one in noted):
        yield _item(evidence, Action.SETTLE, "the vendor does not know it", noted=noted)


def _is_here(evidence: Evidence, residual: Residual, shown: Leftover | None) -> bool:
    """Whether it was noted in the account that is looked at, or shows by its marks that it was."""
    return not evidence.elsewhere(residual.account) or (shown is not None and proven(shown, residual, evidence.ours))


def _at_its_instance(evidence: Evidence, residual: Residual) -> bool:
    return any(view.id == residual.instance_id and view.state is not InstanceState.GONE for view in evidence.shown)


def _of_leftover(evidence: Evidence, leftover: Leftover) -> Iterator[SweepItem]:
    """Something that may have outlived an instance, under a lease that is not open."""
    whose = standing(leftover, evidence.ours)
    lease = evidence.settled.get(lease_key(leftover)) if whose is Standing.OURS else None
    if lease is not None and not lease.state.settled:
        return  # ordered while the lists were asked for
    if whose is Standing.OURS and not leftover.free:
        yield _item(evidence, Action.REPORT, "carries our marks, and something uses it", shown=leftover)
    elif lease is not None:
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
    evidence: Evidence, action: Action, reason: str, *, noted: Sequence[Residual] = (), shown: Leftover | None = None
) -> SweepItem:
    thing = shown or noted[0]
    key = noted[-1].lease if noted else lease_key(shown) if shown is not None else ""
    born = shown.created_at if shown is not None else None
    return SweepItem(
        vendor=evidence.vendor,
        region=evidence.region,
        instance_id=thing.id,
        name=(shown.name if shown is not None else "") or key,
        lease="",
        age=None if born is None else max(0.0, evidence.now - born),
        action=action,
        reason=reason,
        kind=thing.kind,
        agent="" if shown is None else agent_of(shown),
        noted=tuple(noted),
    )
