"""What the vendor has of ours, instances and leftovers: found by our marks, which are checked on our side."""

from collections.abc import Mapping
from contextlib import suppress

from probe.cloud.caller import Caller
from probe.cloud.complaint import VendorComplaint, unless_absent
from probe.cloud.file.listing import Scope
from probe.cloud.marks import MARK_AGENT, read_marks
from probe.cloud.order import Leftover, View
from probe.cloud.reading import read_residual, read_view
from probe.cloud.values import filter_values
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch


async def list_instances(
    caller: Caller, watch: Stopwatch, wanted: Mapping[str, str], *, everything: bool
) -> list[View]:
    """Every instance that is still there and carries the *wanted* marks, or *everything*.

    Raises:
        ProbeFailed: the list is not complete, or the vendor's file knows of no instances.
    """
    instances, entry = caller.instances, caller.entry
    listing = instances.list.narrowed(scope(wanted, everything=everything))
    values = filter_values(entry, {} if everything else wanted)
    views: list[View] = []
    async for answer, items in caller.pages("list", listing, values, watch, watch.aside()):
        for item in items:
            # what does not carry our marks is looked at no closer: there may be thousands
            if carries(read_marks(instances.show.marks, instances.marks.keys, item), wanted):
                views.append(read_view(instances, entry.file.errors, item, answer, entry.redactor))
            elif everything:
                with suppress(VendorComplaint):  # a stranger that cannot be read spoils no list
                    views.append(read_view(instances, entry.file.errors, item, answer, entry.redactor))
    return [view for view in views if view.state is not InstanceState.GONE]


async def list_leftovers(
    caller: Caller, kind: str, watch: Stopwatch, wanted: Mapping[str, str], *, everything: bool
) -> list[Leftover]:
    """Everything of the *kind* that carries the *wanted* marks, or *everything*.

    Raises:
        ProbeFailed: the list is not complete, or the vendor's file knows no such kind.
    """
    instances, entry = caller.instances, caller.entry
    if kind not in instances.residuals:
        raise ProbeFailed(Outcome.INVALID, f"the file of {entry.file.vendor} says nothing of {kind}")
    residual = instances.residuals[kind]
    listing = residual.list.narrowed(scope(wanted, everything=everything))
    values = filter_values(entry, {} if everything else wanted)
    found: list[Leftover] = []
    async for answer, items in caller.pages("residuals", listing, values, watch, watch.aside()):
        found.extend(read_residual(kind, residual, instances.marks.keys, item, answer) for item in items)
    return [one for one in found if everything or carries(one.marks, wanted)]


async def delete_leftover(caller: Caller, kind: str, residual_id: str, watch: Stopwatch) -> None:
    """Delete what is left over; that there is none is fine.

    Raises:
        ProbeFailed: the vendor did not acknowledge it.
    """
    operation = caller.instances.residuals[kind].delete
    try:
        await caller.call_aside("delete_residual", operation, {"id": residual_id}, watch)
    except VendorComplaint as complaint:
        unless_absent(complaint)


def carries(marks: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether *marks* are those of an agent of ours, and hold what is *wanted*."""
    return MARK_AGENT in marks and wanted.items() <= marks.items()


def scope(wanted: Mapping[str, str], *, everything: bool) -> Scope:
    """How far a list may be narrowed by the vendor."""
    if everything:
        return Scope.ALL
    return Scope.OURS if MARK_AGENT in wanted else Scope.MARKED
