"""The outages of targets on disk, so that a restart neither forgets one nor counts it twice."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select

from probe.model.outage import OutageRecord
from probe.model.target import Layer, Target
from probe.store.database import Database
from probe.store.tables import OUTAGES

_FIELDS: Final = tuple(field.name for field in dataclasses.fields(OutageRecord))


class OutageTable:
    """Keeps the records of outages: the `OutageStore` of the model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[Target, OutageRecord]:
        """What was saved, for every target that ever was.

        Raises:
            StoreFailed: it could not be read.
        """
        return await self._database.read(_load)

    async def save(self, records: Mapping[Target, OutageRecord]) -> None:
        """Replace what is known of the targets in *records*; the others stay.

        Raises:
            StoreFailed: nothing was written.
        """
        kept = dict(records)  # the caller may go on changing its own while the thread writes
        if kept:
            await self._database.write(lambda connection: _replace(connection, kept.items()))


def _load(connection: Connection) -> dict[Target, OutageRecord]:
    return dict(_entry(row) for row in connection.execute(select(OUTAGES)).mappings())


def _replace(connection: Connection, records: Iterable[tuple[Target, OutageRecord]]) -> None:
    for target, record in records:
        names = _names(target)
        connection.execute(delete(OUTAGES).where(*(OUTAGES.c[name] == value for name, value in names.items())))
        connection.execute(insert(OUTAGES).values(names | dataclasses.asdict(record)))


def _names(target: Target) -> dict[str, Any]:
    return {
        "vendor": target.vendor,
        "region": target.region,
        "probe": target.probe,
        "name": target.name,
        "layer": str(target.layer),
    }


def _entry(row: RowMapping) -> tuple[Target, OutageRecord]:
    target = Target(row["vendor"], row["region"], row["probe"], row["name"], Layer(row["layer"]))
    return target, OutageRecord(**{name: row[name] for name in _FIELDS})
