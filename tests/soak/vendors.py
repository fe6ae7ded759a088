"""Four pretend vendors behind gates, in the soak's own loop, and everything that goes wrong with them."""

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from probe.sandbox import Fault, FaultKind
from probe.wire import RealClock
from tests.chaos.kill.backs import DATA, SandboxBack, Thing
from tests.chaos.kill.gate import Gate
from tests.chaos.kill.styles import CREDENTIALS, SANDBOX, bystanders
from tests.chaos.kill.tricks import Deed, Trick, TrickKind
from tests.chaos.kill.verdict import Truth

_FILES: Final = Path(__file__).parents[2] / "config" / "vendors"
_CHARACTER: Final = """\
soak:
  says: quick, so that much happens
  latency: {median: 4ms, spread: 1.5, tail: {share: 5%, median: 60ms}, most: 1s}
  build: {median: 400ms, spread: 1.5, most: 2s}
  delete: {median: 200ms, spread: 1.5, most: 1s}
"""
LATENESS: Final = 2.0
"""Seconds for which the vendors may not show what was created; their files are told so."""
_SECONDS: Final = {
    FaultKind.SLOW: 0.5,
    FaultKind.EXPIRED_TOKEN: 0.5,
    FaultKind.VANISH: 0.5,
    FaultKind.SLOW_DELETE: 3.0,
    FaultKind.GET_DELAY: 0.5 * LATENESS,
    FaultKind.LIST_DELAY: 0.5 * LATENESS,
    FaultKind.GHOST: 3.0,
    FaultKind.STALE_POINTS: 60.0,
}
_FAULTS: Final = tuple(FaultKind)
_OFTEN: Final = [0.1 if kind in {FaultKind.DENIED, FaultKind.QUOTA} else 1.0 for kind in FaultKind]
"""After those two nothing is rented for a minute and more."""
_TRICKS: Final = (
    (TrickKind.LOSE, Deed.CREATE),
    (TrickKind.LOSE, Deed.DELETE),
    (TrickKind.LOSE, None),
    (TrickKind.TWICE, Deed.CREATE),
    (TrickKind.ECHO, None),
    (TrickKind.LIE, Deed.DELETE),
    (TrickKind.FAIL, Deed.DELETE),
    (TrickKind.FAIL, None),
)


class Rented:
    """One vendor.

    Attributes:
        name: of the vendor entry, and of its style.
        gate: in front of it.
        troubles: what went wrong with it, by its name, and how often that was begun.
        bystanders: what others have there, by identifier.
    """

    def __init__(self, name: str, folder: Path, seed: str) -> None:
        use, idempotency = SANDBOX[name]
        self.name = f"by-{name}"
        self.clock = RealClock()
        self._back = SandboxBack(use, idempotency, self.clock, character="soak", seed=seed, data=(DATA, folder))
        self.gate = Gate(self._back, self.clock)
        self.troubles: Counter[str] = Counter()
        self.bystanders: dict[str, Thing] = {}

    async def open(self) -> None:
        """Serve, with what others have there."""
        await self.gate.start()
        for name, marks in bystanders().items():
            await self._back.put(name, marks)
        self.bystanders = {thing.id: thing for thing in await self._back.everything(())}

    def trouble(self, dice: random.Random) -> str:
        """Something goes wrong from now on, for some seconds; a word for it."""
        lasts = dice.uniform(0.5, 6.0)
        if dice.random() < 1 / 3:
            kind, deed = dice.choice(_TRICKS)
            ends = self.gate.age + lasts
            self.gate.tricks = [*self.gate.tricks, Trick(kind, deed, count=dice.randint(1, 4), lasts=ends)][-8:]
            word = f"{kind} {deed or 'anything'}"
        else:
            fault = dice.choices(_FAULTS, _OFTEN)[0]
            self._back.vendor.faults.inject(
                Fault(kind=fault, rate=dice.choice((0.2, 0.5, 1.0)), seconds=_SECONDS.get(fault, 0.0), lasts=lasts)
            )
            word = str(fault)
        self.troubles[word] += 1
        return word

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.gate.tricks = ()
        self._back.vendor.faults.withdraw()

    async def truth(self) -> Truth:
        """What there is and was."""
        gate = self.gate
        return Truth(await self._back.everything(()), dict(gate.made), dict(gate.creates), frozenset(gate.touched))

    def written(self, folder: Path) -> str:
        """Its entry in a configuration; its secrets go into *folder*."""
        imitation = self._back.vendor.imitation
        for word in CREDENTIALS[imitation.name]:
            file = folder / f"{self.name}-{word}"
            file.write_text(imitation.credentials[word])
            file.chmod(0o600)
        secrets = ", ".join(f"{word}: {{file: {self.name}-{word}}}" for word in CREDENTIALS[imitation.name])
        base = f"http://127.0.0.1:{self.gate.port}"
        places = ", ".join(f'{point.name}: "{base}{point.path}"' for point in imitation.endpoints if point.overrides)
        return (
            f"  {self.name}:\n    use: {imitation.name}\n    region: {imitation.region}\n"
            f"    endpoints: {{{places}}}\n    credentials: {{{secrets}}}\n"
            f"    account: {json.dumps(imitation.account)}\n"
        )


def write_character(folder: Path) -> Path:
    """A folder with the character that the soak's vendors have."""
    folder.mkdir()
    (folder / "characters.yaml").write_text(_CHARACTER)
    return folder


def write_vendor_files(folder: Path, names: Sequence[str]) -> Path:
    """Our own vendor files, but for how late a vendor may show what was created."""
    folder.mkdir()
    for name in names:
        text = (_FILES / f"{name}.yaml").read_text()
        text = re.sub(r"(\n    delay|\n  not_found_grace): \S+", rf"\1: {LATENESS:g}s", text)
        (folder / f"{name}.yaml").write_text(re.sub(r"poll: \{first: \S+,", "poll: {first: 100ms,", text))
    return folder
