"""Many vendors with the same probes."""

from collections.abc import Sequence

from probe.exposition.history import History
from probe.model.outcome import Outcome
from tests.fakes.jobs import FakeApi, fake_job, fake_run


def crowd(now: float, vendors: int, *, failing: int, probes: Sequence[str] = ("read", "boot")) -> History:
    """So many *vendors* v0, v1, ... five runs each; the first *failing* failed them, the last is ten times as slow."""
    history = History()
    jobs = [fake_job(FakeApi(), probe, vendor=f"v{number}") for number in range(vendors) for probe in probes]
    history.announce(jobs)
    for job in jobs:
        number = int(job.target.vendor[1:])
        for place in range(5):
            outcome = Outcome.TIMEOUT if number < failing else Outcome.OK
            seconds = 10.0 if number == vendors - 1 else 1.0
            history.record(fake_run(job, at=now - 60 + place, outcome=outcome, seconds=seconds))
    return history
