"""Vendor entries for tests: the packaged vendor files, and secrets that are no secret."""

from collections.abc import Mapping
from pathlib import Path

from probe.cloud import Cloud, VendorEntry, load_vendor_files
from probe.cloud.file.vendor import VendorFile
from probe.model.meter import Meter
from probe.model.secret import Secret
from probe.model.stopwatch import Stopwatch
from probe.wire import RealClock, Wire

VENDORS = Path(__file__).parents[2] / "config" / "vendors"
FILES = load_vendor_files(VENDORS)
CLOCK = RealClock()


def secrets(**values: str) -> dict[str, Secret]:
    """Secrets by name."""

    def secret(name: str, value: str) -> Secret:
        return Secret(lambda: value, f"test {name}")

    return {name: secret(name, value) for name, value in values.items()}


def entry(
    vendor: str,
    credentials: Mapping[str, str],
    endpoints: Mapping[str, str] | None = None,
    *,
    region: str = "eu-central-1",
    file: VendorFile | None = None,
    profile: str | None = None,
    network: Mapping[str, object] | None = None,
    insecure_http: bool = False,
) -> VendorEntry:
    """A vendor entry as the configuration would give it."""
    return VendorEntry(
        name=f"test-{vendor}",
        region=region,
        file=file or FILES[vendor],
        credentials=secrets(**credentials),
        endpoints=endpoints or {},
        profile=profile,
        network=network or {},
        insecure_http=insecure_http,
    )


def real_cloud(chosen: VendorEntry, meter: Meter | None = None) -> Cloud:
    """A cloud that speaks over real sockets."""
    meter = meter or Meter()
    return Cloud(chosen, Wire(CLOCK, meter), CLOCK, meter)


def watch() -> Stopwatch:
    """The stopwatch of a run."""
    return Stopwatch(CLOCK, run_id="run-1")
