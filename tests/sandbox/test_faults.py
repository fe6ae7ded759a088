"""When faults strike."""

import pytest

from probe.sandbox.faults import Fault, FaultKind, Faults, Weather
from tests.fakes.clock import FakeClock


def made(clock: FakeClock, seed: str = "s", weather: Weather = Weather.GOOD) -> Faults:
    """A register in a certain weather."""
    return Faults(clock, seed, lambda: weather)


def test_a_fault_strikes_its_kind_and_operation_only(clock: FakeClock) -> None:
    """What was not asked for goes well."""
    faults = made(clock)
    faults.inject(Fault(kind=FaultKind.ERROR, operation="list"))
    assert faults.strike(FaultKind.ERROR, "list")
    assert not faults.strike(FaultKind.ERROR, "create")
    assert not faults.strike(FaultKind.RESET, "list")


def test_a_count_is_used_up(clock: FakeClock) -> None:
    """Twice means twice."""
    faults = made(clock)
    faults.inject(Fault(kind=FaultKind.ERROR, count=2))
    assert [bool(faults.strike(FaultKind.ERROR, "x")) for _ in range(3)] == [True, True, False]
    assert not faults.active()


def test_a_duration_runs_out(clock: FakeClock) -> None:
    """What lasts ten seconds is over after ten seconds."""
    faults = made(clock)
    faults.inject(Fault(kind=FaultKind.ERROR, lasts=10.0))
    clock.pass_time(9.9)
    assert faults.strike(FaultKind.ERROR, "x")
    clock.pass_time(0.1)
    assert not faults.strike(FaultKind.ERROR, "x")


def test_a_rate_is_kept_and_the_seed_repeats_it(clock: FakeClock) -> None:
    """A third is a third, and the same third again."""

    def strikes(seed: str) -> list[bool]:
        faults = made(clock, seed)
        faults.inject(Fault(kind=FaultKind.ERROR, rate=1 / 3))
        return [bool(faults.strike(FaultKind.ERROR, "x")) for _ in range(3000)]

    assert sum(strikes("a")) == pytest.approx(1000, abs=80)
    assert strikes("a") == strikes("a")
    assert strikes("a") != strikes("b")


def test_a_fault_of_bad_weather_waits_for_it(clock: FakeClock) -> None:
    """Good times are good."""
    fault = Fault(kind=FaultKind.ERROR, weather=Weather.BAD)
    for weather, strikes in ((Weather.GOOD, False), (Weather.BAD, True)):
        faults = made(clock, weather=weather)
        faults.inject(fault)
        assert bool(faults.strike(FaultKind.ERROR, "x")) is strikes


def test_a_withdrawn_fault_is_gone_and_the_others_stay(clock: FakeClock) -> None:
    """One handle, one fault."""
    faults = made(clock)
    first, _ = faults.inject(Fault(kind=FaultKind.ERROR)), faults.inject(Fault(kind=FaultKind.RESET))
    faults.withdraw(first)
    assert [active.fault.kind for active in faults.active()] == [FaultKind.RESET]
    faults.withdraw()
    assert not faults.active()
