"""What only several sections together can tell."""

from collections.abc import Iterable, Mapping

from probe.model.job import Objective as Wanted
from probe.notation.composing import Trail
from probe.notation.durations import format_duration
from probe.rental.guards import Prices
from probe.settings.complaints import choices
from probe.settings.configuration import PlannedProbe
from probe.settings.reading import Reader
from probe.settings.shape.guards import Guards
from probe.settings.shape.probes import Objective, Probe


def check_leases(reader: Reader, probes: Mapping[int, PlannedProbe], guards: Guards) -> None:
    """A lease must outlive the run that holds it."""
    for position, probe in probes.items():
        if probe.kind.renting:
            _check_lease(reader, ("probes", position), probe, guards.lease)


def check_prices(reader: Reader, probes: Iterable[PlannedProbe], prices: Mapping[str, Prices], guards: Guards) -> None:
    """Spending can only be limited where everything that is rented has a price, and all prices have one currency."""
    limited = guards.spend_per_day is not None or guards.total.spend_per_day is not None
    if guards.currency is None and (prices or limited):
        reader.notebook.note(
            ("guards",), "prices and spend_per_day have no currency", "write currency: EUR, or whatever they are in"
        )
    written = any(reader.raw(("vendors", name, "prices")) for name in reader.mapping(("vendors",)))
    if guards.currency is not None and not (written or limited):
        reader.notebook.note(("guards", "currency"), "has no effect without prices", "write prices, or remove it")
    if limited:
        for probe in probes:
            size = getattr(probe.options, "size", None)
            if probe.kind.renting and isinstance(size, str):
                _check_priced(reader, probe, size, prices)


def _check_priced(reader: Reader, probe: PlannedProbe, size: str, prices: Mapping[str, Prices]) -> None:
    for vendor in probe.vendors:
        if vendor not in prices or size not in prices[vendor].per_hour:
            reader.notebook.note(
                ("vendors", vendor),
                f"has no price for {size}, which {probe.name} rents, and guards limit what is spent",
                f"write prices: {{{size}: 0.006/h}}",
            )


def check_period(reader: Reader, trail: Trail, probe: Probe, delete_deadline: float, option: str = "") -> None:
    """A run must be over before the next is due; *option* is what the kind calls its second budget."""
    needed = probe.deadline + delete_deadline
    if needed <= probe.every:
        return
    every = format_duration(probe.every)
    if probe.deadline > probe.every:
        room = probe.every - delete_deadline
        shorter = f"make it {format_duration(room)} or less, or " if room > 0 else "make "
        remedy = f"{shorter}the period longer"
        reader.notebook.note((*trail, "deadline"), f"is longer than the period ({every})", remedy)
    else:
        second = f"the {option or 'delete_deadline'} of {format_duration(delete_deadline)}"
        total = f"with {second} it is {format_duration(needed)}"
        remedy = f"make every: {format_duration(needed)} or more, or one of the deadlines shorter"
        reader.notebook.note((*trail, "deadline"), f"{total}, longer than the period ({every})", remedy)


def _check_lease(reader: Reader, trail: Trail, probe: PlannedProbe, lease: float) -> None:
    needed = probe.deadline + probe.delete_deadline
    if needed < lease:
        return
    reader.notebook.note(
        (*trail, "deadline"),
        f"with the delete_deadline it is {format_duration(needed)}, and guards.lease ends at {format_duration(lease)}",
        f"make guards.lease longer than {format_duration(needed)}: the sweeper takes what is older",
    )


def read_objectives(reader: Reader, probes: Mapping[int, PlannedProbe]) -> dict[str, Wanted]:
    """The objectives that are good by the probe they are for; the others are complained about."""
    names = [reader.raw(("probes", position, "name")) for position in reader.items(("probes",))]
    deadlines = {probe.name: probe.deadline for probe in probes.values()}
    found: dict[str, Wanted] = {}
    for position in reader.items(("objectives",)):
        trail: Trail = ("objectives", position)
        objective = reader.section(Objective, trail)
        named = reader.raw((*trail, "probe"))
        if isinstance(named, str) and named not in names:
            known = [name for name in names if isinstance(name, str)]
            reader.notebook.note((*trail, "probe"), "there is no probe of this name", choices(named, known))
        elif objective is None:
            continue
        elif objective.probe in found:
            reader.notebook.note((*trail, "probe"), "has an objective already", "write both into one")
        else:
            _check_threshold(reader, trail, objective, deadlines.get(objective.probe))
            found[objective.probe] = _wanted(objective)
    return found


def _check_threshold(reader: Reader, trail: Trail, objective: Objective, deadline: float | None) -> None:
    if objective.latency is not None and deadline is not None and objective.latency.below > deadline:
        reader.notebook.note(
            (*trail, "latency", "below"),
            f"is longer than the probe's deadline ({format_duration(deadline)}): no ok run could miss it",
            "make it shorter",
        )


def _wanted(objective: Objective) -> Wanted:
    latency = objective.latency
    return Wanted(
        availability=objective.availability,
        latency=None if latency is None else latency.below,
        latency_ratio=None if latency is None else latency.ratio,
    )
