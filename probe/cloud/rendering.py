"""From a call in a vendor file and the values of the moment to a request, complete but for its authentication."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx

from probe.cloud.codecs import as_text, encode_form, encode_json, query_pairs
from probe.cloud.file.operation import Operation
from probe.cloud.file.vendor import Endpoint
from probe.cloud.places import PlaceRefused, given_url
from probe.model.outcome import Outcome, ProbeFailed
from probe.notation.templates import Template

_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_JSON: Final = "application/json"
_PLAIN: Final = "text/plain"
_ACCEPTED: Final[Mapping[str, str]] = {"json": "application/json", "xml": "text/xml"}


def render(
    operation: Operation,
    endpoint: Endpoint,
    base: str,
    values: Mapping[str, object],
    extra: Mapping[str, object] | None = None,
) -> httpx.Request:
    """The request that *operation* is, to *endpoint* at *base*.

    Args:
        operation: the call.
        endpoint: gives headers and form parameters that all its calls have.
        base: the endpoint's URL, without a slash at its end.
        values: for the templates.
        extra: what a page adds, to the form if there is one and else to the query.

    Raises:
        ProbeFailed: invalid: a value cannot be sent where it belongs.
        UnknownName: a value is missing; the checks at load rule it out.
    """
    form, query = _parameters(operation, values, extra or {})
    headers = {"Accept": _ACCEPTED[endpoint.codec]}
    content, kind = _body(operation, values, _mapping(endpoint.form, values) | form)
    if kind:
        headers["Content-Type"] = kind
    fields = httpx.Headers(headers)
    for template in (endpoint.headers, operation.headers):
        fields.update(_headers(template, values))
    try:
        url = _url(operation, base, values)
        if query:
            url = url.copy_merge_params(httpx.QueryParams(tuple(query_pairs(query))))
    except httpx.InvalidURL as error:
        raise ProbeFailed(Outcome.INVALID, f"the request would have no proper URL ({error})") from error
    return httpx.Request(operation.method, url, headers=fields, content=content or None)


def _parameters(
    operation: Operation, values: Mapping[str, object], extra: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """The form's and the query's, one of them with what a page adds."""
    form, query = _mapping(operation.form, values), _mapping(operation.query, values)
    (query if operation.form is None else form).update(extra)
    return form, query


def _body(operation: Operation, values: Mapping[str, object], form: Mapping[str, object]) -> tuple[bytes, str]:
    """The body and what it is; nothing where there is none."""
    if operation.form is not None:
        return encode_form(form), _FORM
    if operation.json_body is not None:
        return encode_json(operation.json_body.render(values)), _JSON
    if operation.text is not None:
        return as_text(operation.text.render(values) or "").encode(), _PLAIN
    return b"", ""


def _url(operation: Operation, base: str, values: Mapping[str, object]) -> httpx.URL:
    name = operation.given_place
    if name is None:
        return httpx.URL(base + _path(operation.path, values))
    try:
        return given_url(values.get(name), base)
    except PlaceRefused as error:
        raise ProbeFailed(Outcome.VENDOR_ERROR, f"the place that the vendor gave as {name} {error}") from error


def _mapping(template: Template | None, values: Mapping[str, object]) -> dict[str, object]:
    if template is None:
        return {}
    rendered = template.render(values)
    return dict(rendered) if isinstance(rendered, dict) else {}


def _headers(template: Template | None, values: Mapping[str, object]) -> dict[str, str]:
    headers = {name: as_text(value) for name, value in _mapping(template, values).items()}
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise ProbeFailed(Outcome.INVALID, f"the header {name} would hold what no header can")
    return headers


def _path(template: Template, values: Mapping[str, object]) -> str:
    """The path, in which no value can be more than one segment: an identifier comes from outside."""
    return str(template.render({name: _segment(name, values[name]) for name in template.names}))


def _segment(name: str, value: object) -> str:
    text = as_text(value)
    if value is None or text in {"", ".", ".."}:
        raise ProbeFailed(Outcome.INVALID, f"`{text}` cannot stand for {name} in a path")
    return quote(text, safe="")
