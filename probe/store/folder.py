"""The state folder: who we are, who may act, and whether it can be written at all."""

import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probe.store.trouble import StateFolderAbsent, StateFolderRefused, explain

_PROBE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a state folder.

    Attributes:
        path: the folder itself.
    """

    path: Path

    @property
    def database(self) -> Path:
        """The ledger and the counters."""
        return self.path / "ledger.sqlite3"

    @property
    def identity(self) -> Path:
        """The agent's id."""
        return self.path / "agent-id"

    @property
    def lock(self) -> Path:
        """Locked by the one agent that runs here."""
        return self.path / "agent.lock"

    @property
    def owners(self) -> Path:
        """A locked file for each living process that may rent."""
        return self.path / "owners"

    def prepare(self) -> None:
        """Make the folder where it is missing, and prove that it can be written durably.

        Raises:
            StateFolderRefused: it cannot be made or written.
        """
        trial = self.path / f".trial-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            self.owners.mkdir(parents=True, exist_ok=True)
            try:
                _write_durably(trial, b"\0" * _PROBE_BYTES)
            finally:
                trial.unlink(missing_ok=True)
        except OSError as error:
            raise StateFolderRefused(explain(error, self.path)) from error

    def agent_id(self, *, create: bool) -> str:
        """Read the agent's id; with *create*, make one where there is none.

        Raises:
            StateFolderAbsent: there is none and none may be made.
            StateFolderRefused: it cannot be read, is not a UUID, or is missing beside a ledger that needs it.
        """
        try:
            if create and not self.identity.exists():
                self._make_agent_id()
            text = self.identity.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError as error:
            raise StateFolderAbsent(f"{self.path}: no agent has ever used this state folder") from error
        except NotADirectoryError as error:
            raise StateFolderRefused(explain(error, self.path)) from error
        except OSError as error:
            raise StateFolderRefused(explain(error, self.identity)) from error
        return self._checked(text)

    def restore(self, agent_id: str) -> None:
        """Write down the id that a ledger elsewhere says is ours, where the folder was lost.

        Raises:
            StateFolderRefused: it cannot be written.
        """
        try:
            self._write_agent_id(agent_id)
        except OSError as error:
            raise StateFolderRefused(explain(error, self.identity)) from error

    def _make_agent_id(self) -> None:
        """Write a new id, unless a ledger says that one was lost: its instances carry the old one."""
        if self.database.exists():
            raise StateFolderRefused(
                f"{self.identity}: missing beside a ledger, so what it rented could not be told from what others own;"
                f" restore the file, or move {self.database.name} away"
            )
        self._write_agent_id(str(uuid.uuid4()))

    def _write_agent_id(self, agent_id: str) -> None:
        draft = self.path / f".agent-id-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            _write_durably(draft, f"{agent_id}\n".encode("ascii"))
            publish(draft, self.identity)
        finally:
            draft.unlink(missing_ok=True)

    def _checked(self, text: str) -> str:
        """Return *text* if it is a UUID: half an id would prove nothing about anything."""
        try:
            return str(uuid.UUID(text))
        except ValueError as error:
            raise StateFolderRefused(
                f"{self.identity}: does not hold a UUID; restore the file, a new id would disown what was rented"
            ) from error


def publish(draft: Path, final: Path) -> None:
    """Give a finished *draft* its *final* name, durably; a file that somebody else put there first stays.

    Raises:
        OSError: the file system refused.
    """
    try:
        os.link(draft, final)
    except FileExistsError:
        return
    sync_folder(final.parent)


def sync_folder(path: Path) -> None:
    """Make the names in the folder *path* durable, not only what the files hold."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
