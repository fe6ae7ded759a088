"""Work that goes on at the vendor after it acknowledged a call: where it is asked for, and how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from probe.cloud.answer import Answer
from probe.cloud.caller import Caller
from probe.cloud.complaint import VendorComplaint, found_text
from probe.cloud.file.errors import Verdict
from probe.cloud.file.steps import HANDLE, Found, HandleCall
from probe.cloud.reading import is_word
from probe.model.stopwatch import Stopwatch
from probe.notation.paths import Query, QueryTypeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Work that goes on at the vendor.

    Attributes:
        call: asks how it goes on.
        name: what that is counted as.
        values: for its templates.
    """

    call: HandleCall = field(repr=False)
    name: str
    values: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """An instance that the vendor acknowledged.

    Attributes:
        id: the vendor's identifier.
        handles: what goes on after the answer; the instance is pending until it is done.
        values: that the create was made with, for the calls that come after it.
        answer: what the vendor said.
    """

    id: str
    handles: tuple[Handle, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    answer: Answer | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How several works stand.

    Attributes:
        pending: those that are not over.
        failure: why one of them was not done; None if none has failed.
    """

    pending: tuple[Handle, ...] = ()
    failure: VendorComplaint | None = None


def handles_of(call: HandleCall | None, name: str, answer: Answer, values: Mapping[str, object]) -> tuple[Handle, ...]:
    """The works that *answer* names; none if it names none, because then they are over already.

    Args:
        call: how they are asked for; None if the vendor file knows of none.
        name: what those calls are counted as.
        answer: of the call that began them.
        values: that it was made with.
    """
    found = {} if call is None else found_values(call, answer)
    if call is None or not call.names <= found.keys():
        return ()
    if call.each is None:
        return (Handle(call=call, name=name, values={**values, **found}),)
    works = [work for work in _several(call.each, answer.body) if is_word(work)]
    return tuple(Handle(call=call, name=name, values={**values, **found, HANDLE: work}) for work in works)


def _several(query: Query, data: object) -> list[object]:
    """What *query* finds; an answer of another shape names nothing, and what was done stays done."""
    try:
        found = query.search(data)
    except QueryTypeError:
        return []
    return found if isinstance(found, list) else []


def found_values(found: Found, answer: Answer) -> dict[str, str]:
    """What *found* looks for in *answer*, as far as it is there."""
    values = {name: found_text(query, answer.body) for name, query in found.extract.items()}
    for name, headers in found.from_header.items():
        values[name] = next((answer.headers[header] for header in headers if header in answer.headers), "")
    return {name: value for name, value in values.items() if value}


async def follow(caller: Caller, handles: Sequence[Handle], watch: Stopwatch) -> Progress:
    """Ask once how each of *handles* stands.

    Work that the vendor no longer knows is over: what it was done to shows how it ended.

    Raises:
        ProbeFailed: the vendor could not be asked.
    """
    pending: list[Handle] = []
    for handle in handles:
        try:
            answer = await caller.call_aside(handle.name, handle.call, handle.values, watch)
        except VendorComplaint as complaint:
            if complaint.verdict is Verdict.NOT_FOUND:
                continue
            raise
        if any(predicate.holds(answer.body) for predicate in handle.call.failed):
            code, message = (found_text(query, answer.body) for query in (handle.call.code, handle.call.message))
            return Progress(failure=caller.failure_inside(answer, code, message))
        if not all(predicate.holds(answer.body) for predicate in handle.call.done):
            pending.append(handle)
    return Progress(pending=tuple(pending))
