import io
import json
import logging
from collections.abc import Iterator

import pytest

from probe.exposition.logs import FailureLog, LogFormat, configure_logging
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.secret import Secret
from probe.model.stopwatch import Fact
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import FakeApi, fake_job, fake_run

JOB = fake_job(FakeApi())
FAILED = fake_run(
    JOB,
    outcome=Outcome.VENDOR_ERROR,
    phase=Phase.WAIT,
    detail="503 for you",
    facts={Fact.REQUEST_ID: "req-77", Fact.INSTANCE: "i-0abc"},
)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Put back what `configure_logging` replaces."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def lines_of(stream: io.StringIO) -> list[str]:
    """What was written, and none of it with an end of line inside."""
    return stream.getvalue().split("\n")[:-1]


def test_a_logfmt_line_can_be_read_and_cut_up() -> None:
    """Time in UTC, level, logger, message, then the fields; quotes only where they are needed."""
    stream = io.StringIO()
    configure_logging(LogFormat.LOGFMT, "info", stream=stream)
    logging.getLogger("probe.engine").info("started", extra={"jobs": 4, "grace": 0.5, "name_": "a b", "ok": True})
    (line,) = lines_of(stream)
    assert line.startswith("time=20")
    assert 'Z level=info logger=probe.engine msg=started jobs=4 grace=0.5 name_="a b" ok=true' in line


def test_a_json_line_has_the_same_fields() -> None:
    """Numbers stay numbers."""
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, "INFO", stream=stream)
    logging.getLogger("probe.engine").warning("slow %s", "sweep", extra={"seconds": 1.5})
    told = json.loads(stream.getvalue())
    assert told["msg"] == "slow sweep"
    assert told["level"] == "warning"
    assert told["seconds"] == 1.5


@pytest.mark.parametrize("form", LogFormat)
def test_nobody_can_forge_a_line(form: LogFormat) -> None:
    """Line ends, terminal sequences and marks that reorder text are escaped in both formats."""
    stream = io.StringIO()
    configure_logging(form, "INFO", stream=stream)
    evil = 'ok"\nlevel=error msg="forged\r\x1b[2J\x00\x85\u2028\u202e'
    logging.getLogger("probe").info("%s", evil, extra={"detail": evil})
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.splitlines() == [text[:-1]]
    assert not {"\x1b", "\r", "\x00", "\x85", "\u2028", "\u202e"} & set(text)


@pytest.mark.parametrize("form", LogFormat)
def test_secrets_are_never_written(form: LogFormat) -> None:
    """Neither as an object nor as text that the agent knows to be secret, nor in a traceback."""
    stream = io.StringIO()
    configure_logging(form, "INFO", redact=lambda text: text.replace("hunter2", "•••"), stream=stream)
    secret = Secret(lambda: "hunter2", "env PASSWORD")
    try:
        int("hunter2")
    except ValueError:
        logging.getLogger("probe").exception("login as hunter2 with %s", secret, extra={"key": secret})
    assert "hunter2" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_libraries_do_not_tell_urls() -> None:
    """The HTTP client logs each request at INFO, with whatever is in its URL."""
    stream = io.StringIO()
    configure_logging(LogFormat.LOGFMT, "DEBUG", stream=stream)
    logging.getLogger("httpx").info("GET https://user:password@host/")
    logging.getLogger("uvicorn.access").info("GET /?token=1")
    assert not stream.getvalue()


def test_an_unknown_level_is_refused() -> None:
    """A typing error must not silence the agent."""
    with pytest.raises(ValueError, match="LOUD"):
        configure_logging(level="loud")


def failures(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The records of the sink."""
    return [record for record in caplog.records if record.name == "probe.exposition.logs"]


def test_a_failed_run_is_one_line_with_what_one_needs_to_find_it_again() -> None:
    """Run id for us, request id for the vendor's support."""
    stream = io.StringIO()
    configure_logging(LogFormat.LOGFMT, "INFO", stream=stream)
    FailureLog(FakeClock()).record(FAILED)
    (line,) = lines_of(stream)
    for part in ("level=warning", 'msg="probe failed"', "run_id=run-1", "probe=api", "vendor=sandbox-steady"):
        assert part in line
    for part in ("outcome=vendor_error", "blame=vendor", "phase=wait", 'detail="503 for you"', "request_id=req-77"):
        assert part in line
    assert "instance=i-0abc" in line
    assert "suppressed" not in line


def test_the_same_failure_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The next line says how many were left out; another outcome is another story."""
    clock = FakeClock()
    log = FailureLog(clock)
    for _ in range(4):
        log.record(FAILED)
        clock.pass_time(20)
    log.record(fake_run(JOB, outcome=Outcome.TIMEOUT, phase=Phase.WAIT))
    told = [vars(record) for record in failures(caplog)]
    assert [(one["outcome"], one["suppressed"]) for one in told] == [
        ("vendor_error", None),
        ("vendor_error", 2),
        ("timeout", None),
    ]


def test_what_was_left_out_is_told_when_the_target_is_well_again(caplog: pytest.LogCaptureFixture) -> None:
    """No count is lost, and a flapping target does not write a line per flap."""
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    log = FailureLog(clock)
    log.record(FAILED)
    log.record(FAILED)
    log.record(fake_run(JOB))
    clock.pass_time(61)
    log.record(fake_run(JOB))
    log.record(fake_run(JOB))
    told = failures(caplog)
    assert [record.getMessage() for record in told] == ["probe failed", "probe is well again"]
    assert vars(told[1])["suppressed"] == 1


@pytest.mark.parametrize(
    ("outcome", "level"),
    [(Outcome.BUG, logging.ERROR), (Outcome.MAINTENANCE, logging.INFO), (Outcome.DENIED, logging.WARNING)],
)
def test_the_level_says_who_must_act(outcome: Outcome, level: int, caplog: pytest.LogCaptureFixture) -> None:
    """A bug is an error of ours; announced maintenance is news."""
    caplog.set_level(logging.DEBUG)
    FailureLog(FakeClock()).record(fake_run(JOB, outcome=outcome))
    assert [record.levelno for record in failures(caplog)] == [level]
