"""When failures in a row become an outage."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.engine.outages import OPENS_AT, Outages, after
from probe.model.measurement import Measurement
from probe.model.outage import OutageRecord
from probe.model.outcome import Outcome
from probe.model.target import Target
from probe.store.trouble import StoreFailed
from tests.fakes.meter import RecordingMeter
from tests.fakes.probes import own

A = own("a")


class Shelf:
    """A store in memory that may refuse."""

    def __init__(self) -> None:
        self.records: dict[Target, OutageRecord] = {}
        self.refuses = 0

    async def load(self) -> Mapping[Target, OutageRecord]:
        """Every record that was saved."""
        return dict(self.records)

    async def save(self, records: Mapping[Target, OutageRecord]) -> None:
        """Keep *records*."""
        if self.refuses:
            self.refuses -= 1
            raise StoreFailed("the disk is full")
        self.records.update(records)


def found(outcome: Outcome, started: float) -> Measurement:
    """A run that ended as *outcome*."""
    return Measurement(run_id="r", kind="http", target=A, due=started, started=started, seconds=0.1, outcome=outcome)


def told(*outcomes: Outcome) -> tuple[int, float, bool]:
    """What the meter last heard after runs that ended as *outcomes*, ten seconds apart."""
    meter = RecordingMeter()
    outages = Outages(meter)
    outages.announce([A])
    for number, outcome in enumerate(outcomes):
        outages.record(found(outcome, 10.0 * number))
    return meter.told_outages[A]


OK, DOWN, OURS = Outcome.OK, Outcome.TIMEOUT, Outcome.BUG


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((OK, DOWN, DOWN, OK), (0, 0.0, False)),
        ((OK, DOWN, DOWN, DOWN), (1, 20.0, True)),
        ((OK, DOWN, DOWN, DOWN, DOWN), (1, 30.0, True)),
        ((OK, DOWN, DOWN, DOWN, OK), (1, 30.0, False)),
        ((DOWN, DOWN, OK, DOWN, DOWN, OK), (0, 0.0, False)),
        ((DOWN, DOWN, DOWN, OK, DOWN, DOWN, DOWN), (2, 50.0, True)),
        ((DOWN, OURS, DOWN, OURS, DOWN), (1, 40.0, True)),
        ((OURS, OURS, OURS, OURS), (0, 0.0, False)),
        ((DOWN, DOWN, DOWN, OURS, OURS), (1, 20.0, True)),
    ],
)
def test_three_failed_valid_runs_in_a_row_open_and_one_ok_closes(
    outcomes: tuple[Outcome, ...], expected: tuple[int, float, bool]
) -> None:
    """An outage begins with the first failed run; runs that were not the vendor's fault neither open nor close."""
    assert told(*outcomes) == expected


@given(st.lists(st.tuples(st.booleans(), st.floats(min_value=-5, max_value=100)), max_size=40))
def test_numbers_and_lengths_of_outages_never_go_down(runs: list[tuple[bool, float]]) -> None:
    """They are counters, even when the wall clock is set back."""
    record, now = OutageRecord(), 1_000.0
    for ok, passed in runs:
        now += passed
        following = after(record, ok=ok, started=now)
        assert following.count >= record.count
        assert following.seconds >= record.seconds
        assert following.active == (following.failed_in_row >= OPENS_AT)
        record = following


async def test_an_outage_survives_a_restart() -> None:
    """An agent that starts in an outage counts it on, not anew."""
    shelf, first = Shelf(), RecordingMeter()
    before = Outages(first, shelf)
    for number in range(3):
        before.record(found(DOWN, 10.0 * number))
    await before.save()
    meter = RecordingMeter()
    outages = Outages(meter, shelf)
    await outages.load()
    outages.announce([A, own("b")])
    assert meter.told_outages == {A: (1, 20.0, True), own("b"): (0, 0.0, False)}
    outages.record(found(OK, 60.0))
    assert meter.told_outages[A] == (1, 60.0, False)


async def test_changes_are_kept_while_the_agent_runs() -> None:
    """Nobody has to ask."""
    shelf = Shelf()
    outages = Outages(RecordingMeter(), shelf)
    keeping = asyncio.create_task(outages.keep())
    outages.record(found(DOWN, 1.0))
    await asyncio.sleep(0.01)
    keeping.cancel()
    assert shelf.records[A].failed_in_row == 1


async def test_what_could_not_be_written_is_kept_for_the_next_time() -> None:
    """A full disk loses no outage."""
    shelf, meter = Shelf(), RecordingMeter()
    shelf.refuses = 1
    outages = Outages(meter, shelf)
    outages.record(found(DOWN, 1.0))
    keeping = asyncio.create_task(outages.keep())
    await asyncio.sleep(0.01)
    keeping.cancel()
    assert meter.write_errors == 1
    await outages.save()
    assert shelf.records[A] == replace(OutageRecord(), failed_in_row=1, failing_since=1.0)


async def test_runs_that_change_nothing_are_not_written() -> None:
    """A healthy target costs no disk."""
    shelf = Shelf()
    outages = Outages(RecordingMeter(), shelf)
    outages.record(found(OK, 1.0))
    await outages.save()
    assert shelf.records == {}


async def test_a_store_that_comes_late_is_gone_on_from() -> None:
    """What happened before it was there is not lost, and an outage that lasted all the while is one."""
    shelf, meter = Shelf(), RecordingMeter()
    b, c = own("b"), own("c")
    earlier = OutageRecord(failed_in_row=5, failing_since=10.0, active=True, counted_until=40.0, count=2, seconds=50.0)
    shelf.records = {A: earlier, b: replace(earlier, active=False, failed_in_row=0, failing_since=None), c: earlier}
    outages = Outages(meter)
    for target in (A, b):
        for number in range(OPENS_AT):
            outages.record(replace(found(Outcome.TIMEOUT, 100.0 + number), target=target))
    await outages.save()
    await outages.adopt(shelf)
    await outages.save()
    assert [shelf.records[target].count for target in (A, b, c)] == [2, 3, 2]
    assert [shelf.records[target].seconds for target in (A, b, c)] == [52.0, 52.0, 50.0]
    assert shelf.records[A].active
    assert outages.of(c) == earlier
