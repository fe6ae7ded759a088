"""What an instance's life may take beside one call: steps after a create, a choice of deletes, a chain of reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from probe.cloud.answer import Answer, unparseable
from probe.cloud.caller import Caller
from probe.cloud.complaint import VendorComplaint
from probe.cloud.file.errors import Verdict
from probe.cloud.file.steps import AddressRead, Delete, Step
from probe.cloud.handles import Handle, found_values, handles_of
from probe.cloud.reading import addresses_at, is_word, items_of
from probe.model.clock import Clock
from probe.model.stopwatch import Stopwatch
from probe.notation.paths import QueryTypeError

_AGAIN: Final = 0.5
"""Seconds after which a vendor that does not know what it has just made is told again."""


@dataclass(frozen=True, slots=True)
class Grace:
    """How long a vendor may not know yet what it has just made.

    Attributes:
        clock: that it is measured on.
        until: monotonic seconds.
    """

    clock: Clock
    until: float


async def take_steps(
    caller: Caller, steps: Sequence[Step], values: Mapping[str, object], answer: Answer, watch: Stopwatch, grace: Grace
) -> tuple[Handle, ...]:
    """Make the calls that follow a create, which was answered by *answer*; what goes on after them.

    What a vendor does not know yet, it is told again within the *grace*.

    Raises:
        ProbeFailed: one of them failed; those after it were not made.
    """
    handles: list[Handle] = []
    known = dict(values)
    for step in steps:
        if _says_nothing(step, known):
            continue
        for own in _rounds(step, answer):
            said = await _known_soon(grace, caller, step, {**known, **own}, watch)
            found = found_values(step, said)
            if not step.names <= found.keys():
                raise unparseable("value that a later call needs", said)
            known |= found
            handles.extend(handles_of(step.handle, "after_handle", said, known))
    return tuple(handles)


async def _known_soon(
    grace: Grace, caller: Caller, step: Step, values: Mapping[str, object], watch: Stopwatch
) -> Answer:
    while True:
        try:
            return await caller.call_aside("after", step, values, watch)
        except VendorComplaint as complaint:
            if complaint.verdict is not Verdict.NOT_FOUND or grace.clock.now() >= grace.until:
                raise
        await grace.clock.sleep(_AGAIN)


def _says_nothing(step: Step, values: Mapping[str, object]) -> bool:
    """Whether the whole body of *step* is something optional that has no value."""
    body = step.json_body or step.text
    return body is not None and body.names <= values.keys() and body.render(values) is None


def _rounds(step: Step, answer: Answer) -> Iterator[dict[str, object]]:
    """The values of each time that *step* is made."""
    if not step.each:
        yield {}
    for name, query in step.each.items():
        yield from ({name: item} for item in items_of(query, answer) if is_word(item))


def chosen_delete(ways: Sequence[Delete], item: object) -> Delete:
    """The first of the *ways* that holds of an instance's *item*.

    Raises:
        VendorComplaint: conflict: none does; a little later one may.
    """
    for way in ways:
        if way.when is None or way.when.holds(item):
            return way
    raise VendorComplaint(Verdict.CONFLICT, "in the state that it is in it cannot be deleted")


async def read_addresses(
    caller: Caller, chain: Sequence[AddressRead], values: Mapping[str, object], item: object, watch: Stopwatch
) -> tuple[str, ...]:
    """The addresses that a *chain* of reads leads to from an instance's *item*; none while it leads nowhere yet.

    Raises:
        ProbeFailed: the vendor could not be asked.
    """
    known, groups = dict(values), list[tuple[str, ...]]()
    for read in chain:
        known |= _found_in(read, item)
        if any(known.get(name) is None for name in _needed(read)):
            break
        try:
            answer = await caller.call_aside("addresses", read, known, watch)
        except VendorComplaint as complaint:
            if complaint.verdict is Verdict.NOT_FOUND:
                return ()
            raise
        known |= found_values(read, answer)
        if read.addresses is not None:
            groups.append(addresses_at(read.addresses, answer.body, answer))
    return tuple(address for group in reversed(groups) for address in group) if groups and groups[-1] else ()


def _needed(read: AddressRead) -> frozenset[str]:
    """The values that only earlier answers can give."""
    ours = {"region", "mark", "id"}
    names = frozenset[str]().union(*(template.names for template in read.templates.values()))
    return frozenset(name for name in names if name not in ours and not name.startswith("account."))


def _found_in(read: AddressRead, item: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, query in read.from_item.items():
        try:
            value = query.search(item)
        except QueryTypeError:
            continue
        if is_word(value):
            found[name] = value
    return found
