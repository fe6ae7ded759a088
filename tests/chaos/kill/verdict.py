"""The four zeros, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.kill.backs import Thing
from tests.chaos.kill.ledgers import StateFolder, wrong_moves, wrong_rows


@dataclass(frozen=True, slots=True)
class Truth:
    """What a vendor and the gate before it know, when nothing is under way.

    Attributes:
        things: all that there is and was.
        made: what came of our creates: the lease of each instance, by its identifier.
        creates: how often a create was received, by lease.
        touched: identifiers of all that was to be deleted or changed.
    """

    things: Sequence[Thing]
    made: Mapping[str, str]
    creates: Mapping[str, int]
    touched: frozenset[str]

    @classmethod
    def of(cls, told: tuple[Sequence[Thing], Mapping[str, Any]]) -> "Truth":
        """What an emulator tells."""
        things, counts = told
        return cls(things, dict(counts["made"]), dict(counts["creates"]), frozenset(counts["touched"]))

    def ours(self) -> list[Thing]:
        """What was made of our creates."""
        return [thing for thing in self.things if thing.id in self.made]


@dataclass(slots=True)
class Zeros:
    """What was found wrong; all of it has to be empty.

    Attributes:
        left: what is still alive though nobody uses it.
        foreign: what was done to things that are not ours.
        doubled: creates that were sent twice, or by a restart.
        ledger: what is wrong with the ledger, or missing in it.
        other: anything else that went wrong.
    """

    left: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        """All of it, in words."""
        named = (("left", self.left), ("foreign", self.foreign), ("doubled", self.doubled), ("ledger", self.ledger))
        return [f"{name}: {what}" for name, found in (*named, ("other", self.other)) for what in found]


def at_death(truth: Truth, folder: StateFolder) -> Iterator[str]:
    """What is wrong with the ledger that a process leaves: everything that was ordered is in it."""
    written = {row["key"] for row in folder.rows()}
    for lease in truth.creates:
        if lease not in written:
            yield f"{lease} was ordered, and the ledger does not know it"
    yield from wrong_moves(folder.moves())
    yield from wrong_rows(folder.rows())


def left(truth: Truth) -> Iterator[str]:
    """What is still alive of ours."""
    for thing in truth.ours():
        if thing.alive:
            yield f"{thing.id} ({truth.made[thing.id]}) is still there"


def foreign(truth: Truth, bystanders: Mapping[str, Thing]) -> Iterator[str]:
    """What was done to what is not ours."""
    now = {thing.id: thing for thing in truth.things}
    for identifier, thing in bystanders.items():
        if now.get(identifier) != thing:
            yield f"{thing.name} was {thing}, and is {now.get(identifier)}"
    for identifier in sorted(truth.touched - truth.made.keys()):
        yield f"somebody laid hands on {identifier}, which our creates did not make"


def doubled(before: Truth, after: Truth) -> Iterator[str]:
    """Creates that were sent more than once, or by who came later."""
    for lease, count in after.creates.items():
        if count > 1:
            yield f"the create of {lease} was sent {count} times"
        if lease in before.creates and count != before.creates[lease]:
            yield f"a restart sent the create of {lease}"


def unsettled(folder: StateFolder) -> Iterator[str]:
    """What is wrong with a ledger when all is over."""
    for row in folder.rows():
        if row["settled_at"] is None:
            yield f"the lease {row['key']} is still {row['state']}"
    yield from wrong_rows(folder.rows())
    yield from wrong_moves(folder.moves())
