"""What the routes of a pretend vendor do: seven effects that every vendor's API can be told with.

An effect takes what was asked and gives the values that the answer's body is filled with.
"""

import math
import random
import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import urlencode

from probe.model.clock import Clock
from probe.sandbox.characters import Character
from probe.sandbox.faults import Fault, FaultKind
from probe.sandbox.imitation import Answer, Effect, Idempotency, Imitation, Mistake, Route
from probe.sandbox.instances import Instance, Instances, Life
from probe.sandbox.points import datapoints, moment, read_moment
from probe.sandbox.tokens import Tokens
from probe.sandbox.views import Taken, Values, filters, marks_of, passes, shown

_NUMBER: Final = re.compile("[0-9]{1,9}")


class Refused(Exception):  # noqa: N818 - the pretend vendor refuses; nothing is wrong with the program
    """Raised by an effect that does not take place.

    Attributes:
        mistake: which of the vendor's errors answers.
        values: for its body, beside `message`.
    """

    def __init__(self, mistake: Mistake, message: str = "", **values: object) -> None:
        super().__init__(message)
        self.mistake = mistake
        self.values: Values = {"message": message, **values}


class Premises(Protocol):
    """What an effect may use of the pretend vendor."""

    imitation: Imitation
    character: Character
    clock: Clock
    dice: random.Random
    instances: Instances
    tokens: Tokens

    def strike(self, kind: FaultKind, route: Route) -> Fault | None:
        """The fault that strikes now, if any."""
        ...

    def refusal(self, route: Route, mistake: Mistake) -> Answer | None:
        """How the vendor words *mistake* at *route*'s endpoint."""
        ...

    def moved_in(self, instance: Instance) -> None:
        """Give a new instance an address."""
        ...

    def moving_out(self, instance: Instance) -> None:
        """An instance is about to be gone."""
        ...


def token(premises: Premises, route: Route, taken: Taken) -> Values:
    """Give a token out for the right credentials."""
    credentials = premises.imitation.credentials
    for needed in route.accepts:
        if all(query.search(taken.document) == credentials[name] for name, query in needed.items()):
            expires = premises.clock.wall() + route.lifetime
            return {"token": {"id": premises.tokens.issue(route.lifetime), "expires": moment(expires)}}
    raise Refused(Mistake.DENIED, "The request you have made requires authentication.")


def create(premises: Premises, route: Route, taken: Taken) -> Values:
    """Take an order on; the same order again only where the vendor would."""
    name, key = taken.text("name"), taken.text("token")
    again = _ordered_before(premises, name, key)
    if again is not None:
        if (again.name, again.size, again.image) != (name, taken.text("size"), taken.text("image")):
            raise Refused(Mistake.MISMATCH, f"the token {key} was used for another order")
        return _one(premises, again)
    used = len(premises.instances.alive())
    if premises.strike(FaultKind.QUOTA, route) or used >= premises.imitation.quota:
        raise Refused(Mistake.QUOTA, "the account may have no more instances", used=used)
    instance = _new(premises, route, taken)
    premises.instances.add(instance)
    premises.moved_in(instance)
    return _one(premises, instance)


def _ordered_before(premises: Premises, name: str, key: str) -> Instance | None:
    style = premises.imitation.idempotency
    if style is Idempotency.UNIQUE_NAME and premises.instances.first(lambda other: other.name == name):
        raise Refused(Mistake.NAME_TAKEN, f"the name {name} is taken")
    if style is Idempotency.TOKEN and key:
        return premises.instances.first(lambda other: other.token == key)
    return None


def _new(premises: Premises, route: Route, taken: Taken) -> Instance:
    """The instance that is ordered, with its fate."""
    now, dice, character = premises.clock.now(), premises.dice, premises.character
    failure = _failure(premises, route)
    over = now + character.build.draw(dice)
    stuck = premises.strike(FaultKind.STUCK, route)
    ready = math.inf if failure or stuck else over
    unreachable = premises.strike(FaultKind.UNREACHABLE, route)
    return Instance(
        instance_id=_new_id(premises.imitation),
        name=taken.text("name"),
        size=taken.text("size"),
        image=taken.text("image"),
        marks=marks_of(taken.values.get("marks")),
        tags=tuple(taken.texts("tags")),
        token=taken.text("token"),
        accepted=now,
        accepted_wall=premises.clock.wall(),
        ready=ready,
        fails=over if failure else math.inf,
        reason=failure,
        reachable=math.inf if unreachable else ready + character.reach.draw(dice),
        vanishes=_later(premises, FaultKind.VANISH, route, never=math.inf),
        found_from=_later(premises, FaultKind.GET_DELAY, route, never=-math.inf),
        listed_from=_later(premises, FaultKind.LIST_DELAY, route, never=-math.inf),
        lingers=premises.imitation.lingers,
    )


def _failure(premises: Premises, route: Route) -> str:
    """Why the build will fail; empty if it will not."""
    if premises.strike(FaultKind.CAPACITY, route):
        answer = premises.refusal(route, Mistake.CAPACITY)
        if answer is None or not answer.build_failure:
            raise Refused(Mistake.CAPACITY, "there is no room for it")
        return answer.build_failure
    return "the build failed" if premises.strike(FaultKind.FAILED, route) else ""


