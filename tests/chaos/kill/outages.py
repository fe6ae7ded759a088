"""The ledger's server goes away in the middle of a run, and comes back: the agent goes on, and is not started anew."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from tests.chaos.kill.household import Household, persevere
from tests.chaos.kill.ledgers import StateFolder
from tests.chaos.kill.processes import Ask
from tests.chaos.kill.remote import MortalPostgres
from tests.chaos.kill.steps import Steps

BLOWS: Final[Mapping[str, Callable[[MortalPostgres], None]]] = {
    "server-kill": MortalPostgres.kill,
    "server-stop": MortalPostgres.stop,
    "server-hang": MortalPostgres.hang,
    "lost-commit": MortalPostgres.lose_commit,
    "go-on": MortalPostgres.go_on,
}
"""What is done to a server, by the word with which it is asked for."""
END: Final = "end"
LENGTHS: Final = ("2", "40", END)
"""How many turns of the agent's loop an outage lasts; or until its run has ended."""
_HUNG: Final = 0.15
"""Seconds for which a server hangs, twice: and in between an hour passes."""
_HOUR: Final = 3600.0
_PATIENCE: Final = 30.0
"""What the agent has."""


def with_lengths(steps: Sequence[str], act: str) -> list[str]:
    """*steps* with outages of every length by turns; those that hang, or lose a commit, have but one."""
    if act in {"server-kill", "server-stop"}:
        return [f"{step}/{LENGTHS[number % len(LENGTHS)]}" for number, step in enumerate(steps)]
    return list(steps)


def hold_out(
    household: Household, state: StateFolder, at: str, act: str, length: str, ask_parent: Ask
) -> dict[str, Any]:
    """An agent whose server suffers *act* at the step *at*; how it ended."""
    steps, struck, one_at_a_time = Steps(), threading.Event(), threading.Lock()
    hangs: list[threading.Thread] = []

    def ask(what: str) -> None:  # by whatever thread takes the step
        with one_at_a_time:
            ask_parent(what)

    def hang() -> None:
        time.sleep(_HUNG)
        household.time.passed += _HOUR
        steps.wake()
        time.sleep(_HUNG)
        ask("go-on")

    def strike() -> None:
        struck.set()
        ask(act)
        if act == "server-hang":
            hangs.append(threading.Thread(target=hang, daemon=True))
            hangs[0].start()
        elif length != END:
            steps.in_turns(int(length or LENGTHS[0]), partial(ask, "go-on"))

    def mend() -> None:
        for thread in hangs:
            thread.join()  # it ends by itself
        ask("go-on")

    steps.acts[at] = strike
    impatient = replace(household, patience=_PATIENCE if act == "server-hang" else household.patience)
    told = persevere(impatient, state, steps, mend)
    return {**told, "struck": struck.is_set()}
