"""Log lines that a machine can cut up and nobody can forge: one event, one line, whatever is in it."""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TextIO

from probe.exposition.untrusted import visible
from probe.model.clock import Clock
from probe.model.measurement import Measurement
from probe.model.outcome import Blame, Outcome
from probe.model.stopwatch import Fact
from probe.model.target import Target

logger = logging.getLogger(__name__)


class LogFormat(StrEnum):
    """How a line is written."""

    LOGFMT = "logfmt"
    JSON = "json"


_CHATTY: Final = ("apscheduler", "asyncio", "httpcore", "httpx", "hpack", "urllib3", "uvicorn", "botocore")
"""Libraries that tell each request, with its URL and what may be in it; their warnings are enough."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_BARE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:+@%,;<>*&!?$~^|#")
_NAMED: Final[Mapping[str, str]] = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def configure_logging(
    form: LogFormat = LogFormat.LOGFMT,
    level: str = "INFO",
    *,
    redact: Callable[[str], str] = str,
    stream: TextIO | None = None,
) -> None:
    """Write everything from *level* up to *stream* (standard error), replacing what was set up before.

    Args:
        form: how a line is written.
        level: the least that is written: DEBUG, INFO, WARNING or ERROR, in any case.
        redact: replaces every secret that the agent knows in a text.
        stream: where lines go.

    Raises:
        ValueError: there is no such level.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(redact) if form is LogFormat.JSON else LogfmtFormatter(redact))
    root = logging.getLogger()
    root.setLevel(level.upper())
    root.handlers[:] = [handler]
    logging.captureWarnings(capture=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # it warns of each request that is no HTTP and of each connection too many: strangers would write our log
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class _FieldsFormatter(logging.Formatter):
    """Turns a record into ordered fields; what was given as `extra` becomes fields of its own."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """The fields of *record*, redacted."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        told.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info and record.exc_info[0] is not None:
            told["exception"] = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return {key: self._plain(value) for key, value in told.items() if value is not None and value != ""}

    def _plain(self, value: object) -> object:
        if isinstance(value, bool | int | float):
            return value
        return self._redact(str(value))


class LogfmtFormatter(_FieldsFormatter):
    """`time=... level=warning msg="..."`: for people, grep and Loki."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return " ".join(f"{key}={_logfmt(value)}" for key, value in self.fields(record).items())


class JsonFormatter(_FieldsFormatter):
    """One JSON object a line, in ASCII: no byte of what we were told can end the line or move a cursor."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return json.dumps(self.fields(record), ensure_ascii=True, separators=(",", ":"))


def _logfmt(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    if text and _BARE.issuperset(text):
        return text
    return '"' + "".join(_NAMED.get(letter) or visible(letter) for letter in text) + '"'


@dataclass(slots=True)
class _Told:
    at: float
    suppressed: int = 0


class FailureLog:
    """A `Sink` that writes one line for a failed run, and not the same line over and over.

    Of one target and outcome at most one line is written per *every* seconds; the next one says how many were
    suppressed. When the target is well again, what was suppressed is told.
    """

    def __init__(self, clock: Clock, *, every: float = 60.0) -> None:
        self._clock = clock
        self._every = every
        self._told: dict[Target, dict[Outcome, _Told]] = {}

    def record(self, measurement: Measurement) -> None:
        """Write a line if *measurement* failed and its like was not told of late."""
        if measurement.ok:
            self._recovered(measurement)
            return
        told = self._told.setdefault(measurement.target, {})
        last, now = told.get(measurement.outcome), self._clock.now()
        if last is not None and now - last.at < self._every:
            last.suppressed += 1
            return
        told[measurement.outcome] = _Told(now)
        logger.log(_level(measurement), "probe failed", extra=_about(measurement, last.suppressed if last else 0))

    def _recovered(self, run: Measurement) -> None:
        told = self._told.get(run.target)
        if told is None:
            return
        now = self._clock.now()
        if any(now - last.at < self._every for last in told.values()):
            return  # it may be flapping: what it does next within the window is still the same story
        del self._told[run.target]
        suppressed = sum(last.suppressed for last in told.values())
        if suppressed:
            logger.info("probe is well again", extra=_who(run) | {"suppressed": suppressed})


def _level(run: Measurement) -> int:
    if run.outcome is Outcome.BUG:
        return logging.ERROR
    return logging.INFO if run.blame is Blame.EXCUSED else logging.WARNING


def _who(run: Measurement) -> dict[str, object]:
    target = run.target
    return {
        "run_id": run.run_id,
        "probe": target.probe,
        "kind": run.kind,
        "vendor": target.vendor,
        "region": target.region,
        "target": target.name,
    }


def _about(run: Measurement, suppressed: int) -> dict[str, object]:
    return _who(run) | {
        "outcome": str(run.outcome),
        "blame": str(run.blame),
        "phase": str(run.phase) if run.phase else None,
        "seconds": round(run.seconds, 6),
        "detail": run.detail,
        "request_id": run.facts.get(Fact.REQUEST_ID),
        "instance": run.facts.get(Fact.INSTANCE),
        "suppressed": suppressed or None,
    }
