"""What a sweep would do, as a table: only what is proven to be ours and in nobody's use is deleted."""

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, Leftover, View
from probe.model.instance import InstanceState, Lease, LeaseState
from probe.rental.evidence import Action, Evidence
from probe.rental.marks import Standing, expired, marks_of, new_key, standing
from probe.rental.plan import draw_up
from tests.fakes.leases import WALL, a_lease

AGENT: Final = "0123abcd-0000-4000-8000-000000000000"
OTHER: Final = "ffff0000-0000-4000-8000-000000000000"
KEY: Final = "probe-0123abcd-00000000000a"
NOW: Final = WALL + 100.0
LEASE: Final = a_lease(KEY)
ACTIVE: Final = replace(LEASE, state=LeaseState.ACTIVE, instance_id="i-1")


def _handed(lease: Lease, **changes: Any) -> Lease:
    return replace(lease, handed_over=True, handed_over_at=WALL + 10.0, note="because", **changes)


def _view(lease: Lease = LEASE, *, agent: str = AGENT, **changes: Any) -> View:
    view = View(id="i-1", name=lease.key, state=InstanceState.READY, marks=marks_of(lease, agent))
    return replace(view, **changes)


def _marked(**marks: str) -> dict[str, str]:
    names = {"agent": MARK_AGENT, "lease": MARK_LEASE, "expires": MARK_EXPIRES}
    return {**marks_of(LEASE, AGENT), **{names[name]: value for name, value in marks.items()}}


def _plan(**changes: Any) -> list[tuple[Action, str]]:
    evidence = Evidence(
        vendor="acme",
        region="north",
        ours={AGENT},
        now=NOW,
        shown=(),
        held=(),
        patience=30.0,
        owner_alive=lambda owner: owner == LEASE.owner,
    )
    return [(item.action, item.reason) for item in draw_up(replace(evidence, **changes))]


def test_what_is_in_use_does_not_appear() -> None:
    """A lease of a living process, not handed over and not over, is nobody's business, and so is its instance."""
    assert _plan(held=[ACTIVE], shown=[_view()]) == []
    assert _plan(held=[LEASE], shown=[_view()]) == []
    assert _plan(held=[LEASE]) == []


@pytest.mark.parametrize(
    ("lease", "reason"),
    [
        (_handed(ACTIVE), "handed over: because"),
        (replace(ACTIVE, expires_at=NOW), "past its lease"),
        (replace(ACTIVE, owner="boot:2:2"), "the process that rented it is dead"),
        (_handed(ACTIVE, state=LeaseState.LEAKED), "handed over: because"),
        (_handed(ACTIVE, state=LeaseState.DELETING), "handed over: because"),
    ],
)
def test_what_nobody_uses_is_deleted(lease: Lease, reason: str) -> None:
    """Handed over, past its lease, or of a dead process: each is reason enough, if the marks are ours."""
    assert _plan(held=[lease], looked_up={KEY: _view()}, shown=[_view()]) == [(Action.DELETE, reason)]


@pytest.mark.parametrize(
    "view",
    [
        _view(marks={}),
        _view(agent=OTHER),
        _view(marks=_marked(lease="probe-0123abcd-00000000000b")),
        _view(marks=_marked(lease="probe-ffff0000-00000000000a")),
        _view(name="web-1"),
    ],
)
def test_a_lease_whose_instance_lost_our_marks_is_reported(view: View) -> None:
    """An identifier in the ledger is not enough: what the vendor shows under it must carry all our marks."""
    plan = _plan(held=[_handed(ACTIVE)], looked_up={KEY: view}, shown=[view])
    assert plan == [(Action.REPORT, "the vendor shows it without our marks")]


def test_an_unanswered_create_is_found_by_its_marks() -> None:
    """Without an identifier, the list is searched for the lease's mark."""
    lease = _handed(LEASE)
    assert _plan(held=[lease], shown=[_view()]) == [(Action.DELETE, "handed over: because")]
    other = _view(marks=_marked(lease="probe-0123abcd-00000000000b"), name="probe-0123abcd-00000000000b")
    assert [action for action, _ in _plan(held=[lease], shown=[other])] == [Action.SETTLE, Action.REPORT]


def test_an_unanswered_create_is_searched_for_as_long_as_the_list_may_lag() -> None:
    """Until the vendor's bound has passed since the hand-over the intent waits; then it is void."""
    lease = _handed(LEASE)
    assert [action for action, _ in _plan(held=[lease], now=WALL + 40.0)] == [Action.WAIT]
    assert _plan(held=[lease], now=WALL + 40.1) == [(Action.SETTLE, "never created")]


