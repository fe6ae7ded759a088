"""Writes an exchange down for `once --explain`: redacted first, then kept."""

import httpx

from probe.model.exchange import Exchange, Transcript
from probe.wire.redaction import redacted_body, redacted_headers, redacted_text, redacted_url


def write_down(
    transcript: Transcript, request: httpx.Request, response: httpx.Response | None, failure: str = ""
) -> None:
    """Add the exchange of *request* and *response*, or of the *failure* that came instead, to *transcript*."""
    redact = transcript.redact

    def body_of(message: httpx.Request | httpx.Response) -> str:
        return redacted_body(message.headers.get("Content-Type", ""), message.content, redact)

    transcript.exchanges.append(
        Exchange(
            method=request.method,
            url=redacted_url(str(request.url), redact),
            request_headers=redacted_headers(request.headers.multi_items(), redact),
            request_body=body_of(request),
            status=response.status_code if response is not None else None,
            response_headers=redacted_headers(response.headers.multi_items(), redact) if response is not None else {},
            response_body=body_of(response) if response is not None else "",
            failure=redacted_text(failure, redact),
        )
    )
