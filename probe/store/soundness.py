"""Sees that the leases that may still cost money can be read: a page may be whole, and what stands on it spoilt."""

from sqlalchemy import Connection, RowMapping, select

from probe.model.instance import LeaseState
from probe.store.holdings import SETTLED
from probe.store.tables import LEASES


def unreadable(connection: Connection) -> str:
    """What is wrong with a lease that is not settled, as far as it cannot be what we wrote; empty if all is well.

    Raises:
        SQLAlchemyError: the table cannot be read.
    """
    try:
        rows = connection.execute(select(LEASES).where(LEASES.c.state.not_in(SETTLED))).mappings().all()
        return next((complaint for complaint in map(_complaint, rows) if complaint), "")
    except (ValueError, TypeError) as error:  # the driver's word for text that is none, and for a truth that is neither
        return f"a lease cannot be read: {error}"


def _complaint(row: RowMapping) -> str:
    for column in LEASES.columns:
        value, wanted = row[column.name], column.type.python_type
        fits = column.nullable if value is None else isinstance(value, (int, float) if wanted is float else wanted)
        if not fits:
            return f"a lease has {type(value).__name__} as {column.name}"
    if row["state"] not in {*LeaseState}:
        return f"a lease is in the state {row['state']!r}"
    return ""