def test_an_intent_of_a_dead_process_waits_from_when_it_was_found() -> None:
    """Nobody knows when the process died: its intent is handed over first, and the search counts from there."""
    lease = replace(LEASE, owner="boot:2:2")
    assert [action for action, _ in _plan(held=[lease], now=WALL + 1000.0)] == [Action.WAIT]
    assert _plan(held=[lease], now=lease.expires_at + 30.1) == [(Action.SETTLE, "never created")]


def test_a_namesake_without_marks_keeps_an_intent_open() -> None:
    """What bears the lease's very name but not its marks is reported, and the intent is not called void."""
    plan = _plan(held=[_handed(LEASE)], shown=[_view(marks={})], now=NOW + 1e6)
    assert plan == [(Action.REPORT, "it bears our lease's name, and not our marks")]


def test_what_is_gone_is_settled() -> None:
    """Shown as gone: settled at once. Not shown at all: only when the vendor can no longer be behind."""
    lease = _handed(ACTIVE)
    gone = _view(state=InstanceState.GONE)
    assert _plan(held=[lease], looked_up={KEY: gone}, now=WALL + 11) == [
        (Action.SETTLE, "the vendor says that it is gone")
    ]
    assert [action for action, _ in _plan(held=[lease], looked_up={KEY: None}, now=WALL + 11)] == [Action.WAIT]
    assert _plan(held=[lease], looked_up={KEY: None}) == [(Action.SETTLE, "the vendor does not know it")]


def test_what_vanishes_after_its_deletion_was_asked_for_is_settled_at_once() -> None:
    """The vendor had shown it before: that it shows it no more is no delay of its list."""
    asked = _handed(ACTIVE, delete_requested_at=WALL + 10.0).moved(LeaseState.DELETING)
    assert _plan(held=[asked], looked_up={KEY: None}, now=WALL + 11) == [
        (Action.SETTLE, "the vendor does not know it any more")
    ]


def test_a_vendor_that_does_not_say_is_not_taken_for_gone() -> None:
    """A look that failed settles nothing and deletes nothing."""
    plan = _plan(held=[_handed(ACTIVE)], unclear={KEY: "timeout"}, shown=[_view()])
    assert plan == [(Action.REPORT, "handed over: because; timeout")]


def test_a_lease_of_another_region_is_left_alone() -> None:
    """A vendor entry that now speaks to another region cannot tell whether something there is gone."""
    plan = _plan(held=[_handed(ACTIVE, region="south")], looked_up={KEY: None}, now=NOW + 1e6)
    assert plan == [(Action.REPORT, "rented in south, and this vendor entry now speaks to north")]


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (_view(agent=OTHER), f"carries the marks of another agent, {OTHER}"),
        (_view(marks=_marked(agent=OTHER, expires="1")), f"carries the marks of another agent, {OTHER}"),
        (_view(marks={}), "looks like ours, and does not carry our marks"),
        (_view(marks={MARK_AGENT: AGENT}), "looks like ours, and does not carry our marks"),
        (_view(name="web-1", marks=_marked(expires="1")), "looks like ours, and does not carry our marks"),
        (_view(marks=_marked(lease="web-1", expires="1")), "looks like ours, and does not carry our marks"),
        (_view(), "carries our marks, and is not in this ledger; its lease is not over"),
        (_view(marks=_marked(expires="soon")), "carries our marks, and is not in this ledger; its lease is not over"),
    ],
)
def test_what_is_not_proven_to_be_ours_is_reported(view: View, reason: str) -> None:
    """Look-alikes, other agents' things (expired or not), half marks, and ours of another ledger that are not over."""
    assert _plan(shown=[view]) == [(Action.REPORT, reason)]


def test_strangers_do_not_appear() -> None:
    """What has nothing to do with us is none of our business, also when a vendor ignores our filter."""
    assert _plan(shown=[_view(name="web-1", marks={"owner": "shop"}), _view(name="", marks={})]) == []


def test_ours_of_a_lost_ledger_goes_when_its_lease_is_over() -> None:
    """The expiry mark and this folder's id are enough without a ledger."""
    plan = _plan(shown=[_view()], now=LEASE.expires_at)
    assert plan == [(Action.DELETE, "carries our marks, and is not in this ledger; its lease is over")]


