"""`python -m tests.bench`: how true our figures are and what they cost, beside others, in a quarter of an hour."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from tests.bench import peer
from tests.bench.apart import growth
from tests.bench.figures import summary
from tests.bench.goals import as_data
from tests.bench.machine import load, prioritised, shape
from tests.bench.plan import Plan, Results, run
from tests.bench.rendering import page, tables
from tests.provision import Program, install, missing
from tests.servers.environments import ROOT

RESULTS: Final = ROOT / ".cache" / "bench"
DOCUMENT: Final = ROOT / "docs" / "benchmarks.md"
CURVES: Final = ROOT / "docs" / "benchmarks.svg"
_PEER: Final = Program(peer.PROGRAM, (peer.PROGRAM,), "the field's standard takes part")


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each kind [default: 5]")
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds a round [default: 5]")
    parser.add_argument("--full", action="store_true", help="also more rates, agents at rest, each kind; some 40 min")
    parser.add_argument("--before", action="store_true", help="also run ours on the loop's timers and Python's own GC")
    parser.add_argument("--alone", action="store_true", help="leave blackbox_exporter out")
    parser.add_argument("--priority", action="store_true", help="go before all else on the machine (SCHED_FIFO, root)")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {DOCUMENT.relative_to(ROOT)}")
    return parser.parse_args(given)


def circumstances(options: argparse.Namespace, begun: float) -> str:
    """What a reader has to know besides the figures."""
    machine = shape()
    libraries = ", ".join(f"{name} {value}" for name, value in machine.items() if name not in {"processor", "cores"})
    urgent = "before all else on the machine (SCHED_FIFO)" if prioritised() else "without priority"
    parts = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{machine['processor']}, {machine['cores']} cores",
        libraries,
        f"{options.rounds} rounds of {options.seconds:g} s, {urgent}",
        f"load average {begun:.1f} before, {load():.1f} after",
    )
    return " · ".join(parts)


def keep(results: Results, about: str) -> None:
    """Write everything down for programs."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    heats = [
        {
            **heat._asdict(),
            "summary": {name: asdict(spread) for name, spread in summary(rounds).items()},
            "rounds": rounds,
        }
        for heat, rounds in results.rounds.items()
    ]
    data = {
        "about": about,
        "machine": shape(),
        "heats": heats,
        "scrapes": results.scrapes,
        "starts": results.starts,
        "rests": results.rests,
        "kinds": results.kinds,
        "goals": list(as_data(results)),
    }
    (RESULTS / "results.json").write_text(json.dumps(data, indent=1), encoding="utf-8")


def tell(sentence: str) -> None:
    """Show what is being done: over the former line on a terminal."""
    form = "\r\x1b[K{}" if sys.stderr.isatty() else "{}\n"
    sys.stderr.write(form.format(sentence))
    sys.stderr.flush()


def main(given: Sequence[str]) -> int:
    """Measure, print, write."""
    options = arguments(given)
    if options.priority:
        os.environ["BENCH_PRIORITY"] = "1"
    if not options.alone:
        install(missing([_PEER]))
    with_peer = peer.installed() and not options.alone
    if not with_peer and not options.alone:
        tell(f"{_PEER.package} is not installed: {_PEER.purpose} only where it is")
    begun, load_before = time.monotonic(), load()
    plan = Plan(
        cycles=options.rounds, seconds=options.seconds, full=options.full, peer=with_peer, before=options.before
    )
    tell(f"this takes some {plan.takes() / 60:.0f} minutes")
    results = run(plan, tell)
    tell(f"done in {time.monotonic() - begun:.0f} s\n")
    about = circumstances(options, load_before)
    keep(results, about)
    if curves := growth(results.rounds):
        (RESULTS / CURVES.name).write_text(curves, encoding="utf-8")
    measured = f"{about}\n\n{tables(results)}"
    if curves:
        measured += f"\n\n### As the rate grows\n\n![error p99 and CPU per probe over the rate]({CURVES.name})"
    print(measured)  # noqa: T201 - that is what it is for
    if options.write:
        DOCUMENT.write_text(page(DOCUMENT.read_text(encoding="utf-8"), measured), encoding="utf-8")
        if curves:
            CURVES.write_text(curves, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
