"""Renting an instance: one request, sent once, and what an answer or a refusal of it means."""

from collections.abc import Mapping

from probe.cloud.answer import Answer
from probe.cloud.caller import Caller
from probe.cloud.complaint import VendorComplaint, fits
from probe.cloud.file.errors import Verdict
from probe.cloud.file.instances import Create
from probe.cloud.handles import Created, handles_of
from probe.cloud.reading import read_identifier
from probe.model.outcome import Outcome
from probe.model.stopwatch import Fact, Stopwatch


async def place_order(caller: Caller, values: Mapping[str, object], watch: Stopwatch) -> Created:
    """Send the create with *values*, once; the vendor's identifier of the instance, and what goes on after the answer.

    Raises:
        ProbeFailed: it was refused, or nobody knows whether it was done.
    """
    operation = caller.instances.create
    try:
        answer = await caller.call_aside("create", operation, values, watch)
    except VendorComplaint as complaint:
        if any(fits(one, complaint) for one in operation.already):
            complaint.verdict = Verdict.CONFLICT  # the name or token is taken: something of ours may be there
        elif complaint.verdict is Verdict.NOT_FOUND:
            complaint.outcome = Outcome.INVALID  # it is the order that names it: an image, a size, a network
        raise
    identifier = _identifier(operation, {**caller.entry.places, **values}, answer)
    watch.facts[Fact.INSTANCE] = identifier
    known = {**values, "id": identifier}
    handles = handles_of(operation.handle, "create_handle", answer, known)
    return Created(id=identifier, handles=handles, values=known, answer=answer)


def _identifier(create: Create, values: Mapping[str, object], answer: Answer) -> str:
    """The identifier of what was rented: the one that we chose, or the one that the *answer* tells.

    Raises:
        VendorComplaint: vendor_error: it tells none.
    """
    if create.id_is is not None:
        return str(create.id_is.render(values))
    if create.id is None:
        raise RuntimeError("the model of the file rules this out")
    return read_identifier(create.id, answer.body, "identifier of the new instance", answer)
