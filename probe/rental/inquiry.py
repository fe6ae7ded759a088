"""Asks the ledger and a vendor for all that a plan is drawn up from; changes neither."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from probe.cloud import MARK_AGENT, Cloud, Leftover, View
from probe.model.clock import Clock
from probe.model.instance import Lease
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.rental.evidence import ELSEWHERE, Evidence, claim_on
from probe.rental.marks import Standing, lease_key, standing
from probe.rental.patience import Patience, in_time
from probe.store import Residual, Store


class Exchanged(ProbeFailed):
    """Raised when the credentials are another account's than those of a moment ago: what was seen proves nothing."""

    def __init__(self) -> None:
        super().__init__(Outcome.DENIED, ELSEWHERE)


async def inquire(
    cloud: Cloud,
    store: Store,
    clock: Clock,
    patience: Patience,
    *,
    wide: bool,
    also: frozenset[str] = frozenset(),
    same_account: bool = False,
) -> Evidence:
    """All that is known of a vendor entry; *wide* looks at everything it shows, not only at what carries our mark.

    Marks of the agents in *also* count as ours, too. *same_account*: somebody says that all that was rented from other
    accounts was rented from the one that the vendor entry now opens.

    Raises:
        ProbeFailed: the vendor did not list what it has, or its credentials were exchanged meanwhile.
        StoreFailed: the ledger could not be read.
    """
    account = cloud.account(store.agent_id)
    left = await store.residuals.left(cloud.name)  # before the leases: what is noted from now on is of one that is used
    held = await store.ledger.open_leases(cloud.name)
    owner_alive = await store.roll_call()
    now = clock.wall()
    claimable = [lease for lease in held if claim_on(lease, now, owner_alive) and lease.region == cloud.region]
    unanswered = any(not lease.instance_id for lease in claimable)
    ours = await whose(store) | also
    marks = {MARK_AGENT: store.agent_id} if len(ours) == 1 and not (wide or unanswered) else {}
    listing = cloud.inventory(Stopwatch(clock), marks, everything=wide)
    shown = await in_time(listing, patience.call, f"the list of {cloud.name}")
    noted = _noted(cloud, left, held)
    leftovers = await _leftovers(cloud, clock, patience, marks, wide=wide, noted=noted)
    looked_up, unclear = await _look_up(cloud, clock, patience, claimable)
    settled = await _settled(store, [*shown, *leftovers], held, ours)
    if cloud.account(store.agent_id) != account:
        raise Exchanged
    evidence = Evidence(
        vendor=cloud.name,
        region=cloud.region,
        ours=ours,
        now=now,
        shown=shown,
        held=held,
        looked_up=looked_up,
        unclear=unclear,
        settled=settled,
        patience=blindness(cloud),
        owner_alive=owner_alive,
        leftovers=leftovers,
        noted=noted,
        account=account,
    )
    return replace(evidence, same=_all_accounts(evidence) if same_account else _same_accounts(evidence))


def elsewhere(cloud: Cloud, store: Store, account: str) -> bool:
    """Whether *cloud* opens another account now than the *account* of something: its "not found" then proves nothing.

    Raises:
        ProbeFailed: nobody can tell for the moment.
    """
    return bool(account) and account != cloud.account(store.agent_id)


def _all_accounts(evidence: Evidence) -> frozenset[str]:
    """The other accounts that something was rented from here that may still cost money."""
    held = [lease.account for lease in evidence.held if lease.region == evidence.region]
    return frozenset({*held, *(one.account for one in evidence.noted)} - {"", evidence.account})


def _same_accounts(evidence: Evidence) -> frozenset[str]:
    """Those that are this one: what was rented from them shows itself here, with its marks."""
    leases = {lease.key: lease for lease in evidence.held} | dict(evidence.settled)
    seen = [*evidence.shown, *(view for view in evidence.looked_up.values() if view is not None)]
    keys = {lease_key(view) for view in seen if standing(view, evidence.ours) is Standing.OURS}
    return frozenset({leases[key].account for key in keys & leases.keys()} - {"", evidence.account})


async def whose(store: Store) -> frozenset[str]:
    """The ids of the agents that we answer for.

    Raises:
        StoreFailed: the ledger could not be read.
    """
    return await store.identities.adopted() | {store.agent_id}


def blindness(cloud: Cloud) -> float:
    """Seconds for which the vendor may not show an instance that it made, neither in its list nor by its identifier."""
    return max(cloud.list_delay, cloud.not_found_grace)


async def _look_up(
    cloud: Cloud, clock: Clock, patience: Patience, leases: Sequence[Lease]
) -> tuple[Mapping[str, View | None], Mapping[str, str]]:
    """Ask for each lease's instance by its identifier: a list may lag behind. What failed is told, by lease key."""
    found: dict[str, View | None] = {}
    failed: dict[str, str] = {}
    for lease in leases:
        if lease.instance_id:
            try:
                call = cloud.inspect(lease.instance_id, Stopwatch(clock))
                found[lease.key] = await in_time(call, patience.call, f"a look at {lease.instance_id}")
            except ProbeFailed as error:
                failed[lease.key] = f"the vendor did not say how it is: {error.detail}"
    return found, failed


def _noted(cloud: Cloud, left: Sequence[Residual], held: Sequence[Lease]) -> Sequence[Residual]:
    """What is *left* of instances here that are no open lease's: what is one's goes with it."""
    going = {(lease.key, instance_id) for lease in held for instance_id in ("", lease.instance_id)}
    return [one for one in left if one.region == cloud.region and (one.lease, one.instance_id) not in going]


async def _leftovers(
    cloud: Cloud,
    clock: Clock,
    patience: Patience,
    marks: Mapping[str, str],
    *,
    wide: bool,
    noted: Sequence[Residual],
) -> Sequence[Leftover]:
    """What may have outlived instances, of every kind that the vendor has; what was *noted* need not carry marks."""
    wanted = {(one.kind, one.id) for one in noted}
    found: list[Leftover] = []
    for kind in cloud.residual_kinds:
        listing = cloud.residuals(kind, Stopwatch(clock), marks, everything=wide or bool(wanted))
        listed = await in_time(listing, patience.call, f"the list of {kind} of {cloud.name}")
        found.extend(one for one in listed if wide or MARK_AGENT in one.marks or (kind, one.id) in wanted)
    return found


async def _settled(
    store: Store, shown: Sequence[View | Leftover], held: Sequence[Lease], ours: frozenset[str]
) -> Mapping[str, Lease]:
    """The leases, no longer open, that something in the lists says it was rented under."""
    named = {lease_key(thing) for thing in shown if standing(thing, ours) is Standing.OURS}
    found = [await store.ledger.get(key) for key in named - {lease.key for lease in held}]
    return {lease.key: lease for lease in found if lease is not None}
