"""Run in an environment that has grafana-foundation-sdk: says what a dashboard loses when Grafana's own model reads it.

A misspelt key is not in the model, so it does not come back.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder  # type: ignore[import-not-found]  # it has an environment of its own
from grafana_foundation_sdk.cog.plugins import register_default_plugins  # type: ignore[import-not-found]  # it has an environment of its own
from grafana_foundation_sdk.models.dashboard import Dashboard  # type: ignore[import-not-found]  # it has an environment of its own


def lost(before: object, after: object, path: str = "") -> Iterator[str]:
    """Every place where *after* lacks or changes something of *before*."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from lost(value, after[key], f"{path}.{key}") if key in after else [f"{path}.{key} is lost"]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(one, other, f"{path}[{place}]")
    elif before != after:
        yield f"{path} was {before!r} and became {after!r}"


def main() -> None:
    """Read the dashboards named on the command line and print what they lose."""
    register_default_plugins()
    for name in sys.argv[1:]:
        text = Path(name).read_text(encoding="utf-8")
        model = Dashboard.from_json(json.loads(text))
        for complaint in lost(json.loads(text), json.loads(JSONEncoder().encode(model))):
            sys.stdout.write(f"{Path(name).name}{complaint}\n")


if __name__ == "__main__":
    main()
