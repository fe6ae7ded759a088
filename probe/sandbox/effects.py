"""What the routes of a pretend vendor do: twelve effects that every vendor's API can be told with.

An effect takes what was asked and gives the values that the answer's body is filled with.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from probe.sandbox.assertions import proves
from probe.sandbox.faults import FaultKind
from probe.sandbox.identifiers import IdKind
from probe.sandbox.imitation import Effect, Idempotency, Mistake, Route
from probe.sandbox.instances import Instance, Life
from probe.sandbox.leftovers import belongings, discard, mark
from probe.sandbox.listing import listing
from probe.sandbox.points import datapoints, moment, read_moment
from probe.sandbox.premises import Premises, Refused
from probe.sandbox.views import Taken, Values, marks_of, shown
from probe.sandbox.works import Verb


def token(premises: Premises, route: Route, taken: Taken) -> Values:
    """Give a token out for the right credentials."""
    credentials = premises.imitation.credentials
    for needed in route.accepts:
        wall = premises.clock.wall()
        if all(proves(credentials[name], query.search(taken.document), wall) for name, query in needed.items()):
            expires = wall + route.lifetime
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
    premises.belongings.come_with(instance, marks_of(taken.values.get("belongings")))
    if premises.imitation.waits:
        instance.hold()
        return _one(premises, instance)
    _begin_creation(premises, instance)
    premises.moved_in(instance)
    return _one(premises, instance)


def start(premises: Premises, route: Route, taken: Taken) -> Values:
    """Let the build of what waits begin."""
    for instance in _found(premises, taken):
        _suits(premises, route, instance)
        if instance.plan is not None:
            instance.start(premises.clock.now())
            _begin_creation(premises, instance)
            premises.moved_in(instance)
    return get(premises, route, taken)


def _suits(premises: Premises, route: Route, instance: Instance) -> None:
    if route.only and instance.state(premises.clock.now()) not in route.only:
        raise Refused(Mistake.CONFLICT, f"{instance.instance_id} is in no state for that", id=instance.instance_id)


def _begin_creation(premises: Premises, instance: Instance) -> None:
    over = min(instance.ready, instance.fails)
    apart = premises.imitation.works.starts_apart
    created = (instance.accepted + over) / 2 if apart and not instance.reason else over
    premises.works.begin(Verb.CREATE, instance, created, instance.code, instance.reason)
    if apart:
        premises.works.begin(Verb.START, instance, over, instance.code, instance.reason)


def _ordered_before(premises: Premises, name: str, key: str) -> Instance | None:
    style = premises.imitation.idempotency
    if style is Idempotency.TOKEN and key:
        again = premises.instances.first(lambda other: other.token == key)
        if again is not None:
            return again
    unique = style is Idempotency.UNIQUE_NAME or premises.imitation.ids.kind is IdKind.NAME
    if unique and premises.instances.first(lambda other: other.name == name):
        raise Refused(Mistake.NAME_TAKEN, f"the name {name} is taken", id=name)
    return None


def _new(premises: Premises, route: Route, taken: Taken) -> Instance:
    """The instance that is ordered, with its fate."""
    now, dice, character = premises.clock.now(), premises.dice, premises.character
    code, failure = _failure(premises, route)
    over = now + character.build.draw(dice)
    stuck = premises.strike(FaultKind.STUCK, route)
    ready = math.inf if failure or stuck else over
    unreachable = premises.strike(FaultKind.UNREACHABLE, route)
    return Instance(
        instance_id=premises.imitation.ids.new(taken.text("name")),
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
        deleted=over if failure and premises.imitation.drops_failures else math.inf,
        reason=failure,
        code=code,
        reachable=math.inf if unreachable else ready + character.reach.draw(dice),
        vanishes=_later(premises, FaultKind.VANISH, route, never=math.inf),
        found_from=_later(premises, FaultKind.GET_DELAY, route, never=-math.inf),
        listed_from=_later(premises, FaultKind.LIST_DELAY, route, never=-math.inf),
        lingers=premises.imitation.lingers,
    )


def _failure(premises: Premises, route: Route) -> tuple[str, str]:
    """Why the build will fail, as a code and in words; empty if it will not."""
    if premises.strike(FaultKind.CAPACITY, route):
        answer = premises.refusal(route, Mistake.CAPACITY)
        if answer is None or not answer.build_failure:
            raise Refused(Mistake.CAPACITY, "there is no room for it")
        return answer.build_code, answer.build_failure
    return _broken(premises, route, "the build failed") if premises.strike(FaultKind.FAILED, route) else ("", "")


def _broken(premises: Premises, route: Route, otherwise: str) -> tuple[str, str]:
    """How the vendor tells that something of its own went wrong later."""
    answer = premises.refusal(route, Mistake.FAILED)
    return (answer.build_code, answer.build_failure or otherwise) if answer else ("", otherwise)


def _later(premises: Premises, kind: FaultKind, route: Route, *, never: float) -> float:
    fault = premises.strike(kind, route)
    return premises.clock.now() + fault.seconds if fault else never


def _one(premises: Premises, instance: Instance) -> Values:
    view = shown(premises.imitation.states, instance, instance.state(premises.clock.now()))
    work, start = (_work(premises, instance, verb) for verb in (Verb.CREATE, Verb.START))
    return {"instance": view, "instances": [view], "work": work, "start": start}


def _work(premises: Premises, instance: Instance, verb: Verb) -> Values | None:
    work = premises.works.of(instance, verb)
    return None if work is None else premises.works.shown(work)


def work(premises: Premises, _: Route, taken: Taken) -> Values:
    """Show how far something is, by the id that it was given when it was asked for."""
    found = premises.works.find(taken.text("id"))
    if found is None:
        raise Refused(Mistake.NOT_FOUND, f"{taken.text('id')} could not be found", id=taken.text("id"))
    view = shown(premises.imitation.states, found.instance, _still(found.instance.state(premises.clock.now())))
    return {"work": premises.works.shown(found), "instance": view}


def _still(life: Life) -> Life:
    """What is gone looks deleted where it is only spoken of."""
    return Life.DELETED if life is Life.GONE else life


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
        _suits(premises, route, instance)
        _begin_deletion(premises, route, instance)
    now = premises.clock.now()
    after = [shown(premises.imitation.states, instance, instance.state(now)) for instance in found]
    changes = [{"id": new["id"], "before": old, "after": new} for old, new in zip(before, after, strict=True)]
    done = _work(premises, found[0], Verb.DELETE)
    return {"instance": after[0], "instances": after, "changes": changes, "work": done}


def _begin_deletion(premises: Premises, route: Route, instance: Instance) -> None:
    now = premises.clock.now()
    if now >= instance.delete_asked:
        return
    if premises.strike(FaultKind.LYING_DELETE, route):
        premises.works.begin(Verb.DELETE, instance, now)
        return
    if premises.imitation.works.asked_for and premises.strike(FaultKind.FAILED, route):
        over = now + premises.character.delete.draw(premises.dice)
        premises.works.begin(Verb.DELETE, instance, over, *_broken(premises, route, "the deletion failed"))
        return
    slow, ghost = premises.strike(FaultKind.SLOW_DELETE, route), premises.strike(FaultKind.GHOST, route)
    leftover = premises.strike(FaultKind.LEFTOVER, route)
    premises.belongings.leave(instance, premises.belongings.kinds if leftover else route.leaves)
    instance.delete_asked = now
    instance.deleted = now + premises.character.delete.draw(premises.dice) + (slow.seconds if slow else 0.0)
    instance.haunts = ghost.seconds if ghost else 0.0
    premises.works.begin(Verb.DELETE, instance, instance.deleted)
    premises.moving_out(instance)


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
    Effect.START: start,
    Effect.GET: get,
    Effect.LIST: listing,
    Effect.DELETE: delete,
    Effect.POINTS: points,
    Effect.WORK: work,
    Effect.BELONGINGS: belongings,
    Effect.MARK: mark,
    Effect.DISCARD: discard,
    Effect.STATIC: static,
}
