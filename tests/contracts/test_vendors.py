"""What belongs to a vendor file beside the file; what docs/vendors.md says is checked in tests/cloud."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import Phase, find, settings, strategies

from probe.cloud.complaint import match
from probe.cloud.file.errors import ErrorRule, Verdict
from probe.notation.documents import read_document
from tests.cloud.complained import TABLES
from tests.cloud.entries import FILES, VENDORS
from tests.contracts.pages import ROOT, anchors

PAGE = ROOT / "docs" / "vendors.md"
SANDBOX = ROOT / "config" / "sandbox"
NOT_A_VENDOR = {"characters"}
UNSHOWN: Mapping[str, frozenset[Verdict]] = {
    "rackspace": frozenset({Verdict.MAINTENANCE}),  # announced, and never seen in an answer: the rule says UNVERIFIED
}

every_vendor = pytest.mark.parametrize("vendor", FILES)


def test_a_file_is_named_like_its_vendor() -> None:
    """What `use:` says leads to the file."""
    assert {path.stem for path in VENDORS.glob("*.yaml")} == set(FILES)


@every_vendor
def test_every_vendor_has_a_section_and_names_tests_that_exist(vendor: str) -> None:
    """Its level of proof stands in the table above the sections."""
    assert vendor in anchors(PAGE)
    for test in re.findall(r"tests/[\w/]+\.py", (VENDORS / f"{vendor}.yaml").read_text("utf-8")):
        assert (ROOT / test).exists(), test


@every_vendor
def test_every_vendor_can_be_rehearsed(vendor: str) -> None:
    """The sandbox plays it."""
    assert (SANDBOX / f"{vendor}.yaml").is_file()


@every_vendor
def test_what_a_vendor_can_is_rehearsed_whole(vendor: str) -> None:
    """Its imitation has something to measure, and says how an instance is reached, if the vendor file wants to know."""
    file, played = FILES[vendor], read_document(SANDBOX / f"{vendor}.yaml").data
    assert isinstance(played, dict)
    assert ("monitored" in played) == (file.monitoring is not None)
    assert set(file.network.reach_needs) <= played.get("network", {}).keys()


def test_the_sandbox_plays_no_unknown_vendor() -> None:
    """What was renamed was renamed in both places."""
    assert {path.stem for path in SANDBOX.glob("*.yaml")} - NOT_A_VENDOR == set(FILES)


@every_vendor
def test_every_verdict_is_shown_by_a_real_error(vendor: str) -> None:
    """tests/cloud/complaints/VENDOR.yaml has one for each; those of UNSHOWN have none yet."""
    given = {rule.verdict for rule in FILES[vendor].errors.rules}
    shown = TABLES.shown(vendor)
    assert shown
    assert given - shown <= UNSHOWN.get(vendor, frozenset())


@pytest.mark.parametrize(
    ("vendor", "rule"), [(vendor, rule) for vendor, file in FILES.items() for rule in file.errors.rules]
)
def test_no_error_rule_hides_behind_an_earlier_one(vendor: str, rule: ErrorRule) -> None:
    """The first that fits decides, so each needs a status, code and message for which it is the first."""
    error = strategies.tuples(
        strategies.sampled_from(rule.status or (None, 400)),
        strategies.sampled_from(rule.code) if rule.code else text_for(rule.code_regex),
        text_for(rule.message),
        strategies.fixed_dictionaries({name: text_for(pattern) for name, pattern in rule.headers.items()}),
    )

    def first(error: tuple[int | None, str, str, dict[str, str]]) -> bool:
        status, code, message, headers = error
        found = match(FILES[vendor].errors.rules, status=status, code=code, message=message, headers=headers)
        return found is rule

    find(error, first, settings=settings(derandomize=True, database=None, phases=(Phase.generate,)))


def text_for(pattern: re.Pattern[str] | None) -> strategies.SearchStrategy[str]:
    """Texts that *pattern* is found in."""
    return strategies.just("") if pattern is None else strategies.from_regex(pattern)
