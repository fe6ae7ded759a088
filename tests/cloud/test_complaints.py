"""Real error bodies, and what each means by the rules of its vendor's file."""

import pytest

from probe.cloud.codecs import decode
from probe.cloud.complaint import judge, retry_after
from probe.cloud.file.errors import ErrorRule, Verdict
from probe.cloud.line import Answer
from probe.cloud.reading import read_view
from probe.model.outcome import Outcome
from tests.cloud.entries import FILES


def ec2(code: str, message: str = "…") -> str:
    """An error as EC2 writes it (docs.aws.amazon.com, errors-overview)."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{code}</Code><Message>{message}'
        "</Message></Error></Errors><RequestID>ea966190-f9aa-478e-9ede-example</RequestID></Response>"
    )


STS = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>…</Message></Error>"
    "<RequestId>1</RequestId></ErrorResponse>"
)
AWS = [
    (503, ec2("RequestLimitExceeded"), Verdict.THROTTLED),
    (503, ec2("EC2ThrottledException"), Verdict.THROTTLED),
    (500, ec2("InsufficientInstanceCapacity"), Verdict.CAPACITY),
    (400, ec2("InsufficientHostCapacity"), Verdict.CAPACITY),
    (400, ec2("VcpuLimitExceeded", "You have requested more vCPU capacity than your current limit"), Verdict.QUOTA),
    (400, ec2("InstanceLimitExceeded"), Verdict.QUOTA),
    (401, ec2("AuthFailure", "AWS was not able to validate the provided access credentials"), Verdict.DENIED),
    (403, ec2("UnauthorizedOperation"), Verdict.DENIED),
    (400, ec2("InvalidInstanceID.NotFound"), Verdict.NOT_FOUND),
    (400, ec2("InvalidAMIID.NotFound"), Verdict.INVALID),
    (
        400,
        ec2("Unsupported", "This instance type is not supported in your Availability Zone"),
        Verdict.INVALID,
    ),
    (400, ec2("IncorrectInstanceState"), Verdict.CONFLICT),
    (500, ec2("InternalError"), Verdict.VENDOR_ERROR),
    (403, STS, Verdict.DENIED),
]
AWS_JSON = [
    (400, '{"__type": "com.amazon.coral.service#ThrottlingException", "message": "Rate exceeded"}', Verdict.THROTTLED),
    (400, '{"__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "…"}', Verdict.DENIED),
    (400, '{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "…"}', Verdict.DENIED),
    (400, '{"__type": "com.amazonaws.cloudwatch#InvalidParameterCombinationException"}', Verdict.INVALID),
    (500, '{"__type": "com.amazonaws.cloudwatch#InternalServiceFault"}', Verdict.VENDOR_ERROR),
]
QUOTA = "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances"
OPENSTACK = [
    (403, f'{{"forbidden": {{"code": 403, "message": "{QUOTA}"}}}}', Verdict.QUOTA),
    (403, '{"forbidden": {"code": 403, "message": "Policy doesn\'t allow it to be performed."}}', Verdict.DENIED),
    (
        413,
        '{"overLimit": {"code": 413, "message": "This request was rate-limited."}}',
        Verdict.THROTTLED,
    ),
    (429, '{"overLimit": {"code": 429, "message": "Too many requests"}}', Verdict.THROTTLED),
    (401, '{"error": {"code": 401, "message": "The request you have made…", "title": "Unauthorized"}}', Verdict.DENIED),
    (404, '{"itemNotFound": {"code": 404, "message": "Instance 1 could not be found."}}', Verdict.NOT_FOUND),
    (409, '{"conflictingRequest": {"code": 409, "message": "Cannot \'delete\' instance"}}', Verdict.CONFLICT),
    (406, '{"computeFault": {"code": 406, "message": "Version 2.999 is not supported"}}', Verdict.INVALID),
    (400, '{"badRequest": {"code": 400, "message": "Invalid imageRef provided."}}', Verdict.INVALID),
    (500, '{"computeFault": {"code": 500, "message": "Unexpected API Error."}}', Verdict.VENDOR_ERROR),
    (503, "<html>busy</html>", Verdict.VENDOR_ERROR),
    (404, "<html>no such page</html>", Verdict.VENDOR_ERROR),
    (404, '{"message": "no Route matched with those values"}', Verdict.VENDOR_ERROR),
    (409, '{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources"}}', Verdict.QUOTA),
    (404, '{"title": "Not Found", "code": 404, "description": "Resource 1 does not exist"}', Verdict.NOT_FOUND),
]
RACKSPACE = [
    (401, '{"unauthorized": {"code": 401, "message": "Unable to authenticate user with credentials"}}', Verdict.DENIED),
    (413, '{"overLimit": {"code": 413, "message": "Quota exceeded for ram: Requested 1024"}}', Verdict.QUOTA),
    (413, '{"overLimit": {"code": 413, "message": "This request was rate-limited."}}', Verdict.THROTTLED),
    (429, '{"type": "rateLimitReached", "code": 429, "message": "…", "details": "…", "txnId": "x"}', Verdict.THROTTLED),
    (400, '{"type": "limitReached", "code": 400, "message": "…", "details": "…"}', Verdict.THROTTLED),
    (404, '{"type": "notFoundError", "code": 404, "message": "Object does not exist"}', Verdict.NOT_FOUND),
    (404, '{"itemNotFound": {"message": "Instance not found", "code": 404}}', Verdict.NOT_FOUND),
    (500, '{"computeFault": {"code": 500, "message": "…"}}', Verdict.VENDOR_ERROR),
]
TABLE = [
    *(("aws", "xml", *row) for row in AWS),
    *(("aws", "json", *row) for row in AWS_JSON),
    *(("openstack", "json", *row) for row in OPENSTACK),
    *(("rackspace", "json", *row) for row in RACKSPACE),
]


@pytest.mark.parametrize(("vendor", "codec", "status", "body", "verdict"), TABLE)
def test_an_error_means_what_the_file_says(vendor: str, codec: str, status: int, body: str, verdict: Verdict) -> None:
    """Each known error has its verdict, and a rule that knows it."""
    data = None if body.startswith("<html") else decode("xml" if codec == "xml" else "json", body.encode())
    judgement = judge(FILES[vendor].errors, status, data, {})
    assert (judgement.verdict, judgement.matched) == (verdict, True)


def test_what_no_rule_knows_is_told_as_such() -> None:
    """A new code shows up instead of vanishing: vendor_error for a 5xx, else invalid."""
    errors = FILES["aws"].errors
    new = judge(errors, 418, decode("xml", ec2("Teapot", "short and stout").encode()), {})
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


@pytest.mark.parametrize(
    ("vendor", "item", "outcome"),
    [
        ("aws", {"instanceId": "i", "stateReason": {"code": "Server.InsufficientInstanceCapacity"}}, Outcome.CAPACITY),
        ("aws", {"instanceId": "i", "stateReason": {"code": "Client.VolumeLimitExceeded"}}, Outcome.QUOTA),
        ("aws", {"instanceId": "i", "stateReason": {"code": "Client.UserInitiatedShutdown"}}, Outcome.INVALID),
        ("aws", {"instanceId": "i", "stateReason": {"code": "Server.InternalError"}}, Outcome.VENDOR_ERROR),
        ("openstack", {"id": "i", "fault": {"code": 500, "message": "No valid host was found. "}}, Outcome.CAPACITY),
        ("openstack", {"id": "i", "fault": {"code": 500, "message": "Build aborted"}}, Outcome.VENDOR_ERROR),
        ("rackspace", {"id": "i"}, Outcome.VENDOR_ERROR),
    ],
)
def test_why_an_instance_failed_is_judged_by_the_same_rules(vendor: str, item: object, outcome: Outcome) -> None:
    """A lack of capacity that shows only in a state is a lack of capacity."""
    file = FILES[vendor]
    assert file.instances is not None
    view = read_view(file.instances, file.errors, item, Answer(200, item, {}, ""))
    assert view.outcome is outcome