def _later(premises: Premises, kind: FaultKind, route: Route, *, never: float) -> float:
    fault = premises.strike(kind, route)
    return premises.clock.now() + fault.seconds if fault else never


def _new_id(imitation: Imitation) -> str:
    digits = imitation.id_digits
    return imitation.id_prefix + (secrets.token_hex(digits)[:digits] if digits else str(uuid.uuid4()))


def _one(premises: Premises, instance: Instance) -> Values:
    view = shown(premises.imitation.states, instance, instance.state(premises.clock.now()))
    return {"instance": view, "instances": [view]}


def get(premises: Premises, _: Route, taken: Taken) -> Values:
    """Show what was asked for by id."""
    now = premises.clock.now()
    views = [shown(premises.imitation.states, instance, instance.state(now)) for instance in _found(premises, taken)]
    return {"instance": views[0], "instances": views}


def _found(premises: Premises, taken: Taken) -> list[Instance]:
    found = []
    for instance_id in taken.texts("id"):
        instance = premises.instances.find(instance_id)
        if instance is None:
            raise Refused(Mistake.NOT_FOUND, f"the instance {instance_id} could not be found", id=instance_id)
        found.append(instance)
    if not found:
        raise Refused(Mistake.INVALID, "no instance was named")
    return found


def delete(premises: Premises, route: Route, taken: Taken) -> Values:
    """Begin to delete what was asked for by id."""
    now = premises.clock.now()
    found = _found(premises, taken)
    before = [shown(premises.imitation.states, instance, instance.state(now)) for instance in found]
    for instance in found:
        if instance.state(now) in {Life.DELETING, Life.DELETED} and not premises.imitation.delete_again:
            raise Refused(Mistake.NOT_FOUND, f"{instance.instance_id} is being deleted", id=instance.instance_id)
        _begin_deletion(premises, route, instance)
    now = premises.clock.now()
    after = [shown(premises.imitation.states, instance, instance.state(now)) for instance in found]
    changes = [{"id": new["id"], "before": old, "after": new} for old, new in zip(before, after, strict=True)]
    return {"instance": after[0], "instances": after, "changes": changes}


def _begin_deletion(premises: Premises, route: Route, instance: Instance) -> None:
    now = premises.clock.now()
    if now >= instance.delete_asked or premises.strike(FaultKind.LYING_DELETE, route):
        return
    slow, ghost = premises.strike(FaultKind.SLOW_DELETE, route), premises.strike(FaultKind.GHOST, route)
    instance.delete_asked = now
    instance.deleted = now + premises.character.delete.draw(premises.dice) + (slow.seconds if slow else 0.0)
    instance.haunts = ghost.seconds if ghost else 0.0
    premises.moving_out(instance)


def listing(premises: Premises, route: Route, taken: Taken) -> Values:
    """Show a page of what passes the filters."""
    views = [shown(premises.imitation.states, instance, life) for instance, life in premises.instances.listing()]
    for field, wanted in filters(route, taken):
        views = [view for view in views if passes(view, field, wanted)]
    start = taken.text("marker")
    if start:
        places = [place for place, view in enumerate(views) if view["id"] == start]
        if not places:
            raise Refused(Mistake.INVALID, f"the marker {start} is not known")
        views = views[places[0] + 1 :]
    limit = taken.text("limit")
    size = min(route.most, int(limit) or route.most) if _NUMBER.fullmatch(limit) else route.most
    last = views[size - 1]["id"] if len(views) > size else None
    return {"instances": views[:size], "page": {"next": last, "query": _next_query(route, taken, last)}}


def _next_query(route: Route, taken: Taken, last: object) -> str:
    """The query of the next page, as the vendor would write it."""
    query = taken.document["query"]
    return urlencode({**(query if isinstance(query, Mapping) else {}), route.marker: str(last or "")})


def points(premises: Premises, route: Route, taken: Taken) -> Values:
    """Show the datapoints of an instance or of a named series."""
    subject, wall = taken.text("id"), premises.clock.wall()
    instance = premises.instances.find(subject)
    if instance is None and subject not in premises.imitation.series:
        if premises.refusal(route, Mistake.NOT_FOUND) is None:
            return {"points": [], "subject": subject}
        raise Refused(Mistake.NOT_FOUND, f"{subject} could not be found", id=subject)
    if premises.strike(FaultKind.NO_POINTS, route):
        return {"points": [], "subject": subject}
    stale = premises.strike(FaultKind.STALE_POINTS, route)
    newest = wall - premises.character.lag - (stale.seconds if stale else 0.0)
    since = read_moment(taken.values.get("since")) or wall - 3600.0
    if instance is not None:
        since = max(since, instance.accepted_wall)
    until = read_moment(taken.values.get("until")) or wall
    found = datapoints(subject, since, until, newest, premises.imitation.period)
    return {"points": found[::-1] if route.newest_first else found, "subject": subject}


def static(_: Premises, __: Route, ___: Taken) -> Values:
    """Answer what the data file says."""
    return {}


EFFECTS: Final[Mapping[Effect, Callable[[Premises, Route, Taken], Values]]] = {
    Effect.TOKEN: token,
    Effect.CREATE: create,
    Effect.GET: get,
    Effect.LIST: listing,
    Effect.DELETE: delete,
    Effect.POINTS: points,
    Effect.STATIC: static,
}
