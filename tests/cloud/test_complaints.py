"""Real error bodies, and what each means by the rules of its vendor's file."""

import pytest

from probe.cloud.answer import Answer
from probe.cloud.complaint import judge, match, retry_after
from probe.cloud.file.errors import ErrorRule, Verdict
from probe.cloud.reading import read_view
from probe.model.outcome import Outcome
from tests.cloud.complained import TABLES, Failed, Refusal
from tests.cloud.entries import FILES


def test_every_vendor_has_a_table() -> None:
    """A file of a vendor without one would be a guess."""
    assert {row.vendor for row in TABLES.refusals} == set(FILES)


@pytest.mark.parametrize("row", TABLES.refusals, ids=str)
def test_an_error_means_what_the_file_says(row: Refusal) -> None:
    """Each known error has its verdict, and a rule that knows it."""
    judgement = judge(FILES[row.vendor].errors, row.status, row.data, row.headers)
    assert (judgement.verdict, judgement.matched) == (row.verdict, True), row.source


def test_a_failure_inside_a_success_means_what_the_file_says() -> None:
    """An operation that ended badly is judged by the same rules, without a status."""
    for row in TABLES.inside:
        rule = match(FILES[row.vendor].errors.rules, status=None, code=row.code, message=row.message, headers={})
        assert rule is not None, row
        assert rule.verdict is row.verdict, row


def test_what_no_rule_knows_is_told_as_such() -> None:
    """A new code shows up instead of vanishing: vendor_error for a 5xx, else invalid."""
    errors = FILES["openstack"].errors
    new = judge(errors, 418, {"Teapot": {"message": "short and stout"}}, {})
    assert (new.verdict, new.matched, new.code) == (Verdict.INVALID, False, "Teapot")
    assert judge(errors, 599, None, {}).verdict is Verdict.VENDOR_ERROR


@pytest.mark.parametrize("body", [None, [], "text", 5, {"Errors": "x"}, {"Errors": {"Error": [1, 2]}}, {"__type": 5}])
def test_no_body_is_too_strange_to_be_judged(body: object) -> None:
    """Whatever an error's body holds, there is a verdict."""
    for file in FILES.values():
        assert judge(file.errors, 500, body, {}).verdict


def test_every_verdict_has_an_outcome() -> None:
    """What neither grace nor patience helped is the vendor's error."""
    assert Verdict.NOT_FOUND.outcome is Outcome.VENDOR_ERROR
    assert Verdict.CONFLICT.outcome is Outcome.VENDOR_ERROR
    assert {verdict.outcome for verdict in Verdict} > {Outcome.CAPACITY, Outcome.DENIED, Outcome.MAINTENANCE}


def test_a_rule_over_headers() -> None:
    """A header can decide, too."""
    rule = ErrorRule.model_validate({"status": 503, "headers": {"X-Maintenance-Mode": "."}, "is": "maintenance"})
    errors = FILES["aws"].errors.model_copy(update={"rules": (rule,)})
    assert judge(errors, 503, None, {"X-Maintenance-Mode": "on"}).verdict is Verdict.MAINTENANCE
    assert judge(errors, 503, None, {}).verdict is Verdict.VENDOR_ERROR


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Reply-After": "8"}, 8.0),
        ({"Retry-After": "soon", "Reply-After": "9"}, 9.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:02:00 GMT"}, 20.0),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "99999999"}, 3600.0),
        ({"Retry-After": "Thu, 01 Jan 1970"}, None),
        ({}, None),
    ],
)
def test_when_a_vendor_wants_to_be_asked_again(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date, in whichever header the file names; never endless."""
    assert retry_after(("Retry-After", "Reply-After"), headers, 100.0) == seconds


@pytest.mark.parametrize("row", TABLES.failed, ids=str)
def test_why_an_instance_failed_is_judged_by_the_same_rules(row: Failed) -> None:
    """A lack of capacity that shows only in a state is a lack of capacity."""
    file = FILES[row.vendor]
    assert file.instances is not None
    view = read_view(file.instances, file.errors, row.item, Answer(200, row.item, {}, ""))
    assert view.outcome is row.verdict.outcome, row.source
