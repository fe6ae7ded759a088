"""The ledger as it lies on the disk, read past our own code; and a witness in it that writes down every move."""

import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from probe.model.instance import MOVES, LeaseState
from probe.store import LedgerPlace

AGENT: Final = "5eedc0de-0000-4000-8000-00000000000a"
"""The agent's id in every state folder of the harness."""

_WITNESS: Final = """
CREATE TABLE witness (key TEXT, before TEXT, after TEXT);
CREATE TRIGGER witness_of_intents AFTER INSERT ON leases BEGIN
  INSERT INTO witness VALUES (new.key, '', new.state); END;
CREATE TRIGGER witness_of_moves AFTER UPDATE ON leases WHEN old.state <> new.state OR old.key <> new.key BEGIN
  INSERT INTO witness VALUES (new.key, old.state, new.state); END;
CREATE TRIGGER witness_of_losses AFTER DELETE ON leases BEGIN
  INSERT INTO witness VALUES (old.key, old.state, ''); END;
"""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """A state folder of the harness.

    Attributes:
        path: where it is.
    """

    path: Path

    @property
    def place(self) -> LedgerPlace | None:
        """Where the ledger is that is not in the folder."""
        return None

    @property
    def database(self) -> Path:
        """The ledger."""
        return self.path / "ledger.sqlite3"

    @property
    def files(self) -> tuple[Path, ...]:
        """The ledger and what SQLite puts beside it, as far as it is there."""
        beside = (self.database, *(self.database.with_name(self.database.name + end) for end in ("-wal", "-shm")))
        return tuple(file for file in beside if file.exists())

    def prepare(self) -> None:
        """Make it, with an id and without a ledger."""
        self.path.mkdir(parents=True)
        (self.path / "agent-id").write_text(f"{uuid.UUID(AGENT)}\n")

    def watch(self) -> None:
        """Put a witness into the ledger."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(_WITNESS)

    def copy(self, to: Path) -> "StateFolder":
        """The same, somewhere else; locks and logs of a process that has ended are left behind."""
        to.mkdir(parents=True)
        for file in (*self.files, self.path / "agent-id"):
            shutil.copy(file, to / file.name)
        return StateFolder(to)

    def rows(self) -> list[dict[str, Any]]:
        """The leases as they are on the disk; none if there is no ledger yet."""
        return self._select("SELECT * FROM leases")

    def moves(self) -> list[tuple[str, str, str]]:
        """Every move that was ever committed: key, before, after."""
        return [(row["key"], row["before"], row["after"]) for row in self._select("SELECT * FROM witness")]

    def _select(self, query: str) -> list[dict[str, Any]]:
        """Ask a copy: whoever opens the ledger itself and closes it tidies up after the process that was killed."""
        if not self.database.exists():
            return []
        with tempfile.TemporaryDirectory(dir=self.path.parent) as aside:
            for file in self.files:
                if not file.name.endswith("-shm"):
                    shutil.copy(file, aside)
            with closing(sqlite3.connect(Path(aside) / self.database.name)) as connection:
                connection.row_factory = sqlite3.Row
                try:
                    return [dict(row) for row in connection.execute(query)]
                except sqlite3.OperationalError:
                    return []  # a ledger that the first start was killed over has no witness

    @contextmanager
    def locked(self) -> Iterator[Any]:
        """Keep every other process from writing; committing the connection ends it."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection


def wrong_moves(moves: list[tuple[str, str, str]]) -> Iterator[str]:
    """Moves that the table does not know."""
    for key, before, after in moves:
        if before == "" and after == LeaseState.INTENDED:
            continue
        if before == "" or after == "" or LeaseState(after) not in MOVES[LeaseState(before)]:
            yield f"the lease {key} went from {before or 'nothing'} to {after or 'nothing'}"


def wrong_rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Rows that contradict themselves."""
    for row in rows:
        state, known = LeaseState(row["state"]), bool(row["instance_id"])
        if state.settled != (row["settled_at"] is not None):
            yield f"the lease {row['key']} is {state}, settled at {row['settled_at']}"
        if state in {LeaseState.ACTIVE, LeaseState.DELETING, LeaseState.LEAKED} and not known:
            yield f"the lease {row['key']} is {state} without an instance"
        if state in {LeaseState.INTENDED, LeaseState.VOID} and known:
            yield f"the lease {row['key']} is {state} with an instance"
        if state in {LeaseState.DELETING, LeaseState.LEAKED} and row["delete_requested_at"] is None:
            yield f"the lease {row['key']} is {state}, and nobody asked for its deletion"


def fingerprint(folder: StateFolder) -> dict[str, bytes]:
    """What is in the ledger's files; the shared memory beside them is nobody's record."""
    return {file.name: file.read_bytes() for file in folder.files if not file.name.endswith("-shm")}
