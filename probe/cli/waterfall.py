"""Draws one measurement as a waterfall of phases, and as a line of JSON."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from probe.cli.console import printable
from probe.model.exchange import Exchange, Transcript
from probe.model.measurement import Measurement
from probe.model.phase import Phase

BAR: Final = 48
_EDGE: Final = 1e-9


def as_json(measurement: Measurement) -> str:
    """One JSON object in one line: the machine's view of a measurement; durations in seconds, times in RFC 3339."""
    target = measurement.target
    return json.dumps(
        {
            "probe": target.probe,
            "vendor": target.vendor,
            "region": target.region,
            "target": target.name,
            "kind": measurement.kind,
            "outcome": measurement.outcome,
            "blame": measurement.blame,
            "started": datetime.fromtimestamp(measurement.started, UTC).isoformat(timespec="milliseconds"),
            "seconds": round(measurement.seconds, 6),
            "clock": measurement.clock,
            "phases": {phase: round(seconds, 6) for phase, seconds in measurement.phases.items()},
            "resolution": {phase: round(seconds, 6) for phase, seconds in measurement.resolution.items()},
            "detail": measurement.detail,
        }
    )


def draw(measurement: Measurement, transcript: Transcript | None = None) -> str:
    """The waterfall of *measurement* as lines of text, with the exchanges of *transcript* below it."""
    lines = [_headline(measurement), *_bars(measurement), *_facts(measurement)]
    for exchange in transcript.exchanges if transcript else ():
        lines += ["", *_exchange(exchange)]
    return "\n".join(printable(line) for line in "\n".join(lines).split("\n"))


def _headline(measurement: Measurement) -> str:
    verdict = f"{measurement.outcome} (blame: {measurement.blame}"
    verdict += f", in phase {measurement.phase})" if measurement.phase else ")"
    line = f"{measurement.target}  {measurement.kind}  {verdict}  {span(measurement.seconds)}"
    return f"{line}\n  {measurement.detail}" if measurement.detail else line


def _bars(measurement: Measurement) -> Iterator[str]:
    whole = max(measurement.seconds, sum(measurement.phases.values()), _EDGE)
    begun = 0.0
    for phase in sorted(measurement.phases, key=list(Phase).index):
        seconds = measurement.phases[phase]
        left = round(begun / whole * BAR)
        length = max(1, round(seconds / whole * BAR))
        bar = (" " * min(left, BAR - 1) + "█" * length)[:BAR]
        sharpness = measurement.resolution.get(phase)
        about = f"  ± {span(sharpness)}" if sharpness is not None else ""
        yield f"  {phase:<9} {span(seconds):>9}  |{bar:<{BAR}}|{about}"
        begun += seconds
    own = measurement.seconds - sum(measurement.phases.values())
    if measurement.phases and own > _EDGE:
        yield f"  {'between':<9} {span(own):>9}   our own share: bookkeeping, and waiting between polls"


def _facts(measurement: Measurement) -> Iterator[str]:
    facts = [f"{fact}={value}" for fact, value in measurement.facts.items()]
    facts += [f"{milestone} after {span(seconds)}" for milestone, seconds in measurement.milestones.items()]
    facts.append(f"connection={measurement.connection} clock={measurement.clock} run={measurement.run_id}")
    yield "  " + "  ".join(facts)


def _exchange(exchange: Exchange) -> Iterator[str]:
    asked = [f"{exchange.method} {exchange.url}", *_headers(exchange.request_headers), exchange.request_body]
    answer = exchange.failure if exchange.status is None else str(exchange.status)
    told = [answer, *_headers(exchange.response_headers), exchange.response_body]
    for arrow, texts in ((">", asked), ("<", told)):
        yield from (f"  {arrow} {line}" for text in texts for line in text.splitlines())


def _headers(headers: Mapping[str, str]) -> Iterator[str]:
    return (f"{name}: {value}" for name, value in headers.items())


def span(seconds: float) -> str:
    """A duration for people: three digits that matter, in µs, ms or s."""
    if seconds < 0.001:  # noqa: PLR2004 - a millisecond
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s"
