"""The migrations make exactly the tables that the code uses, wherever the package is installed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, create_engine, insert

import probe.store
from probe.model.instance import LeaseState
from probe.store import Residual, StateFolderRefused, Store, schema
from probe.store.schema import REVISIONS, migrations
from probe.store.tables import METADATA
from tests.fakes.leases import WALL, a_lease

OPEN = a_lease("probe-1e0a5c2d-00000000000a", state=LeaseState.DELETING, instance_id="i-open")
SETTLED = a_lease("probe-1e0a5c2d-00000000000b", state=LeaseState.GONE, instance_id="i-settled")


async def test_the_migrations_and_the_tables_agree(store: Store) -> None:
    """A database that was migrated differs in nothing from what the code declares."""

    def compare(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), METADATA)

    assert await store.ledger._database.read(compare) == []


def test_the_migrations_are_part_of_the_package() -> None:
    """They are modules beside the code that runs them, and need no file at the top of the repository."""
    folder = Path(probe.store.__file__).parent / "migrations"
    assert (folder / "env.py").is_file()
    assert [path.name for path in sorted((folder / "versions").glob("v*.py"))] == [
        "v0001_leases_and_outages.py",
        "v0002_costs_breakers_identities_residuals.py",
        "v0003_accounts.py",
    ]


@contextmanager
def _schema(folder: Path, version: str) -> Iterator[Connection]:
    """The ledger of a new folder, with the tables as an older version made them."""
    folder.mkdir(parents=True)
    (folder / "agent-id").write_text("1e0a5c2d-4c1c-4c55-9a63-0d6d2f3f0a11")
    engine = create_engine(f"sqlite:///{folder / 'ledger.sqlite3'}")
    with engine.begin() as connection:
        config = schema.migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        yield connection
    engine.dispose()


def _version_1(folder: Path) -> None:
    """A folder as the first version left it, with a lease in its ledger."""
    with _schema(folder, "0001") as connection:
        old = Table("leases", MetaData(), autoload_with=connection)
        row = {name: value for name, value in asdict(a_lease()).items() if name in old.columns}
        connection.execute(insert(old).values(row))


def _databases(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.sqlite3")]


def _in_the_way(path: Path) -> None:
    path.mkdir()


async def test_a_file_of_an_older_version_is_copied_and_migrated(folder: Path) -> None:
    """Its leases stay, and what it was before is beside it, whole, under a name that says which schema it has."""
    _version_1(folder)
    with pytest.raises(StateFolderRefused, match="written by an older version"):
        await Store.open(folder, read_only=True)
    async with await Store.open(folder) as store:
        assert await store.ledger.open_leases() == [a_lease()]
    with closing(sqlite3.connect(folder / "ledger.schema-0001.sqlite3")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert copy.execute("SELECT key FROM leases").fetchall() == [(a_lease().key,)]
    async with await Store.open(folder):
        pass
    assert sorted(_databases(folder)) == ["ledger.schema-0001.sqlite3", "ledger.sqlite3"]


async def test_a_file_that_cannot_be_copied_is_not_migrated(folder: Path) -> None:
    """The copy comes first: without one, everything stays as it was."""
    _version_1(folder)
    _in_the_way(folder / "ledger.schema-0001.sqlite3")
    with pytest.raises(StateFolderRefused):
        await Store.open(folder)
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as left:
        assert left.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_the_revisions_that_the_code_knows_are_those_of_the_migrations() -> None:
    """They are written down, in their order, so that a start need not ask alembic."""
    found = [script.revision for script in ScriptDirectory.from_config(migrations()).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def _version_2(folder: Path) -> None:
    """A folder as the second version left it: a lease that is open, one that is settled, and what came with both."""
    with _schema(folder, "0002") as connection:
        found = MetaData()
        found.reflect(connection)
        leases, residuals = found.tables["leases"], found.tables["residuals"]
        for lease in (OPEN, SETTLED):
            row = {name: value for name, value in asdict(lease).items() if name in leases.columns}
            connection.execute(insert(leases).values(row))
            for gone_at in (None, WALL):
                one = f"v-{lease.instance_id}-{'left' if gone_at is None else 'gone'}"
                row = {"lease": lease.key, "kind": "volumes", "id": one, "noted_at": WALL - 9.0, "gone_at": gone_at}
                connection.execute(insert(residuals).values(row))
        orphan = {"lease": "probe-unknown", "kind": "volumes", "id": "v-orphan", "noted_at": WALL - 8.0}
        connection.execute(insert(residuals).values(orphan))


async def test_the_rows_of_the_second_version_go_on(folder: Path) -> None:
    """What came with an instance learns from its lease where it is; of which account anything was, nobody knows."""
    _version_2(folder)
    async with await Store.open(folder) as store:
        assert await store.ledger.open_leases() == [OPEN]
        assert await store.ledger.get(SETTLED.key) == SETTLED
        assert {lease.account for lease in await store.ledger.all(9)} == {""}
        left = {one.id: one for one in await store.residuals.left("acme")}
        assert set(left) == {"v-i-open-left", "v-i-settled-left"}
        assert left["v-i-open-left"] == Residual(
            OPEN.key, "volumes", "v-i-open-left", "i-open", "acme", OPEN.region, "", OPEN.intended_at, WALL - 9.0
        )
        assert [one.id for one in await store.residuals.left() if not one.vendor] == ["v-orphan"]
        await store.residuals.note([replace(left["v-i-open-left"], account="a")], WALL)  # noted before: stays as it is
        assert await store.residuals.of(OPEN.key) == [left["v-i-open-left"]]
    with closing(sqlite3.connect(folder / "ledger.schema-0002.sqlite3")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
        assert copy.execute("SELECT count(*) FROM residuals").fetchone() == (5,)
