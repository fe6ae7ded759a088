"""The control checks of a configuration, made of the wire."""

from dataclasses import dataclass
from typing import Final

from probe.engine.controls import Check, Rules
from probe.model.clock import Clock
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.settings.configuration import Asked, Configuration, PlannedCheck
from probe.wire import Route, Wire

_ANSWERED: Final = frozenset({"NOERROR", "NXDOMAIN"})


@dataclass(frozen=True, slots=True)
class WireCheck:
    """A reference that is asked over the wire.

    Attributes:
        plan: whom to ask what.
        wire: what it is asked over.
        clock: what the wire is timed on.
    """

    plan: PlannedCheck
    wire: Wire
    clock: Clock

    @property
    def name(self) -> str:
        """The `check` label."""
        return self.plan.name

    async def ask(self) -> None:
        """Ask it once.

        Raises:
            ProbeFailed: it did not answer.
        """
        plan, watch = self.plan, Stopwatch(self.clock)
        match plan.asked:
            case Asked.GATEWAY:
                await self.wire.gateway()
            case Asked.HTTPS:
                await self.wire.handshake(plan.host, plan.port, watch, Route(trust=plan.trust))
            case Asked.RESOLVER:
                server = f"[{plan.host}]:{plan.port}" if ":" in plan.host else f"{plan.host}:{plan.port}"
                answer = await self.wire.ask(plan.query, "A", server, watch, Route())
                if answer.rcode not in _ANSWERED:
                    raise ProbeFailed(Outcome.UNEXPECTED, f"answered {answer.rcode}")


def rules_of(configuration: Configuration, wire: Wire, clock: Clock) -> Rules:
    """The control checks that *configuration* wants; none where it measures no vendor."""
    plan = configuration.controls
    measured = any(probe.vendors for probe in configuration.probes)
    checks: tuple[Check, ...] = tuple(WireCheck(check, wire, clock) for check in plan.checks) if measured else ()
    return Rules(checks=checks, quorum=plan.quorum, within=plan.within, every=plan.every)
