"""What to do about what keeps an agent from renting, in few words, and where the runbook has the rest."""

from dataclasses import dataclass
from typing import Final

from probe.model.outcome import Skip
from probe.model.refusal import Cause


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a word means, and what to do about it.

    Attributes:
        meaning: what has happened; what is between backticks here and below is shown as code.
        todo: what to do next, in one or two sentences.
        runbook: the page and the heading that say more, as the alerts name them; empty where there is nothing to mend.
    """

    meaning: str
    todo: str
    runbook: str = ""


_BOOK: Final = "docs/operations.md#"

NO_LEDGER: Final = Remedy(
    "the agent could not open its state folder or its database",
    "The log has the sentence (`nothing will be rented`). A server that is away is looked for every minute; anything "
    "else takes mending, and then a restart.",
    f"{_BOOK}stabilityledgeraway",
)

OF_CAUSES: Final = {
    Cause.LEAKS: Remedy(
        "its deletion was asked for, and the vendor still shows it: it costs money",
        "`probe sweep --dry-run` says what would be tried, `probe sweep` tries at once. What stays is deleted in the "
        "vendor's console; the next sweep sees that, and renting goes on by itself.",
        f"{_BOOK}stabilityresourcesleaked",
    ),
    Cause.DELETES: Remedy(
        "the vendor took the deletion on, or never answered, and did not do it",
        "`probe instances` names it. Its vendor entry must still be in the configuration, with its secrets, or nobody "
        "sweeps it; then `probe sweep`, and in the end the vendor's console.",
        f"{_BOOK}stabilitydeletionstuck",
    ),
    Cause.DENIED: Remedy(
        "the vendor answered an order with: you may not",
        "`probe check --secrets`: are the credentials right, and may they create? One order is tried now and again, "
        "and the first that goes through ends this. Nothing of it counts against the vendor.",
        f"{_BOOK}stabilityrentingstopped",
    ),
    Cause.QUOTA: Remedy(
        "the vendor answered an order with: your account is full",
        "`probe sweep --dry-run` shows what of it is ours. Delete, or ask the vendor for more; the first order that "
        "goes through ends this. Nothing of it counts against the vendor.",
        f"{_BOOK}stabilityrentingstopped",
    ),
}

OF_SKIPS: Final = {
    Skip.OVERLAP: Remedy(
        "the probe's last run was still on",
        "Nothing, if it is rare: something was slow. Else let it run less often, or shorten its deadline.",
        "docs/deployment.md#stabilityprobestale",
    ),
    Skip.BUSY: Remedy(
        "too many runs were on at once, and no place came free in time",
        "Raise `agent.places`, or let probes run less often.",
        "docs/deployment.md#stabilityprobestale",
    ),
    Skip.LATE: Remedy(
        "it was noticed too late to measure honestly: the machine slept or had no time for us",
        "Give the agent more CPU if it goes on.",
        "docs/deployment.md#stabilityprobestale",
    ),
    Skip.QUOTA: Remedy(
        "a guard of yours: so many instances at once, per hour, or per day",
        "Nothing, if that is the plan. `probe instances` shows what is held; the numbers are under `guards`.",
        f"{_BOOK}limits-that-pause-renting",
    ),
    Skip.BUDGET: Remedy(
        "`guards.spend_per_day` is spent, or the account has no requests left",
        "Nothing, if that is the plan. Else raise it, or let probes run less often.",
        f"{_BOOK}limits-that-pause-renting",
    ),
    Skip.BREAKER: Remedy(
        "renting is stopped, as said above, or was until lately; or there is no ledger",
        "Mend what is said above; if nothing is, it has mended itself.",
        f"{_BOOK}limits-that-pause-renting",
    ),
    Skip.MAINTENANCE: Remedy("the vendor announced maintenance", "Nothing."),
    Skip.PAUSED: Remedy("somebody paused it", "Nothing."),
    Skip.SHARD: Remedy("it is another agent's turn", "Nothing."),
    Skip.STOPPED: Remedy("the agent was stopped or reloaded, and gave back what the run had rented", "Nothing."),
}
