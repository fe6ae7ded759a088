import pytest

from probe.notation.documents import parse_document
from probe.settings.complaints import Complaint, ConfigurationRefused, Notebook, choices, path_of, tell_value

DOCUMENT = parse_document("agent:\n  name: A B\nprobes:\n- every: 5\n", "probe.yaml")


def test_a_complaint_is_one_sentence_with_everything_in_it() -> None:
    """File, line, path, value, what is wrong, what to do."""
    complaint = Complaint("probe.yaml", 3, "probes[0].every", "5", "a duration needs a unit", "write 5s")
    assert str(complaint) == "probe.yaml:3: probes[0].every = 5: a duration needs a unit; write 5s"
    assert str(Complaint("probe.yaml", 0, "", "", "is empty", "")) == "probe.yaml: is empty"


def test_a_notebook_is_in_the_order_of_the_file_and_has_nothing_twice() -> None:
    """Whatever was looked at first."""
    notebook = Notebook(DOCUMENT)
    assert not notebook
    notebook.note(("probes", 0, "every"), "late")
    notebook.note(("agent", "name"), "early")
    notebook.note(("agent", "name"), "early")
    assert list(map(str, notebook)) == [
        'probe.yaml:2: agent.name = "A B": early',
        "probe.yaml:4: probes[0].every = 5: late",
    ]
    assert str(ConfigurationRefused(notebook)).count("\n") == 1


@pytest.mark.parametrize(
    ("value", "trail", "told"),
    [
        ("x", ("agent", "name"), '"x"'),
        (True, ("agent", "name"), "true"),
        (None, ("agent", "name"), ""),
        ({"a": 1}, ("agent",), ""),
        ("y" * 80, ("agent",), '"' + "y" * 58 + "…"),
        ("AKIA123", ("vendors", "a", "credentials", "id"), ""),
        ("Bearer x", ("probes", 0, "options", "headers", "X-Any"), ""),
        ("hunter2", ("agent", "Password"), ""),
        ("https://me:hunter2@x.example/a?key=1", ("vendors", "a", "endpoints", "api"), '"https://x.example/a?…'),
    ],
)
def test_a_value_is_told_unless_it_may_be_a_secret(value: object, trail: tuple[str | int, ...], told: str) -> None:
    """Better one value too few than one secret in a log of a pipeline."""
    assert tell_value(value, trail) == told


def test_paths_look_as_people_write_them() -> None:
    """Positions in brackets."""
    assert path_of(("probes", 0, "options", "size")) == "probes[0].options.size"
    assert path_of(()) == ""


def test_the_nearest_choice_comes_first() -> None:
    """A typing mistake is the likely one."""
    assert choices("amazon", ["b", "amazone"]) == "did you mean `amazone`? there is: amazone, b"
    assert choices("zzz", ["b", "a", "a"]) == "there is: a, b"
    assert choices("zzz", []) == "there is none"
