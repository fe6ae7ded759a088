"""What a probe found, as blackbox_exporter would tell it: samples under its names, and a log of what happened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from probe.model.clock import Clock

HELP: Final[Mapping[str, str]] = {
    "probe_success": "Displays whether or not the probe was a success",
    "probe_duration_seconds": "Returns how long the probe took to complete in seconds",
    "probe_dns_lookup_time_seconds": "Returns the time taken for probe dns lookup in seconds",
    "probe_ip_protocol": "Specifies whether probe ip protocol is IP4 or IP6",
    "probe_ip_addr_hash": "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
    "probe_failed_due_to_regex": "Indicates if probe failed due to regex",
    "probe_failed_due_to_bytes": "Indicates if probe failed due to bytes",
    "probe_http_duration_seconds": "Duration of http request by phase, summed over all redirects",
    "probe_http_status_code": "Response HTTP status code",
    "probe_http_version": "Returns the version of HTTP of the probe response",
    "probe_http_ssl": "Indicates if SSL was used for the final redirect",
    "probe_http_redirects": "The number of redirects",
    "probe_http_content_length": "Length of http content response",
    "probe_http_uncompressed_body_length": "Length of uncompressed response body",
    "probe_http_last_modified_timestamp_seconds": "Returns the Last-Modified HTTP response header in unixtime",
    "probe_ssl_earliest_cert_expiry": "Returns last SSL chain expiry in unixtime",
    "probe_ssl_last_chain_expiry_timestamp_seconds": "Returns last SSL chain expiry in timestamp",
    "probe_ssl_last_chain_info": "Contains SSL leaf certificate information",
    "probe_tls_version_info": "Returns the TLS version used or NaN when unknown",
    "probe_tls_cipher_info": "Returns the TLS cipher negotiated during handshake",
    "probe_expect_info": "Explicit content matched",
    "probe_dns_duration_seconds": "Duration of DNS request by phase",
    "probe_dns_answer_rrs": "Returns number of entries in the answer resource record list",
    "probe_dns_authority_rrs": "Returns number of entries in the authority resource record list",
    "probe_dns_additional_rrs": "Returns number of entries in the additional resource record list",
    "probe_dns_query_succeeded": "Displays whether or not the query was executed successfully",
    "probe_dns_serial": "Returns the serial number of the zone",
    "probe_icmp_duration_seconds": "Duration of icmp request by phase",
    "probe_icmp_reply_hop_limit": "Replied packet hop limit (TTL for ipv4)",
}
"""Every metric that a probe can tell, all of them gauges, with what the peer says of it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a metric.

    Attributes:
        name: of the metric, one of `HELP`.
        labels: its labels.
        meaning: what the peer says of the metric.
        value: seconds, bytes, seconds since 1970 or a plain number, as the name says.
    """

    name: str
    meaning: str
    labels: Mapping[str, str]
    value: float


@dataclass(slots=True)
class Findings:
    """Collects what one probe finds.

    Attributes:
        clock: what the log's times are of.
        words: what every line of the log begins with.
        lines: the log, in logfmt.
    """

    clock: Clock
    words: Mapping[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Note the *value* of a metric, in place of an earlier one."""
        self._values[name, tuple(labels.items())] = value

    def add(self, name: str, value: float, **labels: str) -> None:
        """Add *value* to a metric."""
        key = name, tuple(labels.items())
        self._values[key] = self._values.get(key, 0.0) + value

    def start(self, name: str, *phases: str) -> None:
        """Have the *phases* of a metric told as 0 if they are not reached."""
        for phase in phases:
            self.add(name, 0.0, phase=phase)

    def samples(self) -> list[Sample]:
        """All of it, by name."""
        return [Sample(name, HELP[name], dict(labels), value) for (name, labels), value in sorted(self._values.items())]

    def log(self, message: str, level: str = "info", **words: object) -> None:
        """Write a line."""
        moment = datetime.fromtimestamp(self.clock.wall(), UTC).isoformat(timespec="milliseconds")
        pairs = {"ts": moment.replace("+00:00", "Z"), "level": level, **self.words, "msg": message, **words}
        self.lines.append(" ".join(f"{key}={_quoted(str(value))}" for key, value in pairs.items()))


def _quoted(text: str) -> str:
    plain = text.isprintable() and not any(character in text for character in ' "=')
    return text if plain and text else json.dumps(text, ensure_ascii=False)
