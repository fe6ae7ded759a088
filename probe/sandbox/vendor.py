"""A pretend vendor: an imitation with a character, that answers requests and can be made to fail."""

import random
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from probe.model.clock import Clock
from probe.sandbox.allowance import Allowance
from probe.sandbox.belongings import Belongings
from probe.sandbox.characters import Bouts, Character
from probe.sandbox.effects import EFFECTS
from probe.sandbox.faults import Fault, FaultKind, Faults
from probe.sandbox.imitation import Answer, Check, Effect, Endpoint, Imitation, Mistake, Route
from probe.sandbox.instances import Instance, Instances
from probe.sandbox.points import moment
from probe.sandbox.premises import Refused
from probe.sandbox.requests import Asked
from probe.sandbox.signatures import Signature, check_signature
from probe.sandbox.tokens import Tokens
from probe.sandbox.views import Taken
from probe.sandbox.works import Works

_LOGGED: Final = 2_000
"""Requests that are remembered."""
_DAYS_OLD: Final = 30 * 86_400.0
"""Age of what was there before the sandbox, in seconds."""


class Cut(StrEnum):
    """What becomes of the connection instead of, or in the middle of, an answer."""

    NONE = "none"
    RESET = "reset"
    HANG = "hang"
    TRUNCATE = "truncate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back over the wire."""

    status: int = 0
    headers: Mapping[str, str]
    body: bytes = b""
    cut: Cut = Cut.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request as it was answered.

    Attributes:
        at: when it was answered, on the clock.
        operation: the route's name; empty if there was none.
        method: in capitals.
        path: as it was sent, with the query.
        status: HTTP status; 0 if there was no answer.
        cut: what became of the connection.
    """

    at: float
    operation: str
    method: str
    path: str
    status: int
    cut: Cut


def _nobody(_: Instance) -> None:
    """What happens to an instance when nobody gives it an address."""


class PretendVendor:
    """One vendor of the sandbox.

    Attributes:
        name: of the vendor entry that speaks to it.
        region: as the configuration says.
        imitation: whom it plays.
        character: how it behaves.
        clock: what it tells time by.
        dice: its luck.
        instances: what it has rented out.
        works: what it has answered for and is still doing, or has done.
        belongings: what came with its instances.
        allowance: how many requests it takes.
        tokens: what it has given out.
        faults: what goes wrong with it.
        log: the newest requests.
        served: how many requests there were.
        moved_in: called with each new instance.
        moving_out: called with each instance that is being deleted.
    """

    def __init__(self, name: str, imitation: Imitation, character: Character, seed: str, clock: Clock) -> None:
        self.name = name
        self.region = imitation.region
        self.imitation = imitation
        self.character = character
        self.clock = clock
        self.dice = random.Random(f"{seed}/{name}/dice")
        self.instances = Instances(clock)
        self.works = Works(clock, imitation.works)
        self.belongings = Belongings(clock, imitation.belongings)
        self.allowance = Allowance(clock, imitation.rate, imitation.window)
        self.tokens = Tokens(clock)
        self.weather = Bouts(clock, f"{seed}/{name}/weather", character.good, character.bad)
        self.faults = Faults(clock, f"{seed}/{name}/faults", self.weather, character.faults)
        self.log: deque[Logged] = deque(maxlen=_LOGGED)
        self.served = 0
        self.moved_in: Callable[[Instance], None] = _nobody
        self.moving_out: Callable[[Instance], None] = _nobody
        for resident in imitation.residents:
            self.add_bystander(resident.name, resident.marks, resident.instance_id)

    def add_bystander(self, name: str, marks: Mapping[str, str], instance_id: str = "") -> Instance:
        """An instance of somebody else, ready for a long time."""
        long_ago = self.clock.now() - _DAYS_OLD
        instance = Instance(
            instance_id=instance_id or self.imitation.ids.new(name),
            name=name,
            marks=marks,
            accepted=long_ago,
            accepted_wall=self.clock.wall() - _DAYS_OLD,
            ready=long_ago,
            lingers=self.imitation.lingers,
        )
        self.instances.add(instance)
        return instance

    def strike(self, kind: FaultKind, route: Route) -> Fault | None:
        """The fault of that kind that strikes at *route*, by its name or by its effect, if any does."""
        return self.faults.strike(kind, route.name, route.effect)

    def refusal(self, route: Route, mistake: Mistake) -> Answer | None:
        """How the vendor words *mistake* at *route*'s endpoint; None if it has no words for it."""
        endpoint = next(item for item in self.imitation.endpoints if route in item.routes)
        return endpoint.errors.get(mistake)

    async def answer(self, asked: Asked) -> Reply:
        """What goes back for *asked*, after the time that it takes."""
        found = self._match(asked)
        if found is None:
            body = f"the sandbox plays no {asked.method} {asked.path} of {self.imitation.title}\n".encode()
            reply, operation = Reply(status=404, headers={"content-type": "text/plain"}, body=body), ""
        else:
            endpoint, route, document = found
            reply, operation = await self._serve(asked, endpoint, route, document), route.name
        path = asked.raw_path + (f"?{asked.query_string}" if asked.query_string else "")
        now = self.clock.now()
        self.served += 1
        self.log.append(
            Logged(at=now, operation=operation, method=asked.method, path=path, status=reply.status, cut=reply.cut)
        )
        return reply

    def _match(self, asked: Asked) -> tuple[Endpoint, Route, Mapping[str, object]] | None:
        for endpoint in self.imitation.endpoints:
            for route in endpoint.routes:
                path = route.pattern.fullmatch(asked.path or "/")
                if path is None or route.method != asked.method:
                    continue
                document = asked.document(path.groupdict())
                wanted = ((route.form, "form"), (route.headers, "headers"), (route.json, "json"))
                if all(_agrees(what, document[where]) for what, where in wanted):
                    return endpoint, route, document
        return None

    async def _serve(self, asked: Asked, endpoint: Endpoint, route: Route, document: Mapping[str, object]) -> Reply:
        slow = self.strike(FaultKind.SLOW, route)
        delay = self.character.latency.draw(self.dice) + (slow.seconds if slow else 0.0)
        if delay > 0:
            await self.clock.sleep(delay)
        for kind, cut in ((FaultKind.HANG, Cut.HANG), (FaultKind.RESET, Cut.RESET)):
            if self.strike(kind, route):
                return Reply(headers={}, cut=cut)
        values = self._values(asked)
        taken = Taken(route, document)
        try:
            self._check(asked, endpoint, route)
            values |= {"asked": taken.values, **EFFECTS[route.effect](self, route, taken)}
            reply = self._reply(endpoint, route.answer, values)
        except Refused as refused:
            return self._refuse(endpoint, refused.mistake, values | refused.values)
        return self._spoil(reply, route)

    def _check(self, asked: Asked, endpoint: Endpoint, route: Route) -> None:
        """What can be wrong before anything is done.

        Raises:
            Refused: the vendor is in trouble, or does not like who asks.
        """
        for kind, mistake in (
            (FaultKind.ERROR, Mistake.INTERNAL),
            (FaultKind.THROTTLED, Mistake.THROTTLED),
            (FaultKind.DENIED, Mistake.DENIED),
        ):
            if self.strike(kind, route):
                raise Refused(mistake, _MESSAGES[mistake])
        if not self.allowance.take():
            raise Refused(Mistake.THROTTLED, _MESSAGES[Mistake.THROTTLED])
        if not self._welcome(asked, endpoint, route):
            raise Refused(Mistake.DENIED, _MESSAGES[Mistake.DENIED])

    def _welcome(self, asked: Asked, endpoint: Endpoint, route: Route) -> bool:
        if endpoint.check is Check.NONE or route.effect is Effect.TOKEN:
            return True
        credentials = self.imitation.credentials
        if endpoint.check is Check.SIGV4:
            signature = check_signature(asked, credentials["access_key"], credentials["secret_key"])
            return signature is Signature.GOOD
        shown = asked.headers.get(endpoint.header, "").removeprefix(endpoint.prefix)
        if endpoint.check is Check.KEY:
            return shown in credentials.values()
        expired = self.strike(FaultKind.EXPIRED_TOKEN, route)
        if expired is not None and self.tokens.age(shown) >= expired.seconds:
            self.tokens.forget(shown)
        return self.tokens.good(shown)

    def _values(self, asked: Asked) -> dict[str, object]:
        """What every body can be filled with."""
        imitation = self.imitation
        return {
            "base": asked.base,
            "url": asked.base + asked.raw_path,
            "region": self.region,
            "facts": imitation.facts,
            "account": imitation.account,
            "now": moment(self.clock.wall()),
            "request_id": str(uuid.uuid4()),
            "used": len(self.instances.alive()),
            "quota": imitation.quota,
            "period": imitation.period,
            "message": "",
            "id": "",
        }

    def _refuse(self, endpoint: Endpoint, mistake: Mistake, values: Mapping[str, object]) -> Reply:
        answer = endpoint.errors.get(mistake, endpoint.errors[Mistake.INTERNAL])
        rate = self.allowance.shown(refused=mistake is Mistake.THROTTLED)
        return self._reply(endpoint, answer, {"asked": {}, **values, "rate": rate})

    def _reply(self, endpoint: Endpoint, answer: Answer, values: Mapping[str, object]) -> Reply:
        values = {"rate": self.allowance.shown(), **values}
        made = {**endpoint.headers, **answer.headers}
        headers = {name: str(body(values)) for name, body in made.items()}
        if answer.body is None:
            return Reply(status=answer.status, headers=headers)
        headers.setdefault("content-type", endpoint.content_type)
        return Reply(status=answer.status, headers=headers, body=endpoint.write(answer.body(values)))

    def _spoil(self, reply: Reply, route: Route) -> Reply:
        """The same reply, or what a fault makes of it after everything was done."""
        changing = route.effect in {Effect.CREATE, Effect.DELETE}
        if changing and self.strike(FaultKind.LOST_ANSWER, route):
            return Reply(headers={}, cut=Cut.RESET)
        if self.strike(FaultKind.MALFORMED, route):
            broken = reply.body[: len(reply.body) // 2] + b"\x00<<<"
            return Reply(status=reply.status, headers=reply.headers, body=broken)
        if reply.body and self.strike(FaultKind.TRUNCATED, route):
            return Reply(status=reply.status, headers=reply.headers, body=reply.body, cut=Cut.TRUNCATE)
        return reply


_MESSAGES: Final[Mapping[Mistake, str]] = {
    Mistake.INTERNAL: "An unexpected error prevented the server from fulfilling your request.",
    Mistake.THROTTLED: "This request was rate-limited.",
    Mistake.DENIED: "The request you have made requires authentication.",
}


def _agrees(wanted: Mapping[str, str], given: object) -> bool:
    """Whether *given* has everything that is *wanted*; `*` wants it to be there."""
    values = given if isinstance(given, Mapping) else {}
    return all(name in values and (value == "*" or value == values[name]) for name, value in wanted.items())
