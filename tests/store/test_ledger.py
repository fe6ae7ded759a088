"""The ledger keeps what we may have to pay for, and only makes moves that the table knows."""

import asyncio
import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from probe.model.instance import MOVES, Lease, LeaseState
from probe.model.outcome import Skip
from probe.model.refusal import Refusal
from probe.store import Holdings, IntentRefused, LedgerPlace, Store, StoreFailed, WrongMove
from tests.fakes.leases import WALL, a_lease
from tests.fakes.ownership import OwnershipMeter

HOUR = 3600.0
NO = Refusal(Skip.QUOTA, "no")


async def test_a_lease_comes_back_as_it_was_written(store: Store) -> None:
    """Every field survives the disk."""
    lease = a_lease(
        state=LeaseState.LEAKED,
        instance_id="i-1",
        handed_over=True,
        handed_over_at=WALL + 1.5,
        delete_requested_at=WALL + 2.25,
        settled_at=WALL + 3.125,
        note="why not",
        size="small",
        currency="EUR",
        price=6_000,
        rounds_up_to=3600.0,
        cost=6_000,
    )
    await store.ledger.intend(lease)
    assert await store.ledger.get(lease.key) == lease


async def test_an_intent_is_written_once(store: Store) -> None:
    """A key is unique: a second intent under it is refused."""
    await store.ledger.intend(a_lease())
    with pytest.raises(StoreFailed):
        await store.ledger.intend(a_lease(vendor="other"))
    assert await store.ledger.all(10) == [a_lease()]


async def test_open_leases_are_those_that_may_still_cost(store: Store) -> None:
    """What is gone or void is not open; the others are, oldest first."""
    for number, state in enumerate(LeaseState):
        await store.ledger.intend(a_lease(str(state), state=state, intended_at=WALL - number))
    assert [lease.state for lease in await store.ledger.open_leases()] == [
        LeaseState.LEAKED,
        LeaseState.DELETING,
        LeaseState.ACTIVE,
        LeaseState.INTENDED,
    ]


async def test_questions_are_asked_of_one_vendor_or_of_all(store: Store) -> None:
    """Each question can be narrowed down to a vendor entry."""
    await store.ledger.intend(a_lease("a", intended_at=WALL))
    await store.ledger.intend(a_lease("b", intended_at=WALL + 5))
    await store.ledger.intend(a_lease("c", intended_at=WALL + 9, vendor="other", probe="second"))
    ledger = store.ledger
    assert [lease.key for lease in await ledger.open_leases("acme")] == ["a", "b"]
    assert await ledger.created_since("acme", WALL) == 1
    assert await ledger.created_since(None, WALL) == 2
    assert await ledger.last_intent("acme", "lifecycle") == WALL + 5
    assert await ledger.last_intent("acme", "second") is None
    assert [lease.key for lease in await ledger.all(2)] == ["c", "b"]
    assert await ledger.get("nobody") is None


async def test_a_guard_that_objects_leaves_nothing(store: Store) -> None:
    """A refused intent is not written."""
    with pytest.raises(IntentRefused, match="no"):
        await store.ledger.intend(a_lease(), lambda _own, _all: NO)
    assert await store.ledger.all(10) == []


async def test_a_guard_is_told_what_is_held_and_ordered(store: Store) -> None:
    """Open leases, and intents of the last hour and day, of the vendor and of all; settled ones were ordered, too."""
    await store.ledger.intend(a_lease("a", intended_at=WALL - 25 * HOUR))
    await store.ledger.intend(a_lease("b", intended_at=WALL - 2 * HOUR, state=LeaseState.GONE))
    await store.ledger.intend(a_lease("c", intended_at=WALL - 60, state=LeaseState.VOID))
    await store.ledger.intend(a_lease("d", intended_at=WALL - 30, vendor="other"))
    told: list[Holdings] = []

    def listen(own: Holdings, everybody: Holdings) -> None:
        told.extend([own, everybody])

    await store.ledger.check("acme", WALL, listen)
    assert told == [Holdings(open=1, last_hour=1, last_day=2), Holdings(open=2, last_hour=2, last_day=3)]


