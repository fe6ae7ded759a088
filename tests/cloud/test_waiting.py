"""Waiting for a change, and how sharply it was seen."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.cloud import Pace, Seen, VendorComplaint, Verdict, View, has_address, is_gone, is_ready, poll
from probe.model.clock import Clock
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from tests.fakes.clock import FakeClock

PACE = Pace(1.0, 0.05, 10.0)


def view(state: InstanceState, **changes: object) -> View:
    """An instance in a state."""
    addresses = changes.get("addresses", ())
    return View(
        id="i",
        name="n",
        state=state,
        addresses=tuple(str(address) for address in addresses) if isinstance(addresses, tuple) else (),
        reason=str(changes.get("reason", "")),
        outcome=Outcome(str(changes.get("outcome", Outcome.VENDOR_ERROR))),
    )


BUILDING = view(InstanceState.PENDING)
RUNNING = view(InstanceState.READY)


class Vendor:
    """Answers polls from a script, or by the time; an exchange takes a while."""

    def __init__(self, clock: FakeClock, script: Iterator[View | ProbeFailed | None], takes: float = 0.2) -> None:
        self.asked: list[float] = []
        self._clock = clock
        self._script = script
        self._takes = takes

    async def __call__(self) -> View | None:
        """The next answer."""
        self.asked.append(self._clock.now())
        self._clock.pass_time(self._takes)
        answered = next(self._script)
        if isinstance(answered, ProbeFailed):
            raise answered
        return answered


async def wait(
    *script: View | ProbeFailed | None,
    decide: Callable[[View | None], bool] = is_ready,
    missing_grace: float | None = None,
    takes: float = 0.2,
) -> tuple[Seen, Vendor, Stopwatch]:
    """Poll through *script*."""
    clock = FakeClock()
    vendor, watch = Vendor(clock, iter(script), takes), Stopwatch(clock)
    seen = await poll(vendor, decide, watch, clock, PACE, 30.0, missing_grace=missing_grace)
    return seen, vendor, watch


async def test_a_no_counts_from_its_request_and_a_yes_from_its_answer() -> None:
    """The change lies between the last question that was too early and the first answer that told."""
    seen, vendor, _ = await wait(BUILDING, BUILDING, RUNNING)
    assert vendor.asked == pytest.approx([1000.0, 1001.2, 1002.4])
    assert seen.last_no == pytest.approx(1001.2)
    assert seen.first_yes == pytest.approx(1002.6)
    assert list(seen.since(1000.0)) == pytest.approx([1.9, 0.7])


async def test_a_change_that_was_there_at_once_lies_after_the_start() -> None:
    """Without a no, nothing is known but that it happened since then."""
    seen, _, _ = await wait(RUNNING)
    assert seen.last_no is None
    assert list(seen.since(999.0)) == pytest.approx([0.6, 0.6])


@given(
    truth=st.floats(0.0, 300.0),
    takes=st.floats(0.001, 2.0),
    looks=st.floats(0.0, 1.0),
    first=st.floats(0.1, 2.0),
    longest=st.floats(2.0, 20.0),
)
async def test_the_truth_lies_within_the_resolution(
    truth: float, takes: float, looks: float, first: float, longest: float
) -> None:
    """Wherever in an exchange the vendor looks, the change is where we say, as sharply as we say."""
    clock = FakeClock(now=0.0)

    async def sample() -> View:
        looked = clock.now() + takes * looks
        await clock.sleep(takes)
        return RUNNING if looked >= truth else BUILDING

    seen = await poll(sample, is_ready, Stopwatch(clock), clock, Pace(first, 0.05, longest), 30.0)
    middle, resolution = seen.since(0.0)
    assert middle - resolution - 1e-6 <= truth <= middle + resolution + 1e-6
    assert resolution <= max(first, longest, 0.05 * truth) / 2 + takes + 1e-6


def test_the_interval_grows_with_the_time_waited() -> None:
    """Short first, then a share of what was waited, and never endless."""
    assert [PACE.interval(waited) for waited in (0.0, 10.0, 40.0, 100.0, 1_000.0)] == [1.0, 1.0, 2.0, 5.0, 10.0]


async def test_a_failed_poll_is_repeated_and_decides_nothing() -> None:
    """One that fails says nothing of the instance: neither yes nor not yet."""
    seen, vendor, watch = await wait(BUILDING, ProbeFailed(Outcome.TIMEOUT, "lost"), RUNNING)
    assert len(vendor.asked) == 3
    assert seen.last_no == pytest.approx(1000.0)
    assert watch.standing is None


async def test_a_failed_poll_is_repeated_when_the_vendor_wants_it() -> None:
    """Retry-After is honoured."""
    busy = VendorComplaint(Verdict.THROTTLED, "slow down", retry_after=7.0)
    _, vendor, _ = await wait(busy, RUNNING)
    assert vendor.asked == pytest.approx([1000.0, 1007.2])


async def test_polls_that_only_fail_decide_after_their_grace() -> None:
    """The last failure stands; a success in between starts the grace anew."""
    failure = ProbeFailed(Outcome.REFUSED, "closed")
    with pytest.raises(ProbeFailed) as failed:
        await wait(*[failure] * 100)
    assert failed.value.outcome is Outcome.REFUSED
    seen, vendor, _ = await wait(*[failure] * 20, BUILDING, *[failure] * 12, RUNNING)
    assert (seen.view, len(vendor.asked)) == (RUNNING, 34)


async def test_while_polls_fail_the_last_failure_is_what_a_deadline_means() -> None:
    """The runner finds it on the stopwatch."""
    clock = FakeClock()
    watch = Stopwatch(clock)
    failure = ProbeFailed(Outcome.THROTTLED, "slow down")
    noted: list[ProbeFailed | None] = []

    class Noting(FakeClock):
        async def sleep(self, seconds: float) -> None:
            noted.append(watch.standing)
            await super().sleep(seconds)

    noting: Clock = Noting()
    await poll(Vendor(clock, iter([failure, BUILDING, RUNNING])), is_ready, watch, noting, PACE, 30.0)
    assert noted == [failure, None]


async def test_denied_decides_at_once() -> None:
    """Asking again does not make us anybody else."""
    with pytest.raises(ProbeFailed) as failed:
        await wait(BUILDING, VendorComplaint(Verdict.DENIED, "no"), RUNNING)
    assert failed.value.outcome is Outcome.DENIED


@pytest.mark.parametrize("state", [InstanceState.FAILED, InstanceState.DELETING, InstanceState.GONE])
async def test_an_instance_that_will_never_run_decides_at_once(state: InstanceState) -> None:
    """Its reason is told, and its outcome is what the vendor's rules make of the reason."""
    with pytest.raises(ProbeFailed, match="no room") as failed:
        await wait(BUILDING, view(state, reason="no room", outcome="capacity"))
    assert failed.value.outcome is Outcome.CAPACITY


