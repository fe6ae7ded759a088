"""What comes with an instance and may outlive it: volumes, addresses, interfaces.

A belonging goes when its instance goes, unless it was left behind: because the way in which the instance was given back
leaves it, or because a fault did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from probe.model.clock import Clock
from probe.sandbox.identifiers import Ids, number_of
from probe.sandbox.instances import Instance
from probe.sandbox.points import moment


@dataclass(slots=True, kw_only=True)
class Belonging:
    """Something that came with an instance.

    Attributes:
        belonging_id: the vendor's identifier.
        kind: what it is, in the words of the vendor's data file.
        instance: with which it came.
        marks: what it is marked with, by key.
        tags: bare tags that it has.
        left: whether it stays when its instance goes.
        discarded: whether it has been deleted by itself.
    """

    belonging_id: str
    kind: str
    instance: Instance
    marks: Mapping[str, str]
    tags: tuple[str, ...]
    left: bool = False
    discarded: bool = False

    def used(self, now: float) -> bool:
        """Whether its instance has it at *now*."""
        return not self.discarded and now < self.instance.gone

    def there(self, now: float) -> bool:
        """Whether it is there at *now*."""
        return not self.discarded and (self.left or now < self.instance.gone)


class Belongings:
    """The belongings of one vendor's instances: one of each of the *kinds* that its data file names."""

    def __init__(self, clock: Clock, kinds: Mapping[str, Ids]) -> None:
        self._clock = clock
        self._kinds = kinds
        self._all: dict[str, Belonging] = {}

    def come_with(self, instance: Instance, marks: Mapping[str, str]) -> None:
        """Give a new instance what comes with one, marked like that; forget what is no longer there."""
        now = self._clock.now()
        self._all = {key: item for key, item in self._all.items() if item.there(now)}
        instance.belongings = {kind: ids.new(f"{instance.name}-{kind}") for kind, ids in self._kinds.items()}
        for kind, identifier in instance.belongings.items():
            self._all[identifier] = Belonging(
                belonging_id=identifier, kind=kind, instance=instance, marks=marks, tags=()
            )

    def leave(self, instance: Instance, kinds: Iterable[str]) -> None:
        """Let what *instance* has of these *kinds* stay when it goes."""
        wanted = set(kinds)
        for item in self._all.values():
            if item.instance is instance and item.kind in wanted:
                item.left = True

    def find(self, kind: str, belonging_id: str) -> Belonging | None:
        """The belonging of that kind and identifier, as the vendor's API finds it."""
        item = self._all.get(belonging_id)
        return item if item is not None and item.kind == kind and item.there(self._clock.now()) else None

    def there(self, kind: str) -> list[Belonging]:
        """Everything of that *kind*, oldest first."""
        now = self._clock.now()
        return [item for item in self._all.values() if item.kind == kind and item.there(now)]

    @property
    def kinds(self) -> frozenset[str]:
        """What there can be."""
        return frozenset(self._kinds)

    def shown(self, item: Belonging) -> dict[str, object]:
        """*item* as bodies see it now."""
        used = item.used(self._clock.now())
        return {
            "id": item.belonging_id,
            "number": number_of(item.belonging_id),
            "name": item.instance.name,
            "kind": item.kind,
            "marks": dict(item.marks),
            "pairs": [{"key": key, "value": value} for key, value in item.marks.items()],
            "tags": list(item.tags),
            "created": moment(item.instance.accepted_wall),
            "used": used,
            "instance": {"id": item.instance.instance_id, "name": item.instance.name} if used else None,
        }
