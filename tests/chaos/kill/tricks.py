"""What goes wrong between an agent and its vendor, whichever vendor that is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from probe.sandbox.requests import Asked
from probe.sandbox.vendor import Reply

_LEASE: Final = re.compile(rb"probe-[0-9a-f]{8}-[0-9a-f]{12}")
_HARMLESS: Final = ("Describe", "Get", "List")
_SUBJECT: Final = re.compile(r"/(?:servers|volumes)/([^/]+)")


class Deed(StrEnum):
    """What a request does.

    Attributes:
        READ: it changes nothing.
        CREATE: it orders an instance.
        DELETE: it gives one back.
        CHANGE: it changes something else.
    """

    READ = "read"
    CREATE = "create"
    DELETE = "delete"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a request means.

    Attributes:
        deed: what it does.
        lease: of a create: the lease that it was sent for.
        subjects: of a delete or a change: identifiers of what it is done to.
    """

    deed: Deed
    lease: str = ""
    subjects: tuple[str, ...] = ()


def meaning(asked: Asked) -> Meaning:
    """What *asked* means, at EC2, at Nova or at Scaleway."""
    if "form-urlencoded" in asked.headers.get("content-type", ""):
        return _of_ec2(asked)
    if asked.method == "GET" or "token" in asked.path:
        return Meaning(Deed.READ)
    if asked.method == "POST" and asked.path.endswith("/servers"):
        return Meaning(Deed.CREATE, lease=_lease(asked.body))
    gives_back = asked.method == "DELETE" or b'"terminate"' in asked.body
    return Meaning(Deed.DELETE if gives_back else Deed.CHANGE, subjects=tuple(_SUBJECT.findall(asked.path)))


def _of_ec2(asked: Asked) -> Meaning:
    form = dict(parse_qsl(asked.body.decode("utf-8", "replace")))
    action = form.get("Action", "")
    if action == "RunInstances":
        return Meaning(Deed.CREATE, lease=_lease(asked.body))
    if action.startswith(_HARMLESS) or not action:
        return Meaning(Deed.READ)
    subjects = tuple(value for name, value in form.items() if "Id" in name)
    return Meaning(Deed.DELETE if action == "TerminateInstances" else Deed.CHANGE, subjects=subjects)


def _lease(body: bytes) -> str:
    found = _LEASE.search(body)
    return found.group().decode("ascii") if found else ""


class TrickKind(StrEnum):
    """What may be done to a request.

    Attributes:
        LOSE: it is done, and its answer is lost.
        TWICE: something in between sends it on twice.
        ECHO: its answer is sent twice.
        LIE: it is acknowledged and not done.
        FAIL: it is answered with an error and not done.
    """

    LOSE = "lose"
    TWICE = "twice"
    ECHO = "echo"
    LIE = "lie"
    FAIL = "fail"


@dataclass(slots=True)
class Trick:
    """Something that goes wrong.

    Attributes:
        kind: what.
        deed: with which requests; None for all.
        count: how often, at most; None for no end.
        lasts: seconds from the beginning of the run after which it is over.
    """

    kind: TrickKind
    deed: Deed | None = None
    count: int | None = None
    lasts: float | None = None

    def hits(self, deed: Deed, age: float) -> bool:
        """Whether it strikes now, *age* seconds after the beginning; then it has."""
        if self.deed not in {None, deed} or (self.lasts is not None and age > self.lasts) or self.count == 0:
            return False
        if self.count is not None:
            self.count -= 1
        return True


def read_trick(data: Mapping[str, object]) -> Trick:
    """A trick from plain data."""
    known = json.loads(json.dumps(data))
    deed = known.get("deed")
    return Trick(TrickKind(known["kind"]), Deed(deed) if deed else None, known.get("count"), known.get("lasts"))


def lie(asked: Asked) -> Reply:
    """The answer to a delete that does not take place."""
    if asked.method == "POST" and "form-urlencoded" not in asked.headers.get("content-type", ""):
        return Reply(status=202, headers={"content-type": "application/json"}, body=b'{"task": {}}')
    if asked.method == "DELETE":
        return Reply(status=204, headers={})
    subjects = "".join(
        f"<item><instanceId>{subject}</instanceId><currentState><code>32</code><name>shutting-down</name></currentState>"
        "<previousState><code>16</code><name>running</name></previousState></item>"
        for subject in meaning(asked).subjects
    )
    body = f"<TerminateInstancesResponse><instancesSet>{subjects}</instancesSet></TerminateInstancesResponse>"
    return Reply(status=200, headers={"content-type": "text/xml"}, body=body.encode())


def failure(asked: Asked) -> Reply:
    """The vendor's own internal error."""
    if "form-urlencoded" in asked.headers.get("content-type", ""):
        body = "<Response><Errors><Error><Code>InternalError</Code><Message>An internal error has occurred</Message>"
        text = f"{body}</Error></Errors><RequestID>1</RequestID></Response>"
        return Reply(status=500, headers={"content-type": "text/xml"}, body=text.encode())
    words = {"computeFault": {"code": 500, "message": "Unexpected API Error."}}
    return Reply(status=500, headers={"content-type": "application/json"}, body=json.dumps(words).encode())
