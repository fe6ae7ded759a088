"""A file for each mistake, and beside it the exact sentence that is said about it."""

from pathlib import Path

import pytest

from probe.settings import ConfigurationRefused, load

BAD = Path(__file__).parent / "bad"
MISTAKES = sorted(BAD.glob("*.yaml"))
SECRETS = ("hunter2", "wJalrXUtnFEMI")
"""What stands in the files where a secret must not stand."""


def complaints(file: Path) -> str:
    """Everything that is said about *file*, whose folder is left out."""
    with pytest.raises(ConfigurationRefused) as refusal:
        load(file, environ={})
    return str(refusal.value).replace(f"{BAD}/", "")


@pytest.mark.parametrize("file", MISTAKES, ids=lambda file: file.stem)
def test_a_mistake_has_its_sentence(file: Path) -> None:
    """With the line, the path, the value, what is wrong and what to do about it."""
    assert complaints(file) == file.with_suffix(".txt").read_text().rstrip("\n")


def test_no_sentence_tells_a_secret() -> None:
    """A complaint is read in the logs of pipelines."""
    sentences = "".join(file.with_suffix(".txt").read_text() for file in MISTAKES)
    assert not any(secret in sentences for secret in SECRETS)


def test_the_table_is_whole() -> None:
    """No sentence without its file, and both kinds of secret are in it."""
    assert {file.stem for file in BAD.glob("*.txt")} == {file.stem for file in MISTAKES}
    assert len(MISTAKES) >= 100
    text = "".join(file.read_bytes().decode(errors="replace") for file in MISTAKES)
    assert all(secret in text for secret in SECRETS)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """In the order of the file; one mistake hides none of the others."""
    file = tmp_path / "probe.yaml"
    file.write_text(
        "agent: {name: A}\n"
        "agent: {}\n"
        "vendors:\n"
        "  amazon: {use: amazn}\n"
        "  flex: {use: openstack, region: X, credentials: {password: secret}}\n"
        "probes:\n"
        "  - {name: a, kind: http, every: 5, deadline: 1h, targets: [{url: x}], options: {status: []}}\n"
        "  - {name: a, kind: nothing}\n"
        "objectives: [{probe: b}]\n"
        "guards: {lease: 1}\n"
        "nonsense: true\n"
    )
    with pytest.raises(ConfigurationRefused) as refusal:
        load(file, environ={"PROBE_LISTEN": "nowhere"})
    places = [(complaint.line, complaint.path) for complaint in refusal.value.complaints]
    assert places == [
        (0, "$PROBE_LISTEN"),
        (1, "agent.name"),
        (2, "agent"),
        (4, "vendors.amazon.region"),
        (4, "vendors.amazon.use"),
        (5, "vendors.flex.credentials.password"),
        (5, "vendors.flex.endpoints.auth"),
        (7, "probes[0].every"),
        (7, "probes[0].options.status"),
        (7, "probes[0].targets[0].url"),
        (8, "probes[1].deadline"),
        (8, "probes[1].every"),
        (8, "probes[1].kind"),
        (8, "probes[1].name"),
        (9, "objectives[0]"),
        (9, "objectives[0].probe"),
        (10, "guards.lease"),
        (11, "nonsense"),
    ]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(ConfigurationRefused, match="there is no such file, and -c names it"):
        load(tmp_path / "none.yaml", environ={})
