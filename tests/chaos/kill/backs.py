"""The vendors behind the gate: the sandbox's, and a real EC2 server. Both know the truth, whatever their API shows."""

import asyncio
import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

import boto3
import httpx

from probe.cloud import MARK_LEASE
from probe.model.clock import Clock
from probe.sandbox import Casting, Fault, FaultKind
from probe.sandbox.belongings import Belonging
from probe.sandbox.imitation import Answer, Effect, Idempotency, Imitation, Mistake, Route
from probe.sandbox.instances import Instance
from probe.sandbox.requests import Asked
from probe.sandbox.sandbox import cast
from probe.sandbox.vendor import PretendVendor, Reply

DATA: Final = Path(__file__).parents[3] / "config" / "sandbox"
_MADE: Final = re.compile(rb"<instanceId>([^<]+)<")
_LIVING: Final = ("pending", "running", "shutting-down", "stopping", "stopped")


@dataclasses.dataclass(frozen=True, slots=True)
class Thing:
    """An instance, or what came with one, as it really is.

    Attributes:
        id: the vendor's identifier.
        name: what it is called.
        marks: what it carries.
        alive: whether somebody pays for it.
    """

    id: str
    name: str
    marks: Mapping[str, str]
    alive: bool


class Back(Protocol):
    """A vendor."""

    async def reset(self, faults: Sequence[Mapping[str, Any]], *, unfiltered: bool) -> None:
        """Begin anew, with nothing rented and those *faults*; *unfiltered*: lists show everything, whoever asks."""
        ...

    async def put(self, name: str, marks: Mapping[str, str]) -> str:
        """Somebody else's instance; its identifier."""
        ...

    async def answer(self, asked: Asked) -> Reply:
        """Serve a request."""
        ...

    def made_for(self, lease: str, reply: Reply) -> Sequence[str]:
        """Identifiers of what a create for *lease*, answered with *reply*, has made."""
        ...

    async def everything(self, made: Sequence[str]) -> Sequence[Thing]:
        """All that others have here, and what was *made* by the creates that went through the gate."""
        ...


class SandboxBack:
    """A pretend vendor of the sandbox.

    Args:
        use: whom it imitates.
        idempotency: what it makes of the same order sent twice.
        clock: the vendor's clock.
        character: how it behaves.
        seed: of its luck.
        data: folders with data files and characters.
    """

    def __init__(
        self,
        use: str,
        idempotency: Idempotency,
        clock: Clock,
        *,
        character: str = "ideal",
        seed: str = "kill",
        data: Sequence[Path] = (DATA,),
    ) -> None:
        self._casting = Casting(name="rented", use=use, character=character)
        self._idempotency = idempotency
        self._clock = clock
        self._seed = seed
        self._data = data
        self.vendor = self._play(unfiltered=False)

    def _play(self, *, unfiltered: bool) -> PretendVendor:
        vendor = cast(self._data, [self._casting], self._seed, self._clock)["rented"]
        vendor.imitation = adapted(vendor.imitation, self._idempotency, unfiltered=unfiltered)
        vendor.moved_in = _addressed
        return vendor

    async def reset(self, faults: Sequence[Mapping[str, Any]], *, unfiltered: bool) -> None:
        self.vendor = self._play(unfiltered=unfiltered)
        for fault in faults:
            self.vendor.faults.inject(Fault(**{**fault, "kind": FaultKind(fault["kind"])}))

    async def put(self, name: str, marks: Mapping[str, str]) -> str:
        imitation = self.vendor.imitation
        named = {**marks, "Name": name} if imitation.name == "aws" else marks  # a name is a tag there
        instance = self.vendor.add_bystander(name, named)
        self.vendor.belongings.come_with(instance, marks)
        instance.tags = tuple(_tag(key, value) for key, value in marks.items())
        for belonging in self._belongings():
            if belonging.instance is instance:
                belonging.tags = instance.tags
        return instance.instance_id

    async def answer(self, asked: Asked) -> Reply:
        return await self.vendor.answer(asked)

    def made_for(self, lease: str, reply: Reply) -> Sequence[str]:
        del reply  # faults may have spoilt it
        return [
            one
            for item in self.vendor.instances.everything()
            if item.marks.get(MARK_LEASE) == lease or _tag(MARK_LEASE, lease) in item.tags
            for one in (item.instance_id, *item.belongings.values())
        ]

    async def everything(self, made: Sequence[str]) -> Sequence[Thing]:
        del made  # a pretend vendor that is begun anew has nothing else
        now = self._clock.now()
        instances = [
            Thing(item.instance_id, item.name, _carried(item), now < item.gone)
            for item in self.vendor.instances.everything()
        ]
        return instances + [
            Thing(item.belonging_id, item.kind, _carried(item), alive=True) for item in self._belongings()
        ]

    def _belongings(self) -> list[Belonging]:
        """What came with instances and is there."""
        return [item for kind in self.vendor.belongings.kinds for item in self.vendor.belongings.there(kind)]