def test_a_twin_under_one_lease_is_reported_until_the_lease_is_over() -> None:
    """A second instance with the marks of a lease in use is a copy, or a create that somebody sent on twice."""
    twin = _view(id="i-2")
    reason = "carries the marks of i-1, which has the same lease"
    assert _plan(held=[ACTIVE], shown=[_view(), twin]) == [(Action.REPORT, f"{reason}; its lease is not over")]
    over = _plan(held=[_handed(ACTIVE)], looked_up={KEY: _view()}, shown=[twin], now=LEASE.expires_at)
    assert over[1:] == [(Action.DELETE, f"{reason}; its lease is over")]


def test_what_comes_back_after_it_was_settled_is_deleted() -> None:
    """A late arrival under a void intent, or a delete that did not last; but not the ghost of a run that just ended."""
    void = _handed(LEASE, state=LeaseState.VOID, settled_at=WALL + 50)
    assert _plan(shown=[_view()], settled={KEY: void}) == [
        (Action.DELETE, "void in the ledger, and the vendor shows it")
    ]
    ghost = replace(ACTIVE, state=LeaseState.GONE, settled_at=NOW)
    assert _plan(shown=[_view()], settled={KEY: ghost}) == []
    assert _plan(shown=[_view(state=InstanceState.DELETING)], settled={KEY: void}) == []
    assert _plan(shown=[_view(state=InstanceState.GONE)], settled={KEY: void}) == []


def test_what_is_ordered_while_the_lists_are_asked_for_is_not_reported() -> None:
    """The list of volumes already shows the one of an instance whose lease was not there when the ledger was read."""
    volume = Leftover(
        kind="volumes", id="v-1", name=LEASE.key, marks=marks_of(LEASE, AGENT), created_at=NOW, free=False
    )
    assert _plan(leftovers=[volume], settled={KEY: ACTIVE}) == []
    assert _plan(leftovers=[replace(volume, free=True)], settled={KEY: ACTIVE}) == []
    gone = replace(ACTIVE, state=LeaseState.GONE, settled_at=NOW)
    assert _plan(leftovers=[volume], settled={KEY: gone}) == [
        (Action.REPORT, "carries our marks, and something uses it")
    ]


def test_an_item_says_what_it_is_about() -> None:
    """Vendor, region, identifier, name, lease and age are there for people."""
    evidence = Evidence(
        vendor="acme",
        region="north",
        ours={AGENT},
        now=NOW,
        shown=[_view(agent=OTHER, name="probe-ffff0000-00000000000b", created_at=NOW - 7)],
        held=[_handed(LEASE)],
        patience=1000.0,
        owner_alive=lambda _: True,
    )
    waiting, foreign = draw_up(evidence)
    assert (waiting.vendor, waiting.region, waiting.instance_id, waiting.name) == ("acme", "north", "", KEY)
    assert (waiting.lease, waiting.age) == (KEY, 100.0)
    assert (foreign.instance_id, foreign.lease, foreign.age) == ("i-1", "", 7.0)


@given(st.uuids(version=4))
def test_a_new_key_is_of_our_shape(agent: object) -> None:
    """What we mark is what we recognise, whatever our id."""
    agent_id = str(agent)
    lease = a_lease(new_key(agent_id))
    assert standing(_view(lease, agent=agent_id), {agent_id}) is Standing.OURS
    assert standing(_view(lease, agent=agent_id, name=""), {agent_id}) is Standing.OURS


@given(
    name=st.one_of(st.just(KEY), st.text(max_size=30)),
    marks=st.dictionaries(
        st.one_of(st.sampled_from([MARK_AGENT, MARK_LEASE, MARK_EXPIRES]), st.text(max_size=5)),
        st.one_of(st.sampled_from([AGENT, OTHER, KEY, "0"]), st.text(max_size=30)),
        max_size=5,
    ),
)
def test_nothing_without_our_id_and_lease_is_ever_deleted(name: str, marks: dict[str, str]) -> None:
    """Whatever a vendor shows: no deletion without this folder's id, a lease of our shape, and its name or none."""
    view = View(id="i-1", name=name, state=InstanceState.READY, marks=marks)
    actions = [action for action, _ in _plan(shown=[view], now=NOW + 1e6)]
    if Action.DELETE in actions:
        assert marks[MARK_AGENT] == AGENT
        assert marks[MARK_LEASE].startswith("probe-0123abcd-")
        assert name in {"", marks[MARK_LEASE]}
        assert expired(view, NOW + 1e6)


@pytest.mark.parametrize(
    ("text", "over"), [("100", True), ("101", False), ("", False), ("-1", False), ("1e1", False), ("٣", False)]
)
def test_an_expiry_that_cannot_be_read_is_not_over(text: str, over: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Only plain seconds since 1970 count."""
    assert expired(_view(marks={MARK_EXPIRES: text}), 100.0) is over
