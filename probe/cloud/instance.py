"""One instance by its identifier: how it is, where it answers, and giving it back."""

from dataclasses import replace

from probe.cloud.answer import unparseable
from probe.cloud.caller import Caller
from probe.cloud.complaint import VendorComplaint, unless_absent
from probe.cloud.errands import chosen_delete, read_addresses
from probe.cloud.handles import Handle, handles_of
from probe.cloud.order import View
from probe.cloud.reading import find, read_view
from probe.model.instance import InstanceState
from probe.model.stopwatch import Stopwatch


async def inspect_instance(caller: Caller, instance_id: str, watch: Stopwatch, *, addresses: bool) -> View | None:
    """How an instance is, and with *addresses* those that the vendor keeps elsewhere; None if it says there is none.

    Raises:
        ProbeFailed: the vendor could not be asked.
    """
    found = await _look(caller, instance_id, watch)
    if found is None:
        return None
    item, view = found
    chain = caller.instances.addresses
    if addresses and chain and view.state is InstanceState.READY and not view.addresses:
        values = {**caller.entry.places, "id": instance_id}
        view = replace(view, addresses=await read_addresses(caller, chain, values, item, watch))
    return view


async def delete_instance(caller: Caller, instance_id: str, watch: Stopwatch) -> tuple[Handle, ...]:
    """Give an instance back; that there is none is fine. What goes on after the answer, until it is done.

    Raises:
        ProbeFailed: the vendor did not acknowledge it.
    """
    ways = caller.instances.delete
    item = None
    if any(way.when is not None for way in ways):
        found = await _look(caller, instance_id, watch)
        if found is None:
            return ()
        item = found[0]
    way = chosen_delete(ways, item)
    values: dict[str, object] = {"id": instance_id}
    try:
        answer = await caller.call_aside("delete", way, values, watch)
    except VendorComplaint as complaint:
        unless_absent(complaint)
        return ()
    return handles_of(way.handle, "delete_handle", answer, values)


async def _look(caller: Caller, instance_id: str, watch: Stopwatch) -> tuple[object, View] | None:
    """What the vendor shows of an instance, and what we read in it; None if it says that there is none."""
    instances, entry = caller.instances, caller.entry
    try:
        answer = await caller.call_aside("get", instances.get, {"id": instance_id}, watch)
    except VendorComplaint as complaint:
        unless_absent(complaint)
        return None
    # an answer without the instance is no word that it is gone: only the vendor's own "not found" is
    item = find(instances.get.item, answer, "instance")
    view = read_view(instances, entry.file.errors, item, answer, entry.redactor)
    if view.id != instance_id:  # or another's marks would prove that this one is ours
        raise unparseable("instance that was asked for", answer)
    return item, view