async def test_two_never_pass_a_guard_with_room_for_one(folder: Path, store: Store, place: LedgerPlace | None) -> None:
    """Counting and writing are one step, for two runs of one process and for two processes alike."""

    def one(own: Holdings, _all: Holdings) -> Refusal | None:
        return NO if own.open else None

    async with await Store.open(folder, ledger=place) as other:
        attempts = [
            ledger.intend(a_lease(f"{name}{number}"), one)
            for number in range(5)
            for name, ledger in (("here", store.ledger), ("there", other.ledger))
        ]
        results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, IntentRefused) for result in results) == 9


async def test_a_wrong_move_is_told_and_not_made(
    store: Store, meter: OwnershipMeter, caplog: pytest.LogCaptureFixture
) -> None:
    """A move that the table does not know is an error in the log, counted, raises, and leaves the record as it was."""
    await store.ledger.intend(a_lease())
    with caplog.at_level(logging.ERROR), pytest.raises(WrongMove, match="intended cannot become leaked"):
        await store.ledger.change(a_lease().key, lambda lease: lease.moved(LeaseState.LEAKED))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert (meter.wrong_moves, meter.write_errors) == (1, 0)
    assert await store.ledger.get(a_lease().key) == a_lease()


async def test_the_ledger_checks_a_move_itself(store: Store) -> None:
    """A step that goes round the table is refused, and so is a change to what is settled."""
    await store.ledger.intend(a_lease())
    with pytest.raises(WrongMove):
        await store.ledger.change(a_lease().key, lambda lease: replace(lease, state=LeaseState.GONE))
    await store.ledger.change(a_lease().key, lambda lease: lease.moved(LeaseState.VOID))
    with pytest.raises(WrongMove, match="final"):
        await store.ledger.change(a_lease().key, lambda lease: replace(lease, note="after all"))


async def test_a_lease_that_is_not_there_cannot_change(store: Store) -> None:
    """A change to a lease that was never written fails."""
    with pytest.raises(StoreFailed, match="no lease nobody"):
        await store.ledger.change("nobody", lambda lease: lease)


class LedgerMoves(RuleBasedStateMachine):
    """Any sequence of moves, against the table."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.Runner()
        self.store = self.loop.run(Store.open(Path(self.folder.name)))
        self.expected: dict[str, Lease] = {}

    @initialize()
    def begin(self) -> None:
        """Write three intents."""
        for key in ("a", "b", "c"):
            self.expected[key] = a_lease(key)
            self.loop.run(self.store.ledger.intend(self.expected[key]))

    @rule(key=st.sampled_from("abc"), state=st.sampled_from(LeaseState), note=st.text(max_size=5))
    def move(self, key: str, state: LeaseState, note: str) -> None:
        """Try a move: made if the table allows it, else refused."""
        note = note.replace("\0", "\N{SYMBOL FOR NULL}")  # what not every database takes
        change = self.store.ledger.change(key, lambda lease: replace(lease, state=state, note=note))
        before = self.expected[key]
        stays = state is before.state and (not before.state.settled or note == before.note)
        if stays or state in MOVES[before.state]:
            self.expected[key] = self.loop.run(change)
            assert self.expected[key] == replace(before, state=state, note=note)
        else:
            with pytest.raises(WrongMove):
                self.loop.run(change)

    @rule()
    def restart(self) -> None:
        """Close the store and open it again."""
        self.loop.run(self.store.close())
        self.store = self.loop.run(Store.open(Path(self.folder.name)))

    @invariant()
    def the_disk_holds_what_is_expected(self) -> None:
        """Nothing but the moves that were made is in the ledger."""
        found = {lease.key: lease for lease in self.loop.run(self.store.ledger.all(10))}
        assert found == self.expected

    def teardown(self) -> None:
        """Close everything."""
        self.loop.run(self.store.close())
        self.loop.close()
        self.folder.cleanup()


LedgerMoves.TestCase.settings = settings(
    max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLedgerMoves = LedgerMoves.TestCase
