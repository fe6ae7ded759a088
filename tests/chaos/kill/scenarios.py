"""What is tried: each scenario says what goes wrong, and at which of a run's steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from tests.chaos.kill.household import PATROL
from tests.chaos.kill.mutants import Mutant
from tests.chaos.kill.steps import KINDS
from tests.chaos.kill.styles import SANDBOX, STYLES

T = TypeVar("T")

HOUR: Final = 3600.0
DAY: Final = 86_400.0
SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
LEDGERS: Final = (SQLITE, POSTGRESQL)


class Act(StrEnum):
    """What happens at the step.

    Attributes:
        KILL: the process is killed.
        JUMP: its wall clock jumps, and it goes on.
        JUMP_AND_KILL: its wall clock jumps, and it is killed.
        FULL: the disk is full from then on.
        LOCK: another process keeps the ledger locked, for longer than anybody waits.
        DAMAGE: the process is killed, and then the ledger's files are damaged.
        SERVER_KILL: the ledger's server is killed, and started after some turns of the loop; the agent goes on.
        SERVER_STOP: the same, with a server that is stopped in a hurry.
        SERVER_HANG: the ledger's server hangs while an hour passes.
        LOST_COMMIT: a transaction is committed, and the server killed before it says so.
        BOTH: the ledger's server and the agent are killed.
        AGAIN: the next process is killed at this step of its sweep; the first one was at another.
    """

    KILL = "kill"
    JUMP = "jump"
    JUMP_AND_KILL = "jump-and-kill"
    FULL = "full"
    LOCK = "lock"
    DAMAGE = "damage"
    SERVER_KILL = "server-kill"
    SERVER_STOP = "server-stop"
    SERVER_HANG = "server-hang"
    LOST_COMMIT = "lost-commit"
    BOTH = "both"
    AGAIN = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Something that goes wrong, at every step of a run or at some.

    Attributes:
        name: for the command line.
        says: what goes wrong, for people.
        act: what happens at the step.
        kinds: at which kinds of steps.
        points: how many steps, spread evenly over the run; None for every one.
        styles: at which vendors.
        ledgers: with which ledgers.
        tricks: what the network does to requests, from the beginning on.
        faults: what is wrong with the sandbox's vendor.
        unfiltered: whether lists show everything, whatever is asked for.
        jump: seconds by which the wall clock jumps.
        patrol: seconds between two sweeps.
        lease_long: whether what is left may have to wait for the end of its lease.
        first_start: whether the state folder is a new one.
        mutant: what is done wrong on purpose.
        finds: of which of the four zeros that must make something else.
    """

    name: str
    says: str
    act: Act = Act.KILL
    kinds: tuple[str, ...] = KINDS
    points: int | None = None
    styles: tuple[str, ...] = STYLES
    ledgers: tuple[str, ...] = LEDGERS
    tricks: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    unfiltered: bool = False
    jump: float = 0.0
    patrol: float = PATROL
    lease_long: bool = False
    first_start: bool = False
    mutant: Mutant = Mutant.NONE
    finds: str = ""


OUTAGES: Final = frozenset({Act.SERVER_KILL, Act.SERVER_STOP, Act.SERVER_HANG, Act.LOST_COMMIT})
"""What happens to the ledger's server only: the agent goes on."""
_SOME: Final = 8
_BEFORE_WRITES: Final = ("writing", "committing")
_SANDBOX: Final = tuple(SANDBOX)
_LATE: Final = [
    {"kind": "list_delay", "operation": "create", "seconds": 8.0},
    {"kind": "get_delay", "operation": "create", "seconds": 6.0},
    {"kind": "ghost", "operation": "delete", "seconds": 40.0},
]

EVERY_STEP: Final = Scenario(name="steps", says="killed at every step of a lifecycle")
SOME_STEPS: Final = Scenario(name="some-steps", says="killed at some steps of a lifecycle", points=100)

