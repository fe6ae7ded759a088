"""What may have outlived its instance: found by our marks, which are checked on our side."""

from collections.abc import Mapping

from probe.cloud.caller import Caller
from probe.cloud.entry import VendorEntry
from probe.cloud.file.listing import Scope
from probe.cloud.marks import MARK_AGENT
from probe.cloud.order import Leftover
from probe.cloud.reading import read_residual
from probe.cloud.values import filter_values
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch


async def list_leftovers(
    caller: Caller,
    entry: VendorEntry,
    kind: str,
    watch: Stopwatch,
    wanted: Mapping[str, str],
    *,
    everything: bool,
) -> list[Leftover]:
    """Everything of the *kind* that carries the *wanted* marks, or *everything*.

    Raises:
        ProbeFailed: the list is not complete, or the vendor's file knows no such kind.
    """
    instances = entry.file.instances
    if instances is None or kind not in instances.residuals:
        raise ProbeFailed(Outcome.INVALID, f"the file of {entry.file.vendor} says nothing of {kind}")
    residual = instances.residuals[kind]
    listing = residual.list.narrowed(scope(wanted, everything=everything))
    values = filter_values(entry, {} if everything else wanted)
    found: list[Leftover] = []
    async for answer, items in caller.pages("residuals", listing, values, watch, watch.aside()):
        found.extend(read_residual(kind, residual, instances.marks.keys, item, answer) for item in items)
    return [one for one in found if everything or carries(one.marks, wanted)]


def carries(marks: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether *marks* are those of an agent of ours, and hold what is *wanted*."""
    return MARK_AGENT in marks and wanted.items() <= marks.items()


def scope(wanted: Mapping[str, str], *, everything: bool) -> Scope:
    """How far a list may be narrowed by the vendor."""
    if everything:
        return Scope.ALL
    return Scope.OURS if MARK_AGENT in wanted else Scope.MARKED
