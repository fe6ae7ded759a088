"""From a vendor's answer to our values: instances and datapoints."""

import math
from collections.abc import Iterable
from typing import Any, Final, Literal

from probe.cloud.answer import Answer, unparseable
from probe.cloud.complaint import Redact, found_text, match, readable
from probe.cloud.file.errors import Errors
from probe.cloud.file.instances import Instances, States
from probe.cloud.file.marks import MarkKeys
from probe.cloud.file.monitoring import Points as PointPaths
from probe.cloud.file.residuals import Residual
from probe.cloud.marks import read_marks
from probe.cloud.moments import parse_iso
from probe.cloud.order import Leftover, Points, View
from probe.model.instance import InstanceState
from probe.model.outcome import Outcome
from probe.notation.paths import Query, QueryTypeError

_MILLISECONDS: Final = 1_000.0
_LONGEST: Final = 1_024
"""Characters of an identifier; the longest known ones, paths of resources, have a third of it."""


def find(query: Query, answer: Answer, what: str) -> Any:
    """What *query* finds in *answer*.

    Raises:
        VendorComplaint: vendor_error: the answer is not of the shape that the vendor's file says.
    """
    try:
        return query.search(answer.body)
    except QueryTypeError as error:
        raise unparseable(what, answer) from error


def items_of(query: Query, answer: Answer) -> list[Any]:
    """The list that *query* finds in *answer*.

    Raises:
        VendorComplaint: vendor_error: it finds none. That is not an empty list: a sweep would believe it.
    """
    found = find(query, answer, "list")
    if not isinstance(found, list):
        raise unparseable("list", answer)
    return found


def is_word(value: object) -> bool:
    """Whether *value* is something that names one thing: a text or a number."""
    return isinstance(value, (str, int)) and not isinstance(value, bool) and 0 < len(str(value)) <= _LONGEST


def _points_of(query: Query, answer: Answer) -> list[Any]:
    """The same for datapoints, of which there may be nothing at all."""
    return [] if find(query, answer, "list of datapoints") is None else items_of(query, answer)


def read_identifier(query: Query, data: object, what: str, answer: Answer) -> str:
    """The identifier that *query* finds in *data*, a part of *answer*.

    Raises:
        VendorComplaint: vendor_error: there is none that one could write down and send.
    """
    identifier = found_text(query, data)
    if not identifier or len(identifier) > _LONGEST or not identifier.isprintable():
        raise unparseable(what, answer)
    return identifier


def read_view(instances: Instances, errors: Errors, item: object, answer: Answer, redact: Redact = str) -> View:
    """The instance that *item* of *answer* shows; *redact* takes the secrets out of what the vendor says of it.

    Raises:
        VendorComplaint: vendor_error: it has no identifier, or is of another shape.
    """
    show = instances.show
    identifier = read_identifier(show.id, item, "instance with an identifier", answer)
    state = state_of(instances.states, item)
    code, reason = (redact(found_text(query, item)) for query in (show.reason_code, show.reason))
    return View(
        id=identifier,
        name=found_text(show.name, item),
        state=state,
        addresses=() if show.addresses is None else addresses_at(show.addresses, item, answer),
        marks=read_marks(show.marks, instances.marks.keys, item),
        created_at=None if show.created is None else _created(show.created, item),
        reason=readable(": ".join(part for part in (code, reason) if part)),
        outcome=_failure(errors, code, reason),
        attached=_attached(instances, item),
    )


