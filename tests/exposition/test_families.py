import re

import pytest

from probe.exposition import families as names
from probe.exposition.families import FAMILIES, IDENTITY, Family, Type
from probe.exposition.vendors import FORGETTABLE

_BASE_UNITS = {"seconds", "ratio"}


def test_every_name_is_declared_once() -> None:
    """One name has one meaning."""
    told = [family.name for family in FAMILIES]
    assert len(told) == len(set(told))
    assert len(told) > 45


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_family_keeps_the_conventions_of_prometheus(family: Family) -> None:
    """Our prefix or blackbox_exporter's, snake case, `_total` for counters only, base units at the end, a sentence."""
    assert re.fullmatch(r"(stability|probe)(_[a-z]+)+", family.name)
    assert family.name.endswith("_total") == (family.type is Type.COUNTER)
    assert family.unit
    assert family.help.endswith(".")
    assert bool(family.buckets) == (family.type is Type.HISTOGRAM)
    if family.unit in _BASE_UNITS and family.name != names.PROBE_CERT_EXPIRY.name:
        assert family.stem.endswith("_" + family.unit)


def test_the_unit_is_told_only_where_openmetrics_lets_it() -> None:
    """`# UNIT` wants a name that ends in the unit, without a counter's `_total`."""
    told = {family.name: family.told_unit for family in FAMILIES}
    assert told["stability_outage_seconds_total"] == "seconds"
    assert told["stability_runs_total"] == "runs"
    assert told["stability_runs_in_flight"] == ""


def test_the_series_of_a_probe_carry_its_identity_first() -> None:
    """What speaks of a probe can be joined with everything else that does."""
    for family in FAMILIES:
        if "probe" in family.labels:
            assert family.labels[:5] == IDENTITY
        else:
            assert not {"target", "layer"} & set(family.labels)


def test_buckets_are_those_of_the_contract() -> None:
    """Dashboards compare agents of different versions, so layouts do not move."""
    run = "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 180 300 600 1800"
    life = "1 2.5 5 10 15 20 30 45 60 90 120 180 300 600 900 1800"
    assert " ".join(f"{limit:g}" for limit in names.RUN_DURATION.buckets) == run
    assert " ".join(f"{limit:g}" for limit in names.LIFECYCLE_PHASE.buckets) == life
    wire = "0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10"
    lag = "0.0001 0.0005 0.001 0.005 0.01 0.05 0.1 0.5 1 5"
    assert " ".join(f"{limit:g}" for limit in names.WIRE_PHASE.buckets) == wire
    assert " ".join(f"{limit:g}" for limit in names.LOOP_LAG.buckets) == lag
    assert " ".join(f"{limit:g}" for limit in names.MILESTONE.buckets) == life


def test_what_belongs_to_a_vendor_is_forgotten_with_it() -> None:
    """A series of a vendor and region that is no probe's goes when the vendor leaves the configuration."""
    of_vendors = {
        family.name for family in FAMILIES if family.labels[:2] == names.VENDOR and "probe" not in family.labels
    }
    assert {family.name for family in FORGETTABLE} == of_vendors
