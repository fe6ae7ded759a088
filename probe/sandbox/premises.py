"""What the effects of a route may use of a pretend vendor, and how they refuse."""

import random
from typing import Protocol

from probe.model.clock import Clock
from probe.sandbox.belongings import Belongings
from probe.sandbox.characters import Character
from probe.sandbox.faults import Fault, FaultKind
from probe.sandbox.imitation import Answer, Imitation, Mistake, Route
from probe.sandbox.instances import Instance, Instances
from probe.sandbox.tokens import Tokens
from probe.sandbox.views import Values
from probe.sandbox.works import Works


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
    works: Works
    belongings: Belongings
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
