"""What a sweep knows of a vendor entry when it makes its plan, and what a plan is made of."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, Leftover, View
from probe.model.instance import Lease
from probe.store import Residual

INSTANCE: Final = "instance"
"""The kind of what is rented, as a label."""

ELSEWHERE: Final = (
    "rented from another account than this vendor entry now opens, so what it does not show is not known to be gone:"
    " give it the credentials of then back; or, if they were only exchanged for others of the same account, say so:"
    " probe sweep --same-account"
)
"""What keeps the word of one account from being taken for another's."""

IN_USE: Final = "something uses it"

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


class Result(StrEnum):
    """What became of an item of a plan.

    Attributes:
        DELETED: the vendor says that it is gone.
        SETTLED: it was crossed out in the ledger.
        LEAKED: its deletion was asked for, and it is still there.
        WAITING: it may still show up, or did after the plan was made; a later sweep looks again.
        REPORTED: it was told, and not touched.
        CHANGED: it is no longer what the plan said; it was not touched.
        FAILED: something went wrong; a later sweep tries again.
    """

    DELETED = "deleted"
    SETTLED = "settled"
    LEAKED = "leaked"
    WAITING = "waiting"
    REPORTED = "reported"
    CHANGED = "changed"
    FAILED = "failed"


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
        noted: what was written down of it, if it came with an instance.
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
    noted: Sequence[Residual] = ()


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
        noted: what was written down of that, came with an instance of no open lease, and is not known to be gone.
        account: what tells the account that the vendor entry now opens from others; empty if nobody can tell.
        same: what other accounts are called in the ledger that are proven to be this one, or said to be.
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
    noted: Sequence[Residual] = ()
    account: str = ""
    same: Collection[str] = ()

    def elsewhere(self, account: str) -> bool:
        """Whether something that was rented from *account* may be where this vendor entry does not look now."""
        return bool(account) and account != self.account and account not in self.same


def claim_on(lease: Lease, now: float, owner_alive: Callable[[str], bool]) -> str:
    """Why the sweeper may take *lease*; empty if it is somebody's who uses it. *now* in seconds since 1970."""
    if lease.handed_over:
        return f"handed over: {lease.note or 'its run ended without it'}"
    if lease.expires_at <= now:
        return "past its lease"
    if not owner_alive(lease.owner):
        return "the process that rented it is dead"
    return ""


def agent_of(thing: View | Leftover) -> str:
    """Whose marks it carries; no more of them than an id is long."""
    return thing.marks.get(MARK_AGENT, "")[:_ID_LENGTH]


def of_another(thing: View | Leftover) -> str:
    """Why what carries another agent's marks is left alone."""
    return f"carries the marks of another agent, {agent_of(thing)}"