def _attached(instances: Instances, item: object) -> dict[str, tuple[str, ...]]:
    """The identifiers of what came with an instance and may outlive it, by kind."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, residual in instances.residuals.items():
        try:
            shown = None if residual.attached is None else residual.attached.search(item)
        except QueryTypeError:
            continue
        several = shown if isinstance(shown, list) else [shown]
        words = tuple(dict.fromkeys(str(word) for word in several if is_word(word) and str(word).isprintable()))
        if words:
            found[kind] = words
    return found


def read_residual(kind: str, residual: Residual, keys: MarkKeys, item: object, answer: Answer) -> Leftover:
    """What *item* of *answer*, a list of the *kind*, shows; *keys* are those of our marks.

    Raises:
        VendorComplaint: vendor_error: it has no identifier.
    """
    show = residual.show
    return Leftover(
        kind=kind,
        id=read_identifier(show.id, item, f"identifier of one of its {kind}", answer),
        name=found_text(show.name, item),
        marks={} if show.marks is None else read_marks(show.marks, keys, item),
        created_at=None if show.created is None else _created(show.created, item),
        free=all(predicate.holds(item) for predicate in show.free),
    )


def state_of(states: States, item: object) -> InstanceState:
    """The state that *item* shows."""
    ordered = (
        (states.gone, InstanceState.GONE),
        (states.failed, InstanceState.FAILED),
        (states.deleting, InstanceState.DELETING),
    )
    for predicates, state in ordered:
        if any(predicate.holds(item) for predicate in predicates):
            return state
    if all(predicate.holds(item) for predicate in states.ready):
        return InstanceState.READY
    if states.pending and not any(predicate.holds(item) for predicate in states.pending):
        return InstanceState.UNKNOWN
    return InstanceState.PENDING


def _failure(errors: Errors, code: str, reason: str) -> Outcome:
    """What a failed state means, by the same rules as errors; those that ask for a status do not apply."""
    rule = match(errors.rules, status=None, code=code, message=reason, headers={}) if code or reason else None
    return Outcome.VENDOR_ERROR if rule is None else rule.verdict.outcome


def addresses_at(query: Query, item: object, answer: Answer) -> tuple[str, ...]:
    """The addresses that *query* finds in *item*, a part of *answer*.

    Raises:
        VendorComplaint: vendor_error: what it meets is of another shape.
    """
    try:
        found = query.search(item)
    except QueryTypeError as error:
        raise unparseable("readable addresses", answer) from error
    several = found if isinstance(found, list) else [found]
    return tuple(dict.fromkeys(address for address in several if isinstance(address, str) and address))


def _created(query: Query, item: object) -> float | None:
    try:
        found = query.search(item)
    except QueryTypeError:
        return None
    return read_time(found, "iso" if isinstance(found, str) else "s")


def read_time(value: object, unit: Literal["s", "ms", "iso"]) -> float | None:
    """Seconds since 1970 of a time as a vendor writes it; None if it is none."""
    if unit == "iso":
        return parse_iso(value)
    number = read_number(value)
    if number is None:
        return None
    return number / _MILLISECONDS if unit == "ms" else number


def read_number(value: object) -> float | None:
    """*value* as a finite number, also where it is written as text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_points(paths: PointPaths, answer: Answer) -> Points:
    """The datapoints in *answer*, in whatever order they stand there.

    Raises:
        VendorComplaint: vendor_error: they are not where the vendor's file says, or their times cannot be read.
    """
    timed: list[tuple[float, object]] = []
    for time, value in _raw_points(paths, answer):
        taken = read_time(time, paths.unit)
        if taken is None:
            raise unparseable("datapoints with a readable time", answer)
        if value is not None:
            timed.append((taken, value))
    if not timed:
        return Points(newest=None, count=0, value=None)
    newest, value = max(timed, key=lambda point: point[0])
    return Points(newest=newest, count=len(timed), value=read_number(value))


def _raw_points(paths: PointPaths, answer: Answer) -> Iterable[tuple[object, object]]:
    if paths.times is not None and paths.values is not None:
        times, values = _points_of(paths.times, answer), _points_of(paths.values, answer)
        if len(times) != len(values):
            raise unparseable("times and values of the same number", answer)
        return zip(times, values, strict=True)
    if paths.at is None or paths.time is None or paths.value is None:
        raise RuntimeError("the model of the file rules this out")
    time, value = paths.time, paths.value
    return [(_inside(time, point, answer), _inside(value, point, answer)) for point in _points_of(paths.at, answer)]


def _inside(query: Query, point: object, answer: Answer) -> object:
    try:
        found: object = query.search(point)
    except QueryTypeError as error:
        raise unparseable("datapoints of the expected shape", answer) from error
    return found
