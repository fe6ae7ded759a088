"""How one measurement is shown."""

import json

from probe.cli.waterfall import as_json, draw, span
from probe.model.exchange import Exchange, Transcript
from probe.model.measurement import Measurement
from probe.model.outcome import Outcome
from probe.model.phase import Phase
from probe.model.target import Target

RUN = Measurement(
    run_id="r1",
    kind="lifecycle",
    target=Target("acme", "eu", "life"),
    due=1_800_000_000.0,
    started=1_800_000_000.5,
    seconds=4.0,
    outcome=Outcome.TIMEOUT,
    phase=Phase.PROVISION,
    detail="not ready in time",
    phases={Phase.PROVISION: 3.0, Phase.ACCEPT: 0.5},
    resolution={Phase.PROVISION: 0.25},
)


def test_phases_are_drawn_in_the_order_of_time() -> None:
    """A waterfall reads from top to bottom, whatever order the phases were noted in."""
    text = draw(RUN)
    assert text.index("accept") < text.index("provision  ")


def test_the_verdict_names_outcome_blame_and_phase() -> None:
    """What, whose fault, and where stand in the first line."""
    first = draw(RUN).splitlines()[0]
    assert first == "life/acme/eu  lifecycle  timeout (blame: vendor, in phase provision)  4.00 s"


def test_uncertainty_is_shown_beside_a_polled_phase() -> None:
    """A polled phase says how sharply it was seen."""
    assert "± 250.0 ms" in draw(RUN)


def test_json_has_the_promised_keys() -> None:
    """Scripts depend on these keys."""
    said = json.loads(as_json(RUN))
    promised = "probe vendor region target kind outcome blame started seconds clock phases resolution detail"
    assert set(said) == set(promised.split())
    assert said["phases"] == {"provision": 3.0, "accept": 0.5}


def test_the_exchange_is_shown_with_its_failure() -> None:
    """An exchange without an answer says why there is none."""
    exchange = Exchange("GET", "http://x/", {"A": "b"}, "body", None, {}, "", "connection refused")
    text = draw(RUN, Transcript(str, [exchange]))
    assert "> GET http://x/" in text
    assert "< connection refused" in text


def test_durations_have_units_people_read() -> None:
    """Microseconds, milliseconds, seconds."""
    assert (span(0.00005), span(0.0123), span(12.3)) == ("50 µs", "12.3 ms", "12.30 s")


def test_an_answer_cannot_steer_the_terminal() -> None:
    """Escape sequences in what a vendor said are spelt out."""
    exchange = Exchange("GET", "http://x/", {}, "", 200, {}, "\x1b[2Jgone")
    assert "\\x1b[2Jgone" in draw(RUN, Transcript(str, [exchange]))
