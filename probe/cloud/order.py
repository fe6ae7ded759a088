"""What is asked of a cloud, and what it shows: values, without a word of any vendor's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from probe.model.instance import InstanceState
from probe.model.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An instance to be rented.

    Attributes:
        name: unique; the lease's key.
        size: an alias, or the vendor's own word.
        image: an alias, or the vendor's own word.
        marks: what says that it is ours.
        token: makes the create idempotent where the vendor knows such a thing; at most 64 ASCII characters.
        user_data: what cloud-init is told; empty for nothing.
        network: options that win over the vendor entry's.
    """

    name: str
    size: str
    image: str
    marks: Mapping[str, str]
    token: str
    user_data: str = ""
    network: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An instance as the vendor shows it.

    Attributes:
        id: the vendor's identifier.
        name: what it is called, empty if it is not.
        state: in our words.
        addresses: the one to reach it by first.
        marks: every mark that it carries, ours or not.
        created_at: seconds since 1970, where the vendor tells.
        reason: why it failed, in the vendor's words.
        outcome: what the run of a failed one ends as; `vendor_error` unless the vendor gave a better reason.
        attached: identifiers of what came with it and may outlive it, by kind.
    """

    id: str
    name: str
    state: InstanceState
    addresses: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    created_at: float | None = None
    reason: str = ""
    outcome: Outcome = Outcome.VENDOR_ERROR
    attached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Something that may have outlived the instance that it came with.

    Attributes:
        kind: which of the vendor file's residuals it is.
        id: the vendor's identifier.
        name: what it is called, empty if it is not.
        marks: every mark that it carries, ours or not.
        created_at: seconds since 1970, where the vendor tells.
        free: whether nothing uses it, as far as it shows.
    """

    kind: str
    id: str
    name: str
    marks: Mapping[str, str]
    created_at: float | None
    free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What a vendor's monitoring API had to say.

    Attributes:
        newest: when the newest datapoint was taken, seconds since 1970; None if there is none.
        count: how many there are.
        value: the newest one's value, where it is a number.
    """

    newest: float | None
    count: int
    value: float | None