def _tag(key: str, value: str) -> str:
    """How a mark is written where there are only tags."""
    return f"{key}={value}"


def _carried(item: Instance | Belonging) -> dict[str, str]:
    """Marks and tags."""
    return {**item.marks, **dict.fromkeys(item.tags, "")}


def _addressed(instance: Instance) -> None:
    instance.address = "127.0.0.1"


def adapted(imitation: Imitation, idempotency: Idempotency, *, unfiltered: bool) -> Imitation:
    """*imitation* with another idempotency, and with filters that filter nothing if it is to be *unfiltered*."""
    taken = Answer(status=409, body=lambda _: {"conflictingRequest": {"code": 409, "message": "the name is taken"}})
    endpoints = tuple(
        dataclasses.replace(
            endpoint,
            errors={**endpoint.errors, Mistake.NAME_TAKEN: taken},
            routes=tuple(_unfiltered(route) if unfiltered else route for route in endpoint.routes),
        )
        for endpoint in imitation.endpoints
    )
    return dataclasses.replace(imitation, idempotency=idempotency, endpoints=endpoints, quota=10_000)


def _unfiltered(route: Route) -> Route:
    if route.effect is not Effect.LIST:
        return route
    take = {word: query for word, query in route.take.items() if word in {"limit", "marker"}}
    return dataclasses.replace(route, filters={}, take=take)


class MotoBack:
    """A real EC2 server; it is shared, so what is on it stays, and each worker has a region of its own.

    Args:
        url: where it is.
        region: of this worker.
        key: access key and secret key of somebody who may do what a probe does.
    """

    def __init__(self, url: str, region: str, key: tuple[str, str]) -> None:
        self._url = url
        self._forward = httpx.AsyncClient(timeout=30, trust_env=False)
        self._ec2 = boto3.client(
            "ec2", region_name=region, endpoint_url=url, aws_access_key_id=key[0], aws_secret_access_key=key[1]
        )
        self._image = self._ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        self._bystanders: dict[tuple[str, str], str] = {}
        self._made: list[str] = []

    async def reset(self, faults: Sequence[Mapping[str, Any]], *, unfiltered: bool) -> None:
        del faults, unfiltered  # it knows neither
        await asyncio.to_thread(self._clear)

    def _clear(self) -> None:
        """End what an earlier point has left, so that it is not told of the next ones, too."""
        kept = set(self._bystanders.values())
        left = [thing.id for thing in self._things() if thing.alive and thing.id not in kept]
        if left:
            self._ec2.terminate_instances(InstanceIds=left)
        self._made = []

    async def put(self, name: str, marks: Mapping[str, str]) -> str:
        key = (name, str(sorted(marks.items())))
        if key not in self._bystanders:
            self._bystanders[key] = await asyncio.to_thread(self._run, name, marks)
        return self._bystanders[key]

    def _run(self, name: str, marks: Mapping[str, str]) -> str:
        tags = [{"Key": "Name", "Value": name}, *({"Key": key, "Value": value} for key, value in marks.items())]
        made = self._ec2.run_instances(
            ImageId=self._image,
            InstanceType="t3.nano",
            MinCount=1,
            MaxCount=1,
            ClientToken=uuid4().hex,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        identifier: str = made["Instances"][0]["InstanceId"]
        return identifier

    async def answer(self, asked: Asked) -> Reply:
        headers = {name: value for name, value in asked.headers.items() if name != "connection"}
        url = self._url + asked.raw_path + (f"?{asked.query_string}" if asked.query_string else "")
        got = await self._forward.request(asked.method, url, content=asked.body, headers=headers)
        kept = {name: value for name, value in got.headers.items() if name.startswith(("x-amzn", "content-type"))}
        return Reply(status=got.status_code, headers=kept, body=got.content)

    def made_for(self, lease: str, reply: Reply) -> Sequence[str]:
        del lease
        return [found.decode("ascii") for found in _MADE.findall(reply.body)]

    async def everything(self, made: Sequence[str]) -> Sequence[Thing]:
        self._made = [*made]
        return await asyncio.to_thread(self._things)

    def _things(self) -> list[Thing]:
        """Only these: what earlier points have left is terminated, and more with every point."""
        wanted = [*self._bystanders.values(), *self._made]
        if not wanted:
            return []
        reservations = self._ec2.describe_instances(InstanceIds=wanted)["Reservations"]
        return [_thing(instance) for reservation in reservations for instance in reservation["Instances"]]


def _thing(instance: Mapping[str, Any]) -> Thing:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
    return Thing(instance["InstanceId"], tags.pop("Name", ""), tags, instance["State"]["Name"] in _LIVING)
