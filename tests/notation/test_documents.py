from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.notation.documents import DocumentRefused, examine, examine_file, parse_document, read_document


def flaws(text: str) -> list[str]:
    """What is wrong with *text*, one sentence each."""
    return [f"{flaw.line}: {flaw.problem}; {flaw.remedy}" for flaw in examine(text, "x.yaml").flaws]


def test_every_value_has_the_line_of_its_key() -> None:
    """A complaint points at the line where the reader must change something."""
    document = parse_document("agent:\n  name: a\n\nprobes:\n- name: one\n- name: two\n  kind: tcp\n", "x.yaml")
    assert document.data == {"agent": {"name": "a"}, "probes": [{"name": "one"}, {"name": "two", "kind": "tcp"}]}
    assert document.lines["agent", "name"] == 2
    assert document.lines["probes", 1, "kind"] == 7
    assert document.line(("probes", 1, "options", "size")) == 6
    assert document.line(("nowhere",)) == 1


def test_scalars_are_what_people_mean() -> None:
    """YAML 1.1's surprises (no, on, times, dates, octal numbers) stay text."""
    text = "[no, on, 12:30, 2024-01-01, 0123, 1e5, 1_000, 5, -2, 2.5, true, ~, 'true', \"5\", 99999999999999999999]"
    assert parse_document(text, "x").data == [
        *("no", "on", "12:30", "2024-01-01", "0123", "1e5", "1_000"),
        *(5, -2, 2.5, True, None, "true", "5", "99999999999999999999"),
    ]


def test_keys_are_text_as_written() -> None:
    """A status or a port is a fine key, and looks as in the file."""
    assert parse_document("404: a\ntrue: b\n", "x").data == {"404": "a", "true": "b"}


def test_an_alias_repeats_what_its_anchor_says() -> None:
    """Aliases save writing; the lines point at where the value really stands."""
    document = parse_document("a: &a\n  k: 1\nb: *a\n", "x")
    assert document.data == {"a": {"k": 1}, "b": {"k": 1}}
    assert document.lines["b",] == 3
    assert document.lines["b", "k"] == 2


def test_all_flaws_are_found_at_once() -> None:
    """Nobody wants to correct one mistake after the other."""
    assert flaws("a: 1\nb: !!str 2\na: 3\n<<: {c: 1}\nd: *e\n---\nx: 1\n") == [
        "2: has a tag; remove the word with !, or quote the value: tags have no meaning here",
        "3: is written twice (first on line 1); keep one of them",
        "4: is a merge key; write the keys out: YAML 1.2 has no merge keys",
        "5: refers to an anchor that nothing before it has; quote the value if its * is a part of it",
        "7: is a second document; keep one document in a file, without --- between parts",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1\n", "is not YAML"),
        ("a: b: c", "is not YAML"),
        ("\ta: 1", "is not YAML"),
        ("? [1]\n: 2", "has a key that is not text"),
        ("a:\n  b: \x07", "2: holds a control character"),
        ("[" * 100_000, "is nested deeper than 64 levels"),
        ("a" * 2_100_000, "is larger than 2 MiB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(text: str, says: str) -> None:
    """One flaw stands for a text that cannot be read on."""
    assert len(flaws(text)) == 1
    assert says in flaws(text)[0]


def test_aliases_do_not_explode() -> None:
    """Each level of ten aliases of ten aliases is counted as often as it is used."""
    levels = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "holds more than 200000 values" in flaws("\n".join(levels))[0]


def test_a_flaw_refuses_the_document() -> None:
    """Whoever wants only whole documents gets the first flaw as a sentence with its place."""
    with pytest.raises(DocumentRefused) as refusal:
        parse_document("a: 1\na: 2", "x.yaml")
    assert str(refusal.value) == "x.yaml:2: is written twice (first on line 1); keep one of them"
    assert (refusal.value.path, refusal.value.line) == ("x.yaml", 2)


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    """Editors of other systems write one."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: \xc3\xa4\n")
    assert read_document(file).data == {"a": "ä"}


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Neither a missing file, nor a folder, nor another encoding is a traceback."""
    with pytest.raises(DocumentRefused, match=r"cannot be read \(no such file or directory\)"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(DocumentRefused, match=r"cannot be read \(is a directory\)"):
        read_document(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe4\n")
    assert [(flaw.line, flaw.problem) for flaw in examine_file(tmp_path / "latin.yaml").flaws] == [(2, "is not UTF-8")]


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab: -[]{}&*!|>'\"#%?,\n\t~<0.\x00\u2028é"), max_size=80) | st.text(max_size=80)
)
def test_no_text_is_a_traceback(text: str) -> None:
    """Whatever stands in a file, the answer is a document or flaws."""
    examination = examine(text, "x")
    assert examination.document is not None or examination.flaws


@pytest.mark.parametrize("letters", ["\u00e9", "a"])
def test_a_file_that_is_too_large_is_not_read_by_half(tmp_path: Path, letters: str) -> None:
    """What stands behind the limit must not be missing without a word, however many bytes a letter has."""
    file = tmp_path / "large.yaml"
    file.write_text(f"a: 1\n# {letters * 2_100_000}\nb: 2\n", encoding="utf-8")
    with pytest.raises(DocumentRefused, match="is larger than 2 MiB"):
        read_document(file)


@pytest.mark.parametrize(
    "text",
    [
        'a: "\\UFFFFFFFF"',
        'a: "\\uD800"',
        'a: "\\0"',
        '"\\0": a',
        f"%YAML 1.{'9' * 5000}\n--- a",
        "[" * 100_000,
        "- " * 5_000,
        "a: &x [*x]",
        "? [a]\n: b",
        '"\\xZZ"',
        "!<%FF> a",
    ],
    ids=range(11),
)
def test_what_yaml_can_do_to_its_reader_is_refused(text: str) -> None:
    """By a sentence, whatever it is."""
    with pytest.raises(DocumentRefused):
        parse_document(text, "document")


@pytest.mark.parametrize("text", ["password: !S3cret", "password: *S3cret"])
def test_a_complaint_tells_nothing_that_may_be_a_password(text: str) -> None:
    """One that begins like a tag or an alias was meant as text by who wrote it."""
    with pytest.raises(DocumentRefused) as refused:
        parse_document(text, "document")
    assert "S3cret" not in str(refused.value)
