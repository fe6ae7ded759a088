"""The schedule, rung by hand: each slot accounted for."""

import asyncio
import random
from dataclasses import replace

import pytest

from probe.engine.engine import Engine
from probe.engine.runner import Runner
from probe.model.job import Job
from probe.model.outcome import Outcome, ProbeFailed, RunSkipped, Skip
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from tests.fakes.bell import HandBell
from tests.fakes.clock import FakeClock
from tests.fakes.meter import RecordingMeter
from tests.fakes.probes import ActingProbe, KeepingSink, job, own


class Stage:
    """An engine on a clock and a bell that a test moves."""

    def __init__(self, places: int = 100) -> None:
        self.clock = FakeClock()
        self.bell = HandBell()
        self.meter = RecordingMeter()
        self.sink = KeepingSink()
        self.engine = Engine(
            Runner(self.clock, [self.sink]),
            self.meter,
            self.clock,
            agent_id="agent",
            places=places,
            bell=self.bell,
        )

    def to_next_slot(self) -> None:
        """Let time pass until something is due, and ring."""
        self.clock.pass_time(max(0.0, self.bell.next_due() - self.clock.wall()) + 1e-6)
        self.bell.ring()

    def pass_and_ring(self, seconds: float) -> None:
        """Let time pass and ring once."""
        self.clock.pass_time(seconds)
        self.bell.ring()

    def skipped(self, target: Target) -> dict[Skip, int]:
        """Why slots of *target* were skipped; the account has to balance."""
        tally = self.engine.account.tally(target)
        assert tally.balanced
        assert tally.due == self.meter.due[target]
        assert tally.in_flight == self.meter.in_flight[target]
        return dict(tally.skipped)


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(8):
        await asyncio.sleep(0)


async def hang(watch: Stopwatch) -> None:
    """Never answer."""
    del watch
    await asyncio.get_running_loop().create_future()


async def test_what_is_due_runs_and_is_measured() -> None:
    """A due slot becomes a run; the sinks hear when it was due."""
    stage = Stage()
    stage.engine.start([job()])
    due = stage.bell.next_due()
    stage.to_next_slot()
    await turns()
    assert stage.skipped(own("a")) == {}
    assert stage.engine.account.tally(own("a")).runs == 1
    assert stage.sink.kept[0].due == pytest.approx(due)
    assert stage.meter.lateness == [pytest.approx(0.0, abs=1e-3)]
    await stage.engine.stop(1.0)


async def test_a_ring_when_nothing_is_due_changes_nothing() -> None:
    """A bell may ring early."""
    stage = Stage()
    stage.engine.start([job(every=60.0)])
    stage.bell.ring()
    assert stage.engine.account.tally(own("a")).due == 0
    await stage.engine.stop(1.0)


async def test_a_run_that_is_still_on_makes_its_next_slot_an_overlap() -> None:
    """A target is never measured twice at once."""
    stage = Stage()
    stage.engine.start([job(hang)])
    stage.to_next_slot()
    await turns()
    stage.to_next_slot()
    assert stage.skipped(own("a")) == {Skip.OVERLAP: 1}
    assert stage.engine.account.tally(own("a")).in_flight == 1
    await stage.engine.stop(1.0)


async def test_a_slot_without_a_place_in_time_is_busy() -> None:
    """Waiting for a place is never part of a latency."""
    stage = Stage(places=1)
    stage.engine.start([job(hang, target=own("a"), every=0.2), job(hang, target=own("b"), every=0.2)])
    stage.pass_and_ring(0.0)
    while stage.engine.account.tally(own("a")).due + stage.engine.account.tally(own("b")).due < 2:
        stage.to_next_slot()
    await asyncio.sleep(0.05)
    skipped = stage.skipped(own("a")) | stage.skipped(own("b"))
    assert skipped == {Skip.BUSY: 1}
    assert len(stage.meter.lateness) == 1
    await stage.engine.stop(1.0)


async def test_after_a_stall_the_slots_that_were_missed_are_late() -> None:
    """What is noticed more than a tenth of the period after its due instant does not run, the newest included."""
    stage = Stage()
    stage.engine.start([job(every=10.0)])
    stage.to_next_slot()
    await turns()
    next_due = stage.bell.next_due()
    stage.clock.pass_time(next_due - stage.clock.wall() + 5 * 10.0 + 1.5)
    stage.bell.ring()
    await turns()
    assert stage.skipped(own("a")) == {Skip.LATE: 6}
    assert stage.engine.account.tally(own("a")).runs == 1
    await stage.engine.stop(1.0)


