"""The closed vocabularies."""

import pickle

import pytest

from probe.model.instance import MOVES, Lease, LeaseState
from probe.model.outcome import Blame, Outcome
from probe.model.secret import Secret
from probe.model.target import OWN, Layer, Target

LEASE = Lease(key="k", vendor="acme", region="eu", probe="life", run_id="r", owner="o", intended_at=1.0, expires_at=2.0)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_blame(outcome: Outcome) -> None:
    """No failure is nobody's fault, and no success is anybody's."""
    assert (outcome.blame is Blame.NONE) == (outcome is Outcome.OK)


@pytest.mark.parametrize("state", list(LeaseState))
def test_only_settled_states_are_final(state: LeaseState) -> None:
    """What may still cost money can still move."""
    assert state.settled == (not MOVES[state])


def test_a_move_outside_the_table_is_refused() -> None:
    """What is gone does not come back."""
    gone = LEASE.moved(LeaseState.ACTIVE).moved(LeaseState.GONE)
    with pytest.raises(ValueError, match="gone cannot become active"):
        gone.moved(LeaseState.ACTIVE)


def test_a_secret_shows_its_origin_and_never_its_value() -> None:
    """Neither text, repr nor format reveals it."""
    secret = Secret(lambda: "hunter2", "env PASSWORD")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"


def test_a_secret_cannot_be_pickled() -> None:
    """A secret leaves the process only by its use."""
    with pytest.raises(TypeError):
        pickle.dumps(Secret(lambda: "hunter2", "env PASSWORD"))


def test_a_target_names_itself_for_people() -> None:
    """Vendor probes are named by vendor and region, own targets by their name."""
    assert str(Target("acme", "eu", "life")) == "life/acme/eu"
    assert str(Target(OWN, "", "shop", "checkout", Layer.SERVICE)) == "shop/checkout"
