"""The effects of routes that are about what comes with an instance: list it, mark it, delete it by itself."""

from probe.sandbox.belongings import Belonging
from probe.sandbox.imitation import Mistake, Route
from probe.sandbox.listing import paged
from probe.sandbox.premises import Premises, Refused
from probe.sandbox.views import Taken, Values, filters, marks_of, passes


def belongings(premises: Premises, route: Route, taken: Taken) -> Values:
    """Show a page of those that pass the filters."""
    views = [premises.belongings.shown(item) for item in premises.belongings.there(route.kind)]
    for field, wanted in filters(route, taken):
        views = [view for view in views if passes(view, field, wanted)]
    shown, page = paged(route, taken, views)
    return {"belongings": shown, "page": page}


def mark(premises: Premises, route: Route, taken: Taken) -> Values:
    """Give one other marks or tags."""
    item = _found(premises, route, taken)
    item.tags, item.marks = tuple(taken.texts("tags")), marks_of(taken.values.get("marks"))
    return {"belonging": premises.belongings.shown(item)}


def discard(premises: Premises, route: Route, taken: Taken) -> Values:
    """Delete one that no instance uses."""
    item = _found(premises, route, taken)
    if item.used(premises.clock.now()):
        raise Refused(Mistake.CONFLICT, f"{item.belonging_id} is in use", id=item.belonging_id)
    item.discarded = True
    return {"belonging": premises.belongings.shown(item)}


def _found(premises: Premises, route: Route, taken: Taken) -> Belonging:
    wanted = taken.text("id")
    item = premises.belongings.find(route.kind, wanted)
    if item is None:
        raise Refused(Mistake.NOT_FOUND, f"{wanted} could not be found", id=wanted)
    return item
