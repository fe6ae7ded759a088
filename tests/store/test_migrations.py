"""The migrations make exactly the tables that the code uses, wherever the package is installed."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import probe.store
from probe.store import Store
from probe.store.tables import METADATA


async def test_the_migrations_and_the_tables_agree(store: Store) -> None:
    """A database that was migrated differs in nothing from what the code declares."""

    def compare(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), METADATA)

    assert await store.ledger._database.read(compare) == []


def test_the_migrations_are_part_of_the_package() -> None:
    """They are modules beside the code that runs them, and need no file at the top of the repository."""
    folder = Path(probe.store.__file__).parent / "migrations"
    assert (folder / "env.py").is_file()
    assert [path.name for path in sorted((folder / "versions").glob("v*.py"))] == ["v0001_leases_and_outages.py"]
