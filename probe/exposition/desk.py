"""The columns that every run of every target writes into, found once: to search for them took longer than to write."""

from typing import Final

from probe.exposition import families as names
from probe.exposition.columns import Column
from probe.exposition.families import Family
from probe.exposition.table import Table
from probe.model.outcome import Outcome

HTTP_PHASES: Final = ("resolve", "connect", "tls", "processing", "transfer")
"""blackbox_exporter's words for our phases: its processing starts with the connection and ends with the first byte."""


class Desk:
    """Lies before all targets of a table.

    Attributes:
        due: slots that came due.
        in_flight: runs that have started and not ended.
        outages: how many outages, seconds in them, and whether one is on.
        last_run: when the last run ended.
        last_success: when the last good one did.
        success: whether the last run was good.
        duration: how long it took.
        lookup: how long resolving took in it.
        protocol: the version of IP that it used.
        http: seconds of each of `HTTP_PHASES` in it.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._runs: dict[Outcome, Column] = {}
        self.due = table.column(names.DUE_RUNS)
        self.in_flight = table.column(names.RUNS_IN_FLIGHT)
        self.outages = tuple(map(table.column, (names.OUTAGES, names.OUTAGE_SECONDS, names.OUTAGE_ACTIVE)))
        self.last_run = table.column(names.LAST_RUN)
        self.last_success = table.column(names.LAST_SUCCESS)
        self.success = table.column(names.PROBE_SUCCESS)
        self.duration = table.column(names.PROBE_DURATION)
        self.lookup = table.column(names.PROBE_DNS_LOOKUP)
        self.protocol = table.column(names.PROBE_IP_PROTOCOL)
        self.http = tuple(table.column(names.PROBE_HTTP_DURATION, word) for word in HTTP_PHASES)

    def runs(self, outcome: Outcome) -> Column:
        """Runs that ended as *outcome*."""
        found = self._runs.get(outcome)
        if found is None:
            found = self._runs[outcome] = self.column(names.RUNS, str(outcome), str(outcome.blame))
        return found

    def column(self, family: Family, *labels: str) -> Column:
        """Any other column."""
        return self._table.column(family, *labels)