MATRIX: Final = (
    Scenario(
        name="first", says="killed while a new state folder is used for the first time", points=_SOME, first_start=True
    ),
    Scenario(
        name="lost",
        says="the answer to the create is lost",
        points=_SOME,
        tricks=[{"kind": "lose", "deed": "create"}],
    ),
    Scenario(
        name="lost-delete",
        says="the answers to the first two deletes are lost",
        points=_SOME,
        tricks=[{"kind": "lose", "deed": "delete", "count": 2}],
    ),
    Scenario(name="echo", says="every answer comes twice", points=_SOME, tricks=[{"kind": "echo"}]),
    Scenario(
        name="twice",
        says="something between sends every create on twice",
        points=_SOME,
        tricks=[{"kind": "twice", "deed": "create"}],
        lease_long=True,
    ),
    Scenario(
        name="lying",
        says="deletes are acknowledged and not done, for ten minutes",
        points=_SOME,
        tricks=[{"kind": "lie", "deed": "delete", "lasts": 600.0}],
        patrol=300.0,
    ),
    Scenario(
        name="hour",
        says="deletes fail for an hour",
        points=_SOME,
        tricks=[{"kind": "fail", "deed": "delete", "lasts": HOUR}],
        patrol=900.0,
    ),
    Scenario(name="late", says="the vendor's lists lag behind", points=_SOME, styles=_SANDBOX, faults=_LATE),
    Scenario(name="unfiltered", says="lists show everything", points=_SOME, styles=_SANDBOX, unfiltered=True),
    Scenario(
        name="leftover",
        says="what came with an instance outlives it, whatever the vendor says",
        points=_SOME,
        styles=("volumes",),
        faults=[{"kind": "leftover", "operation": "delete"}],
    ),
    Scenario(name="day-on", says="the wall clock jumps a day on", act=Act.JUMP, points=_SOME, jump=DAY),
    Scenario(name="day-back", says="the wall clock jumps a day back", act=Act.JUMP, points=_SOME, jump=-DAY),
    Scenario(
        name="day-on-kill",
        says="the wall clock jumps a day on at the kill",
        act=Act.JUMP_AND_KILL,
        points=_SOME,
        jump=DAY,
    ),
    Scenario(
        name="day-back-kill",
        says="the wall clock jumps a day back at the kill",
        act=Act.JUMP_AND_KILL,
        points=_SOME,
        jump=-DAY,
    ),
    Scenario(
        name="full", says="the disk is full from a write on", act=Act.FULL, kinds=_BEFORE_WRITES, ledgers=(SQLITE,)
    ),
    Scenario(name="locked", says="the ledger is locked by another process", act=Act.LOCK, kinds=("writing",)),
    Scenario(
        name="damage",
        says="the ledger's files are damaged after the kill",
        act=Act.DAMAGE,
        kinds=("committed",),
        ledgers=(SQLITE,),
    ),
    Scenario(name="again", says="killed, and killed again during the sweep after it", act=Act.AGAIN, points=6),
)

SERVER: Final = (
    Scenario(
        name="server-kill",
        says="the ledger's server is killed, and started again",
        act=Act.SERVER_KILL,
        points=4 * _SOME,
        ledgers=(POSTGRESQL,),
    ),
    Scenario(
        name="server-stop",
        says="the ledger's server is stopped at once, and started again",
        act=Act.SERVER_STOP,
        points=2 * _SOME,
        ledgers=(POSTGRESQL,),
    ),
    Scenario(
        name="server-hang",
        says="the ledger's server hangs for an hour",
        act=Act.SERVER_HANG,
        points=2 * _SOME,
        ledgers=(POSTGRESQL,),
    ),
    Scenario(
        name="lost-commit",
        says="the ledger's server is killed between a commit and its answer",
        act=Act.LOST_COMMIT,
        kinds=("committing",),
        ledgers=(POSTGRESQL,),
    ),
    Scenario(
        name="both",
        says="the ledger's server is killed together with the agent",
        act=Act.BOTH,
        points=2 * _SOME,
        ledgers=(POSTGRESQL,),
    ),
)
"""What only a ledger in a server suffers."""

MUTANTS: Final = (
    Scenario(
        name="late-intent",
        says="intents are written after the create",
        kinds=("sent", "reading", "read"),
        styles=("token",),
        mutant=Mutant.LATE_INTENT,
        finds="ledger",
    ),
    Scenario(
        name="retries",
        says="creates without an answer are sent again",
        points=2,
        styles=("none",),
        tricks=[{"kind": "lose", "deed": "create", "count": 1}],
        mutant=Mutant.RETRIES,
        finds="doubled",
    ),
    Scenario(name="blind", says="nothing is looked at", points=12, styles=("none",), mutant=Mutant.BLIND, finds="left"),
    Scenario(
        name="by-name",
        says="names are taken for proofs",
        points=2,
        styles=("none",),
        unfiltered=True,
        mutant=Mutant.BY_NAME,
        finds="foreign",
    ),
    Scenario(
        name="careless",
        says="nobody looks for what came with an instance",
        points=4,
        styles=("volumes",),
        faults=[{"kind": "leftover", "operation": "delete"}],
        mutant=Mutant.CARELESS,
        finds="left",
    ),
)

SCENARIOS: Final = {scenario.name: scenario for scenario in (EVERY_STEP, SOME_STEPS, *MATRIX, *SERVER, *MUTANTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One try.

    Attributes:
        scenario: what goes wrong.
        style: at which vendor.
        ledger: with which ledger.
        step: at which step; of scenarios with two kills, both (`sent:3+turn:9`); of damages, with which; of outages,
            for how many turns.
    """

    scenario: Scenario
    style: str
    ledger: str = SQLITE
    step: str = field(default="")

    @property
    def rents_again(self) -> bool:
        """Whether the next process is to show that it can rent: it takes as long as all the rest."""
        return not self.scenario.tricks and self.step.partition(":")[0] in {"sent", "committed", "writing"}

    @property
    def replay(self) -> str:
        """The command that tries just this."""
        scenario = "" if self.scenario is EVERY_STEP else f" --scenario {self.scenario.name}"
        ledger = "" if self.ledger == SQLITE else f" --ledger {self.ledger}"
        return f"python -m tests.chaos.kill --style {self.style}{ledger}{scenario} --point {self.step}"


def spread(steps: Sequence[T], points: int | None) -> list[T]:
    """As many of *steps* as there are to be *points*, evenly spread, ends included."""
    if points is None or points >= len(steps):
        return list(steps)
    if points <= 1:
        return list(steps[:points])
    return [steps[round(number * (len(steps) - 1) / (points - 1))] for number in range(points)]