async def test_an_unknown_state_is_not_yet() -> None:
    """A word that nobody knows is waited out."""
    seen, _, _ = await wait(view(InstanceState.UNKNOWN), RUNNING)
    assert seen.view is RUNNING


async def test_a_missing_instance_is_not_yet_within_its_grace() -> None:
    """Eventual consistency: what was acknowledged may not be known everywhere."""
    seen, _, _ = await wait(None, None, RUNNING, missing_grace=10.0)
    assert seen.last_no == pytest.approx(1001.2)


async def test_a_missing_instance_after_its_grace_is_the_vendors_error() -> None:
    """An acknowledged instance that vanished."""
    with pytest.raises(ProbeFailed, match="denies it after") as failed:
        await wait(*[None] * 20, missing_grace=10.0)
    assert failed.value.outcome is Outcome.VENDOR_ERROR
    with pytest.raises(ProbeFailed, match="vanished"):
        await wait(None)


async def test_gone_is_absence_or_what_the_vendor_calls_so() -> None:
    """An instance on its way out is not gone."""
    seen, _, _ = await wait(RUNNING, view(InstanceState.DELETING), None, decide=is_gone)
    assert seen.view is None
    seen, _, _ = await wait(view(InstanceState.GONE), decide=is_gone)
    assert seen.view is not None


async def test_an_address_may_come_after_the_instance_runs() -> None:
    """Running without an address is not yet."""
    addressed = view(InstanceState.READY, addresses=("192.0.2.1",))
    seen, vendor, _ = await wait(BUILDING, RUNNING, addressed, decide=has_address)
    assert (seen.view, len(vendor.asked)) == (addressed, 3)
