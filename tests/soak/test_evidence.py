"""A soak that found something says all that the log knows of it."""

from tests.soak.evidence import concerned, lines_about

LEASE, OTHER = "probe-5eedc0de-0123456789ab", "probe-5eedc0de-ba9876543210"
MADE = {"i-1": LEASE, "vol-1": LEASE, "i-2": OTHER}


def test_what_is_left_is_followed_by_its_lease_and_by_all_that_came_with_it() -> None:
    """A volume that is left was made for a lease, and so was an instance."""
    assert concerned([f"left: vol-1 ({LEASE}) is still there"], MADE) == {"vol-1", "i-1", LEASE}
    assert concerned(["foreign: somebody laid hands on i-2, which ..."], MADE) == {"i-2", OTHER}
    assert concerned([f"ledger: {OTHER} was ordered, and the ledger does not know it"], {}) == {OTHER}


def test_all_lines_that_name_it_are_told_wherever_they_are() -> None:
    """The head of a log is where the order is."""
    log = [f"create {LEASE}\n", *["something else\n"] * 9_999, "delete i-1\n", f"create {OTHER}\n"]
    assert list(lines_about(frozenset({LEASE, "i-1"}), log)) == [f"create {LEASE}", "delete i-1"]
