"""From a file to a configuration, or to everything that is wrong with it."""

import importlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.notation.composing import Flaw
from probe.notation.documents import Document, examine_file
from probe.rental.guards import Guards as RentalGuards
from probe.rental.guards import TotalGuards as RentalTotalGuards
from probe.settings.complaints import Complaint, ConfigurationRefused, Notebook, Wrong, choices, path_of
from probe.settings.configuration import Configuration
from probe.settings.controls import read_controls
from probe.settings.entries import VendorFiles, Vendors
from probe.settings.files import find_configuration, packaged
from probe.settings.plugins import Kinds, kinds
from probe.settings.probes import ProbeReader
from probe.settings.reading import Reader
from probe.settings.rules import check_leases, check_prices, read_objectives
from probe.settings.secrets import Redactor, References, at_home
from probe.settings.shape.agent import Agent, check_listen
from probe.settings.shape.blackbox import BlackboxFile
from probe.settings.shape.guards import Guards
from probe.settings.shape.whole import Whole

if TYPE_CHECKING:
    from probe.probes.blackbox import Blackbox

LISTEN_VARIABLE: Final = "PROBE_LISTEN"


def load(
    path: Path | None = None,
    *,
    redactor: Redactor | None = None,
    environ: Mapping[str, str] = os.environ,
    installed: Kinds | None = None,
) -> Configuration:
    """The configuration in the file at *path*, or in the one that `find_configuration` finds.

    Args:
        path: the file.
        redactor: learns the secrets; a reload hands the old one on, so that old values stay hidden.
        environ: the environment, for secrets and $PROBE_LISTEN.
        installed: the probe kinds to choose from; those that are installed by default.

    Raises:
        ConfigurationRefused: something is wrong with it; all of it is told.
    """
    file = find_configuration(path, environ)
    examination = examine_file(file)
    notebook = Notebook(examination.document or Document(str(file), {}, {}))
    for flaw in examination.flaws:
        notebook.add(_flaw_complaint(str(file), flaw))
    configuration = None
    if examination.document is not None:
        configuration = _Loader(file, notebook, redactor or Redactor(), environ).load(installed or kinds())
    if configuration is None or notebook:
        raise ConfigurationRefused(notebook)
    return configuration


def _flaw_complaint(file: str, flaw: Flaw) -> Complaint:
    return Complaint(file, flaw.line, path_of(flaw.trail), "", flaw.problem, flaw.remedy)


class _Loader:
    """Reads the sections of one document, each of which needs those before it."""

    def __init__(self, file: Path, notebook: Notebook, redactor: Redactor, environ: Mapping[str, str]) -> None:
        self._file = file
        self._notebook = notebook
        self._redactor = redactor
        self._environ = environ
        self._reader = Reader(notebook, References(file.parent, redactor, environ), file.parent)

    def load(self, installed: Kinds) -> Configuration | None:
        """The configuration; None if a section is so wrong that there is none."""
        if not self._check_keys():
            return None
        agent = self._agent()
        guards = self._reader.section(Guards, ("guards",))
        files = self._vendor_files()
        vendors = self._vendors(files)
        probes = ProbeReader(self._reader, vendors, installed).probes()
        objectives = read_objectives(self._reader, probes)
        if guards is not None:
            check_leases(self._reader, probes, guards)
            check_prices(self._reader, probes.values(), vendors.prices, guards)
        blackbox = self._blackbox()
        controls = read_controls(self._reader)
        if agent is None or guards is None or controls is None:
            return None
        return Configuration(
            path=self._file,
            agent=agent,
            vendors=vendors.good,
            vendor_files=files,
            probes=tuple(probes.values()),
            objectives=objectives,
            guards=_rental_guards(guards),
            total=RentalTotalGuards(**guards.total.model_dump()),
            redactor=self._redactor,
            blackbox=blackbox,
            controls=controls,
            prices={name: replace(prices, currency=guards.currency or "") for name, prices in vendors.prices.items()},
        )

    def _check_keys(self) -> bool:
        """Whether the document is a mapping at all; its unknown keys are complained about."""
        data = self._notebook.document.data
        if not isinstance(data, dict):
            problem = "is empty" if data is None else "must be a mapping"
            self._notebook.note((), problem, "write probes: and what to measure", tell=False)
            return False
        for key in data:
            if key not in Whole.model_fields:
                known = choices(key, Whole.model_fields)
                self._notebook.note((key,), "is not a key that is known here", known, tell=False)
        return True

    def _agent(self) -> Agent | None:
        agent = self._reader.section(Agent, ("agent",), secrets="ledger")
        listen = self._environ.get(LISTEN_VARIABLE)
        if not listen:
            return agent
        try:
            check_listen(listen)
        except Wrong as error:
            self._notebook.add(Complaint("environment", 0, f"${LISTEN_VARIABLE}", listen, error.problem, error.remedy))
        return None if agent is None else agent.model_copy(update={"listen": listen})

    def _blackbox(self) -> "Blackbox | None":
        if self._reader.raw(("blackbox",)) is None:
            return None
        section = self._reader.section(BlackboxFile, ("blackbox",))
        if section is None:
            return None
        room = importlib.import_module("probe.settings.blackbox")  # it costs a start 25 ms, which few need
        blackbox: Blackbox | None = room.read_blackbox(section, self._file.parent, self._notebook, self._redactor)
        return blackbox

    def _vendors(self, files: VendorFiles) -> Vendors:
        if not self._reader.mapping(("vendors",)):
            return Vendors()
        from probe.settings.vendors import VendorReader  # noqa: PLC0415 - 0.1 s that only those with vendors pay

        return VendorReader(self._reader, files).vendors()

    def _vendor_files(self) -> VendorFiles:
        """Ours, which are read when one is asked for, and those of the operator's own folder, which win."""
        own = self._reader.raw(("vendor_files",))
        if own is None:
            return VendorFiles(packaged("config") / "vendors", {})
        folder = self._file.parent / at_home(Path(own)) if isinstance(own, str) else None
        if folder is None or not folder.is_dir():
            self._notebook.note(("vendor_files",), "there is no such folder", "correct the path, or remove the key")
            return VendorFiles(packaged("config") / "vendors", {})
        from probe.cloud import VendorFileRefused, load_vendor_files  # noqa: PLC0415 - as above

        try:
            return VendorFiles(packaged("config") / "vendors", load_vendor_files(folder))
        except VendorFileRefused as refusal:
            for flaw in refusal.complaints:
                self._notebook.add(Complaint(flaw.file, flaw.line, flaw.path, "", flaw.problem, flaw.remedy))
            written = (path.stem for path in folder.glob("*.yaml"))
            return VendorFiles(packaged("config") / "vendors", {}, refused=written)


def _rental_guards(guards: Guards) -> RentalGuards:
    return RentalGuards(
        instances_at_once=guards.instances_at_once,
        per_day=guards.per_day,
        per_hour=guards.per_hour,
        lease=guards.lease,
        spend_per_day=guards.spend_per_day,
    )
