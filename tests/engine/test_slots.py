"""The account of the slots."""

import pytest

from probe.engine.slots import Account
from probe.model.outcome import Skip
from tests.fakes.meter import RecordingMeter
from tests.fakes.probes import own

A = own("a")


def test_every_way_a_slot_can_end_keeps_the_account_balanced() -> None:
    """Runs + skipped + in flight = due after each step, and the meter hears the same."""
    meter = RecordingMeter()
    account = Account(meter)
    account.due(A, 4)
    account.skip(A, Skip.LATE, 2)
    first, second = account.take_up(A), account.take_up(A)
    assert account.tally(A).balanced
    assert account.tally(A).in_flight == 2
    first.ran()
    assert account.tally(A).balanced
    second.skip(Skip.QUOTA)
    tally = account.tally(A)
    assert tally.balanced
    assert (tally.due, tally.runs, tally.in_flight) == (4, 1, 0)
    assert tally.skipped == {Skip.LATE: 2, Skip.QUOTA: 1}
    assert (meter.due[A], meter.in_flight[A]) == (4, 0)
    assert meter.skipped == {(A, Skip.LATE): 2, (A, Skip.QUOTA): 1}


def test_a_slot_ends_once() -> None:
    """Ending it twice is a bug that shows."""
    account = Account(RecordingMeter())
    account.due(A, 1)
    slot = account.take_up(A)
    slot.ran()
    with pytest.raises(ValueError, match="over already"):
        slot.skip(Skip.BUSY)


def test_a_missing_slot_unbalances_the_tally() -> None:
    """The check can fail: a slot that became nothing is seen."""
    account = Account(RecordingMeter())
    account.due(A, 1)
    assert not account.tally(A).balanced


def test_a_retired_target_is_forgotten_and_told() -> None:
    """Its counters may go."""
    meter = RecordingMeter()
    account = Account(meter)
    account.due(A, 1)
    account.skip(A, Skip.LATE)
    account.retire(A)
    assert meter.retired == [A]
    assert account.tally(A).due == 0
