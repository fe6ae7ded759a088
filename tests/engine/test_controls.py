"""Control checks: whose network was it."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from probe.engine.controls import AFTERMATH, SPACING, Controls, Rules
from probe.engine.runner import Runner
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.wire import RealClock
from tests.fakes.checks import ControlMeter, FakeCheck
from tests.fakes.probes import Act, job, own

CLOCK = RealClock()
VENDOR = Target("vendor", "eu-1", "read")


class Stage:
    """Five references, and what is asked of them."""

    def __init__(self) -> None:
        self.checks = [FakeCheck(name) for name in "abcde"]
        self.meter = ControlMeter()
        self.controls = Controls(self.rules(), CLOCK, self.meter)

    def rules(self, quorum: int | None = None) -> Rules:
        """Asked quickly."""
        return Rules(checks=tuple(self.checks), quorum=quorum, within=0.1, every=60.0)

    def cut(self, *names: str, silent: bool = False) -> None:
        """Let those with these *names* answer no more, everybody if there are none."""
        for check in self.checks:
            check.up = check.name not in (names or "abcde")
            check.silent = silent

    async def excuse(self, ago: float = 0.0) -> str:
        """Why a failure just now may be our network's."""
        now = CLOCK.now()
        return await self.controls.excuse(now - ago, now)

    async def run(self, act: Act, target: Target = VENDOR) -> Measurement:
        """What a run of *act* becomes."""
        measured = await Runner(CLOCK, [], network=self.controls).run(job(act, target=target), 0.0)
        assert isinstance(measured, Measurement)
        return measured


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """A stage that is cleared afterwards."""
    made = Stage()
    yield made
    await made.controls.close()


async def refused(watch: Stopwatch) -> None:
    """Be let down as one is without a network."""
    del watch
    raise ProbeFailed(Outcome.REFUSED, "connection refused")


async def fine(watch: Stopwatch) -> None:
    """Find nothing wrong."""


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.TIMEOUT, Outcome.UNRESOLVED, Outcome.BROKEN])
async def test_without_a_network_no_vendor_is_blamed(stage: Stage, outcome: Outcome) -> None:
    """What looks like the vendor's failure is `network`, and says so."""

    async def act(watch: Stopwatch) -> None:
        del watch
        raise ProbeFailed(outcome, "as it looked")

    stage.cut()
    measured = await stage.run(act)
    assert (measured.outcome, measured.blame) == (Outcome.NETWORK, Blame.AGENT)
    assert measured.detail.startswith("as it looked; our own network was down, ")


async def test_with_a_network_the_vendor_is_blamed(stage: Stage) -> None:
    """Also when a minority of the references has a bad day."""
    stage.cut("b", "d")
    measured = await stage.run(refused)
    assert (measured.outcome, measured.detail) == (Outcome.REFUSED, "connection refused")


async def turned_away(watch: Stopwatch) -> None:
    """Be refused by somebody, which is an answer."""
    del watch
    failure = ProbeFailed(Outcome.REFUSED, "connection refused")
    failure.answered = True
    raise failure


async def test_who_refuses_has_answered(stage: Stage) -> None:
    """A connection that is refused went there and back: a majority of silent references does not acquit."""
    stage.cut("a", "b", "c", "d")
    assert (await stage.run(refused)).outcome is Outcome.NETWORK
    assert (await stage.run(turned_away)).outcome is Outcome.REFUSED


async def test_when_nobody_else_answers_at_all_a_refusal_may_be_our_own_walls(stage: Stage) -> None:
    """A firewall of ours that turns everything away refuses, too."""
    stage.cut()
    measured = await stage.run(turned_away)
    assert (measured.outcome, measured.blame) == (Outcome.NETWORK, Blame.AGENT)
    assert "5 of 5" in measured.detail


async def test_three_of_five_are_a_quorum(stage: Stage) -> None:
    """More than half, unless the configuration says otherwise."""
    stage.cut("a", "b", "c")
    assert "3 of 5" in await stage.excuse()
    stage.controls.replace(stage.rules(quorum=4))
    await asyncio.sleep(0.05)
    assert await stage.excuse() == ""


async def test_other_failures_and_other_targets_ask_nobody(stage: Stage) -> None:
    """A vendor's 500 needs a network; a target of one's own may have nothing to do with it."""

    async def broken(watch: Stopwatch) -> None:
        del watch
        raise ProbeFailed(Outcome.VENDOR_ERROR, "500")

    stage.cut()
    assert (await stage.run(broken)).outcome is Outcome.VENDOR_ERROR
    assert (await stage.run(refused, own("shop"))).outcome is Outcome.REFUSED
    assert [check.asked for check in stage.checks] == [0] * 5


async def test_asking_is_not_part_of_the_run(stage: Stage) -> None:
    """Its duration is what it was before anybody was asked."""
    stage.cut(silent=True)
    began = time.perf_counter()
    measured = await stage.run(refused)
    assert time.perf_counter() - began >= 0.1
    assert measured.outcome is Outcome.NETWORK
    assert measured.seconds < 0.05