async def test_after_a_stall_a_slot_that_has_just_come_due_runs() -> None:
    """The newest is judged like any other: by its own lateness."""
    stage = Stage()
    stage.engine.start([job(every=10.0)])
    stage.to_next_slot()
    await turns()
    stage.clock.pass_time(stage.bell.next_due() - stage.clock.wall() + 5 * 10.0 + 0.5)
    stage.bell.ring()
    await turns()
    assert stage.skipped(own("a")) == {Skip.LATE: 5}
    assert stage.engine.account.tally(own("a")).runs == 2
    await stage.engine.stop(1.0)


async def test_a_guards_refusal_is_accounted_by_its_reason() -> None:
    """A run that a guard forbids is no run."""

    async def refuse(watch: Stopwatch) -> None:
        del watch
        raise RunSkipped(Skip.QUOTA, "two at once")

    stage = Stage()
    stage.engine.start([job(refuse)])
    stage.to_next_slot()
    await turns()
    assert stage.skipped(own("a")) == {Skip.QUOTA: 1}
    assert stage.sink.kept == []
    await stage.engine.stop(1.0)


async def test_a_stop_cuts_runs_as_skipped_and_leaves_no_measurement() -> None:
    """A run that we cut ourselves says nothing about the vendor."""
    gave_back = asyncio.Event()

    async def rent(watch: Stopwatch) -> None:
        try:
            await hang(watch)
        finally:
            await asyncio.sleep(0.02)
            gave_back.set()

    stage = Stage()
    stage.engine.start([job(rent, target=own("a")), job(hang, target=own("b"))])
    while stage.meter.in_flight.total() < 2:
        stage.to_next_slot()
        await turns()
    stage.clock.pass_time(100.0)
    unfinished = await stage.engine.stop(5.0)
    assert unfinished == ()
    assert gave_back.is_set()
    for target in (own("a"), own("b")):
        assert set(stage.skipped(target)) <= {Skip.STOPPED, Skip.LATE, Skip.OVERLAP}
        assert stage.engine.account.tally(target).in_flight == 0
    assert stage.sink.kept == []
    assert not stage.bell.running


async def test_a_stop_accounts_for_slots_that_nobody_has_noticed() -> None:
    """A slot that came due just before the end was stopped."""
    stage = Stage()
    stage.engine.start([job(every=10.0)])
    stage.clock.pass_time(stage.bell.next_due() - stage.clock.wall() + 0.1)
    await stage.engine.stop(1.0)
    assert stage.skipped(own("a")) == {Skip.STOPPED: 1}


async def test_a_run_that_is_cut_before_it_began_is_accounted_too() -> None:
    """A task may be cancelled before its first step."""
    stage = Stage()
    stage.engine.start([job()])
    stage.to_next_slot()
    await stage.engine.stop(1.0)
    assert stage.skipped(own("a")) == {Skip.STOPPED: 1}
    assert stage.engine.account.tally(own("a")).in_flight == 0


async def test_a_probe_that_will_not_end_is_named_after_the_grace() -> None:
    """The stop returns in time whatever a probe does, and its slot stays in flight."""
    release = asyncio.Event()

    async def stubborn(watch: Stopwatch) -> None:
        del watch
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    stage = Stage()
    stage.engine.start([job(stubborn)])
    stage.to_next_slot()
    await turns()
    assert await stage.engine.stop(0.05) == (own("a"),)
    assert stage.skipped(own("a")) == {}
    assert stage.engine.account.tally(own("a")).in_flight == 1
    release.set()
    await turns()


async def test_a_reload_keeps_the_grid_of_what_stays() -> None:
    """A job whose period is unchanged goes on in its rhythm, with its new probe."""
    stage = Stage()
    stage.engine.start([job()])
    stage.to_next_slot()
    await turns()
    due = stage.bell.next_due()
    changed = job()
    stage.engine.replace([changed])
    assert stage.bell.next_due() == due
    stage.to_next_slot()
    await turns()
    assert isinstance(changed.probe, ActingProbe)
    assert changed.probe.runs == 1
    assert stage.skipped(own("a")) == {}
    await stage.engine.stop(1.0)


