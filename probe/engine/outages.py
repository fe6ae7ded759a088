"""When failures in a row become an outage, and when it is over."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from probe.model.measurement import Measurement
from probe.model.meter import Meter
from probe.model.outage import OutageRecord, OutageStore
from probe.model.outcome import Blame
from probe.model.target import Target
from probe.store.trouble import StoreFailed

OPENS_AT: Final = 3
"""Valid runs in a row that have to fail: one may be chance, two may be one hiccup."""
_AGAIN: Final = 10.0
_NONE: Final = OutageRecord()
_log = logging.getLogger(__name__)


def after(record: OutageRecord, *, ok: bool, started: float) -> OutageRecord:
    """The record of a target after one more valid run, which started at *started*, seconds since 1970.

    An outage began with the first failed run of the row and ends with the first ok one; in between its length is
    known up to the last run.
    """
    if ok:
        if not record.failed_in_row and not record.active:
            return record
        return replace(_counted(record, started), failed_in_row=0, failing_since=None, active=False)
    since = started if record.failing_since is None else record.failing_since
    record = replace(record, failed_in_row=record.failed_in_row + 1, failing_since=since)
    if record.failed_in_row == OPENS_AT:
        record = replace(record, active=True, count=record.count + 1, counted_until=since)
    return _counted(record, started)


def _counted(record: OutageRecord, until: float) -> OutageRecord:
    if not record.active or until <= record.counted_until:
        return record
    return replace(record, seconds=record.seconds + until - record.counted_until, counted_until=until)


def _continued(earlier: OutageRecord | None, record: OutageRecord) -> OutageRecord:
    """The *record* of a start that did not know what was *earlier*; an outage that is on in both is one."""
    if earlier is None:
        return record
    same = earlier.active and record.active and record.count == 1
    count = earlier.count + record.count - (1 if same else 0)
    return replace(record, count=count, seconds=earlier.seconds + record.seconds)


class Outages:
    """Follows every target's runs; a sink.

    Only valid runs count: those that are ok or the vendor's fault.

    Args:
        meter: hears of the outages so far.
        store: where the records survive a restart; None where they need not.
    """

    def __init__(self, meter: Meter, store: OutageStore | None = None) -> None:
        self._meter = meter
        self._store = store
        self._records: dict[Target, OutageRecord] = {}
        self._unsaved: dict[Target, OutageRecord] = {}
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Take over what the store remembers; before the first run."""
        if self._store is not None:
            self._records.update(await self._store.load())

    async def adopt(self, store: OutageStore) -> None:
        """Remember in *store* from now on, and what it remembers: what has happened so far comes on top of that.

        Raises:
            StoreFailed: it cannot be read; nothing is changed.
        """
        earlier = await store.load()
        self._store = store
        so_far = {target: _continued(earlier.get(target), record) for target, record in self._records.items()}
        self._records = {**earlier, **so_far}
        self._unsaved = dict(so_far)
        self._changed.set()

    def announce(self, targets: Iterable[Target]) -> None:
        """Tell the meter what is remembered of *targets*: at the start and after a reload."""
        for target in targets:
            self._tell(target, self.of(target))

    def of(self, target: Target) -> OutageRecord:
        """What is known of *target*."""
        return self._records.get(target, _NONE)

    def record(self, measurement: Measurement) -> None:
        """Take note of *measurement*."""
        if measurement.blame not in {Blame.NONE, Blame.VENDOR}:
            return
        before = self.of(measurement.target)
        record = after(before, ok=measurement.ok, started=measurement.started)
        if record is before or record == before:  # nearly always: nobody is out
            return
        self._records[measurement.target] = self._unsaved[measurement.target] = record
        self._tell(measurement.target, record)
        self._changed.set()

    async def save(self) -> None:
        """Keep what has changed since it was last kept; what the store refuses is kept the next time."""
        self._changed.clear()
        unsaved, self._unsaved = self._unsaved, {}
        if self._store is None or not unsaved:
            return
        try:
            await self._store.save(unsaved)
        except BaseException:
            self._unsaved = unsaved | self._unsaved
            raise

    async def keep(self) -> None:
        """Keep every change, until cancelled; what could not be written is tried again."""
        while True:
            await self._changed.wait()
            try:
                await self.save()
            except StoreFailed as failed:
                _log.error("the outages could not be written down: %s", failed)
                self._meter.store_write_error()
                await asyncio.sleep(_AGAIN)
                self._changed.set()

    def _tell(self, target: Target, record: OutageRecord) -> None:
        self._meter.outages(target, begun=record.count, seconds=record.seconds, active=record.active)