async def test_many_failures_make_one_round(stage: Stage) -> None:
    """References are other people's."""
    stage.cut()
    measured = await asyncio.gather(*(stage.run(refused) for _ in range(50)))
    assert {run.outcome for run in measured} == {Outcome.NETWORK}
    assert [check.asked for check in stage.checks] == [1] * 5


async def test_rounds_keep_their_distance(stage: Stage) -> None:
    """A failure right after a round waits for the next: what answered before it proves nothing."""
    began = time.perf_counter()
    assert await stage.excuse() == ""
    stage.cut()
    assert await stage.excuse() != ""
    assert time.perf_counter() - began >= SPACING
    assert stage.checks[0].asked == 2


async def test_a_network_that_was_down_meanwhile_is_an_excuse_at_once(stage: Stage) -> None:
    """A run that met a round that failed needs no other, though all is well again."""
    stage.cut()
    await stage.excuse()
    await asyncio.sleep(0.1)
    stage.cut("nobody")
    began = time.perf_counter()
    assert await stage.excuse(ago=1.0) != ""
    assert time.perf_counter() - began < 0.05
    await asyncio.sleep(AFTERMATH)
    assert await stage.excuse(ago=0.01) == ""


async def test_the_answer_does_not_wait_for_the_slowest(stage: Stage) -> None:
    """One reference that is silent delays no verdict that it cannot change."""
    stage.cut("e", silent=True)
    began = time.perf_counter()
    assert await stage.excuse() == ""
    assert time.perf_counter() - began < 0.08


async def test_a_reference_that_never_answered_while_vendors_did_is_not_counted(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the references are out of reach for good, vendors are not acquitted for good."""
    stage.cut()
    assert (await stage.run(refused)).outcome is Outcome.NETWORK
    assert (await stage.run(fine)).outcome is Outcome.OK
    await asyncio.sleep(AFTERMATH)
    assert (await stage.run(refused)).outcome is Outcome.REFUSED
    assert "control check a has never succeeded" in caplog.text


async def test_a_quorum_is_never_more_than_those_that_count(stage: Stage) -> None:
    """One of five that is out of reach for good does not switch off a quorum of five."""
    stage.controls.replace(stage.rules(quorum=5))
    stage.cut("e")
    assert await stage.excuse() == ""
    await asyncio.sleep(0.05)  # what could change nothing any more was not waited for
    stage.controls.vendor_answered()
    stage.cut()
    assert "4 of 4" in await stage.excuse()


async def test_one_reference_is_enough(stage: Stage) -> None:
    """It alone is the quorum then."""
    stage.controls.replace(Rules(checks=tuple(stage.checks[:1]), within=0.1))
    assert await stage.excuse() == ""
    stage.cut()
    assert "1 of 1" in await stage.excuse()


async def test_a_reference_that_answers_after_all_counts_from_then_on(stage: Stage) -> None:
    """An agent may be started without a network."""
    stage.cut()
    await stage.excuse()
    stage.controls.vendor_answered()
    stage.cut("nobody")
    await asyncio.sleep(AFTERMATH)
    assert await stage.excuse() == ""
    stage.controls.vendor_answered()
    stage.cut()
    assert await stage.excuse() != ""


async def test_what_we_could_not_ask_tells_nothing(stage: Stage) -> None:
    """An agent without descriptors is not one without a network."""
    stage.cut()
    for check in stage.checks:
        check.outcome = Outcome.OVERLOADED
    assert await stage.excuse() == ""
    await asyncio.sleep(0.02)
    assert set(stage.meter.told.values()) == {None}


async def test_the_patrol_keeps_the_metric_alive_and_follows_a_cut(stage: Stage) -> None:
    """A round at once, then at the slow pace; while the network is down, every second."""
    stage.cut()
    patrol = asyncio.create_task(stage.controls.patrol())
    await asyncio.sleep(0.05)
    assert stage.meter.told == dict.fromkeys("abcde", False)
    stage.cut("nobody")
    await asyncio.sleep(SPACING + 0.1)
    assert stage.meter.told == dict.fromkeys("abcde", True)
    await asyncio.sleep(SPACING + 0.1)
    assert stage.meter.rounds == 2
    patrol.cancel()


async def test_without_references_nobody_is_asked(stage: Stage) -> None:
    """Control checks can be switched off."""
    stage.controls.replace(Rules())
    patrol = asyncio.create_task(stage.controls.patrol())
    assert await stage.excuse() == ""
    await asyncio.sleep(0.05)
    assert stage.meter.rounds == 0
    patrol.cancel()


async def test_a_bug_in_a_reference_costs_nobody_the_answer(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the vendor stands as it was."""

    class Broken(FakeCheck):
        async def ask(self) -> None:
            raise KeyError("bug")

    stage.controls.replace(Rules(checks=(Broken("x"),)))
    assert await stage.excuse() == ""
    await asyncio.sleep(0.01)
    assert "the control checks have a bug" in caplog.text
