"""The packed numbers of all targets."""

from hypothesis import given
from hypothesis import strategies as st

from probe.exposition import families as names
from probe.exposition.children import Exemplar
from probe.exposition.columns import BATCH, Column, Rows, packed
from probe.exposition.formats import Format
from probe.exposition.table import Table

NUMBERS = st.floats(allow_nan=False)
STEPS = st.lists(st.tuples(st.sampled_from(["set", "add", "drop"]), st.integers(0, 40), NUMBERS), max_size=60)


def identity(name: str) -> tuple[str, ...]:
    """The identity of a target of the operator's own."""
    return ("none", "", "shop", name, "service")


def rows(count: int) -> Rows:
    """So many targets."""
    made = Rows()
    for number in range(count):
        made.enter(identity(f"t{number}"))
    return made


@given(STEPS)
def test_a_column_holds_what_a_mapping_would(steps: list[tuple[str, int, float]]) -> None:
    """In whatever order rows come and go, and wherever the first of them is."""
    column, model = Column(rows(41), names.PROBE_SUCCESS, ()), dict[int, float]()
    for what, row, value in steps:
        if what == "set":
            column.set(row, value)
            model[row] = value
        elif what == "drop":
            column.drop(row)
            model.pop(row, None)
        elif abs(value) < 1e300 and abs(model.get(row, 0.0)) < 1e300:
            column.increase(row, value)
            model[row] = model.get(row, 0.0) + value
    assert {row: column.get(row) for row in range(41) if column.get(row) is not None} == model
    assert column.count == len(model)
    assert {key[3]: value for key, value, _ in column.cells()} == {f"t{row}": model[row] for row in model}


def test_lines_are_told_in_batches() -> None:
    """Whole lines, each once, none for a row in which nothing stands."""
    column = Column(rows(3 * BATCH), names.RUNS, ("ok", "none"))
    for row in range(0, 3 * BATCH, 2):
        column.set(row, row)
    pieces = list(column.told(Format.PLAIN))
    lines = b"".join(pieces).decode().splitlines()
    assert len(pieces) == 3
    assert len(lines) == 3 * BATCH // 2
    identity_labels = 'vendor="none",region="",probe="shop",target="t2",layer="service"'
    assert lines[1] == f'stability_runs_total{{{identity_labels},outcome="ok",blame="none"}} 2'


def test_a_run_behind_a_number_is_told_in_openmetrics_alone() -> None:
    """The plain format has no place for it; and it goes with its number."""
    column = Column(rows(2), names.RUNS, ("ok", "none"))
    column.increase(1, exemplar=Exemplar("abc", 1.0, 12.5))
    assert b'# {run_id="abc"} 1 12.5' in b"".join(column.told(Format.OPEN))
    assert b"abc" not in b"".join(column.told(Format.PLAIN))
    column.drop(1)
    column.increase(1)
    assert b"abc" not in b"".join(column.told(Format.OPEN))


def test_a_row_that_was_left_is_given_to_the_next() -> None:
    """Without anything of whoever had it."""
    table = Table()
    first = table.enter(identity("a"))
    table.column(names.PROBE_SUCCESS).set(first, 1.0)
    table.leave(first)
    assert not [family for family, _ in table.samples()]
    assert table.enter(identity("b")) == first
    assert table.column(names.PROBE_SUCCESS).get(first) is None


def test_what_few_targets_have_takes_no_place_for_the_others() -> None:
    """A column is as long as from the first of them to the last."""
    column = Column(rows(1), names.FAILED_FLOW_STEPS, ("login", "vendor"))
    column.increase(9_000)
    assert len(column._numbers) == 1
    column.increase(8_999)
    assert len(column._numbers) == 2


def test_histograms_and_what_is_not_of_targets_are_no_columns() -> None:
    """They have buckets, or no identity."""
    assert packed(names.RUNS)
    assert packed(names.PROBE_SUCCESS)
    assert not packed(names.RUN_DURATION)
    assert not packed(names.API_REQUESTS)


def test_what_was_still_is_told_of_the_target_that_it_was_counted_for() -> None:
    """A target that leaves in the middle of a scrape does not hand its numbers to the one that gets its row."""
    table = rows(1)
    column = Column(table, names.DUE_RUNS, ())
    column.set(0, 7.0)
    still = column.still(table.still())
    column.set(0, 8.0)
    table.leave(0)
    assert table.enter(identity("come")) == 0
    (told,) = still.told(Format.PLAIN)
    assert told.endswith(b" 7\n")
    assert b"come" not in told