async def test_a_reload_lets_a_removed_run_end_before_its_counters_go() -> None:
    """A removed target retires when its last run is over, and its measurement is recorded."""
    answer = asyncio.Event()

    async def slow(watch: Stopwatch) -> None:
        del watch
        await answer.wait()

    stage = Stage()
    stage.engine.start([job(slow, target=own("a")), job(target=own("b"))])
    while not stage.meter.in_flight[own("a")]:
        stage.to_next_slot()
        await turns()
    stage.engine.replace([job(target=own("c"))])
    assert stage.meter.retired == [own("b")]
    assert stage.skipped(own("a")) == {}
    answer.set()
    await turns()
    assert stage.meter.retired == [own("b"), own("a")]
    assert own("a") in {measured.target for measured in stage.sink.kept}
    await stage.engine.stop(1.0)


async def test_a_target_that_comes_back_while_its_old_run_is_on_neither_retires_nor_overlaps() -> None:
    """Removed and added again, it is the same target: its run goes on, its next slot waits for it."""
    answer = asyncio.Event()

    async def slow(watch: Stopwatch) -> None:
        del watch
        await answer.wait()

    stage = Stage()
    stage.engine.start([job(slow)])
    stage.to_next_slot()
    await turns()
    stage.engine.replace([])
    stage.engine.replace([job()])
    stage.to_next_slot()
    assert stage.skipped(own("a")) == {Skip.OVERLAP: 1}
    answer.set()
    await turns()
    assert stage.meter.retired == []
    assert stage.engine.account.tally(own("a")).runs == 1
    assert stage.engine.account.tally(own("a")).balanced
    await stage.engine.stop(1.0)


async def test_a_reload_with_two_jobs_for_one_target_changes_nothing() -> None:
    """A series has one source."""
    stage = Stage()
    stage.engine.start([job()])
    with pytest.raises(ValueError, match="two jobs"):
        stage.engine.replace([job(target=own("b")), job(target=own("b"))])
    assert list(stage.bell.rings) != []
    stage.to_next_slot()
    await turns()
    assert stage.engine.account.tally(own("a")).runs == 1
    await stage.engine.stop(1.0)


async def test_what_rents_waits_after_a_restart() -> None:
    """The ledger's last create keeps a renting job off the first half of its period."""
    stage = Stage()
    target = Target("amazon-eu", "eu-central-1", "lifecycle")
    lifecycle = replace(job(target=target, every=900.0), renting=True)
    stage.engine.start([lifecycle], {("lifecycle", "amazon-eu"): stage.clock.wall() - 10.0})
    assert stage.bell.next_due() >= stage.clock.wall() + 440.0
    await stage.engine.stop(1.0)


def _fickle(dice: random.Random) -> Job:
    async def act(watch: Stopwatch) -> None:
        del watch
        for _ in range(dice.randrange(20)):
            await asyncio.sleep(0)
        match dice.randrange(5):
            case 0:
                raise ProbeFailed(Outcome.REFUSED, "closed")
            case 1:
                raise RunSkipped(Skip.BREAKER, "leaks")
            case 2:
                raise ArithmeticError

    return job(act, target=own(str(dice.randrange(12))), every=dice.choice((0.5, 2.0, 7.0)))


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_the_account_balances(seed: int) -> None:
    """Stalls, reloads, refusals, bugs, too few places, and a stop: runs + skipped + in flight = due at every turn."""
    dice, stage = random.Random(seed), Stage(places=3)
    known = {own(str(number)) for number in range(12)}

    def some() -> list[Job]:
        return list({fickle.target: fickle for fickle in (_fickle(dice) for _ in range(8))}.values())

    stage.engine.start(some())
    for _ in range(300):
        stage.pass_and_ring(dice.choice((0.0, 0.01, 0.05, 0.3, 5.0)))
        if dice.random() < 0.05:
            stage.engine.replace(some())
        await asyncio.sleep(0)
        assert all(stage.engine.account.tally(target).balanced for target in known)
    await stage.engine.stop(5.0)
    assert all(stage.engine.account.tally(target).balanced for target in known)
    assert all(stage.engine.account.tally(target).in_flight == 0 for target in known)
