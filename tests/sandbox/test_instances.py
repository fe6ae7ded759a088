"""The life of a pretend instance, by the clock."""

import math

from probe.sandbox.instances import Instance, Instances, Life, truth
from tests.fakes.clock import FakeClock


def test_states_change_when_they_were_planned(clock: FakeClock) -> None:
    """Building, ready, deleting, deleted for as long as it lingers, gone."""
    now = clock.now()
    made = Instance(instance_id="1", name="n", ready=now + 3, delete_asked=now + 5, deleted=now + 6, lingers=1.0)
    moments = [(0, Life.BUILDING), (3, Life.READY), (5, Life.DELETING), (6, Life.DELETED), (7, Life.GONE)]
    assert [made.state(now + later) for later, _ in moments] == [life for _, life in moments]
    assert made.state(math.nextafter(now + 3, 0)) is Life.BUILDING


def test_a_failed_build_can_still_be_deleted(clock: FakeClock) -> None:
    """The error state is a state that costs until it is deleted."""
    now = clock.now()
    made = Instance(instance_id="1", name="n", fails=now + 1)
    assert (made.state(now), made.state(now + 1)) == (Life.BUILDING, Life.FAILED)
    made.delete_asked, made.deleted = now + 2, now + 3
    assert made.state(now + 3) is Life.GONE


def test_what_vanishes_is_gone_at_once(clock: FakeClock) -> None:
    """It does not linger, and nobody has to pay for it."""
    instances, now = Instances(clock), clock.now()
    instances.add(Instance(instance_id="1", name="n", ready=now, vanishes=now + 1, lingers=60.0))
    assert instances.find("1")
    clock.pass_time(1.0)
    assert instances.find("1") is None
    assert instances.alive() == []
    assert instances.known("1")


def test_truth_tells_what_was_and_leaves_out_what_never_will(clock: FakeClock) -> None:
    """Moments on the clock; None for never."""
    known = truth(Instance(instance_id="1", name="n", accepted=1.0, ready=4.0))
    assert (known.accepted, known.ready, known.reachable, known.gone) == (1.0, 4.0, None, None)
    assert clock.now() == 1000.0


def test_what_is_long_gone_is_forgotten_and_what_is_alive_never(clock: FakeClock) -> None:
    """A sandbox can run for days."""
    instances, now = Instances(clock, remembered=3), clock.now()
    instances.add(Instance(instance_id="alive", name="n"))
    for number in range(10):
        instances.add(Instance(instance_id=str(number), name="n", deleted=now, delete_asked=now))
    kept = [item.instance_id for item in instances.everything()]
    assert kept == ["alive", "8", "9"]
