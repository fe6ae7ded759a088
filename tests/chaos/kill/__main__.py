# ruff: noqa: T201 - a command line prints
"""Kill an agent at every step of its life, and see that nothing is left: `python -m tests.chaos.kill --help`."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from tests.chaos.kill.scenarios import EVERY_STEP, LEDGERS, MATRIX, SCENARIOS, SERVER, SQLITE
from tests.chaos.kill.styles import STYLES, Server
from tests.chaos.kill.team import Plan, together
from tests.servers.moto import fresh_moto, start_moto

if TYPE_CHECKING:
    import pytest

_EVERY: Final = 100
"""Points between two lines of progress where nobody watches."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what is asked for; 0 if all is well, 1 if anything was found, 2 if nothing was tried."""
    options = _parser().parse_args(arguments)
    scenarios = [SCENARIOS[name] for name in options.scenario] or (
        [EVERY_STEP] if options.point else [EVERY_STEP, *MATRIX, *SERVER]
    )
    styles = [name for name in options.style or STYLES if any(name in scenario.styles for scenario in scenarios)]
    jobs = 1 if options.point else options.jobs
    with ExitStack() as stack:
        server = stack.enter_context(ec2_server(options.moto)) if "ec2" in styles else None
        ledgers = options.ledger or (LEDGERS if not options.point else [SQLITE])
        plan = Plan(styles, scenarios, server, ledgers, options.most, options.point, options.times)
        return _carry_out(plan, jobs, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.chaos.kill", description=__doc__)
    parser.add_argument("--style", action="append", choices=STYLES, help="at which vendor; all if there is none")
    parser.add_argument("--ledger", action="append", choices=LEDGERS, help="with which ledger; both if there is none")
    parser.add_argument("--most", type=int, metavar="N", help="points of each scenario, spread over those it has")
    parser.add_argument("--scenario", action="append", default=[], choices=list(SCENARIOS), help="what goes wrong")
    parser.add_argument("--point", default="", metavar="STEP", help="only this one, such as sent:3 or turn:57")
    parser.add_argument("--times", type=int, default=1, help="how often each point (turns are not the same every time)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="workers side by side")
    parser.add_argument("--moto", metavar="URL", help="an EC2 server that runs already; it is wiped")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found there")
    return parser


@contextmanager
def ec2_server(url: str | None) -> Iterator[Server]:
    """The EC2 server at *url*, wiped; one of our own if there is none."""
    with ExitStack() as stack:
        if url is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="probe-moto-"))
            url = stack.enter_context(start_moto(cast("pytest.TempPathFactory", _Folders(Path(folder)))))
        moto = fresh_moto(url)
        yield Server(url, moto.operator.access_key, moto.operator.secret_key, moto.image)


class _Folders:
    """What pytest's factory of folders is to the server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mktemp(self, name: str) -> Path:
        """A folder of that *name*."""
        made = self._folder / name
        made.mkdir()
        return made


def _carry_out(plan: Plan, jobs: int, options: argparse.Namespace) -> int:
    began, planned = time.monotonic(), 0
    results: list[dict[str, Any]] = []
    crashes: list[str] = []
    for told in together(plan, jobs):
        planned += told.planned
        crashes += [told.crash] if told.crash else []
        for result in told.results:
            results.append(result)
            _show(result, results, planned, began, whole=bool(options.point))
    seconds = time.monotonic() - began
    _show_summary(results, seconds)
    for crash in crashes:
        print(f"a worker died:\n{crash}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps({"seconds": seconds, "results": results, "crashes": crashes}))
    bad = bool(crashes) or any(result["complaints"] for result in results)
    return 1 if bad else 0 if results else 2


def _show(
    result: dict[str, Any], results: Sequence[dict[str, Any]], planned: int, began: float, *, whole: bool
) -> None:
    _show_progress(len(results), planned, sum(bool(item["complaints"]) for item in results), began)
    if result["complaints"]:
        _show_failure(result)
    elif whole:
        print(json.dumps({**result["notes"], "struck": result["struck"]}, indent=1))


def _show_progress(done: int, planned: int, failed: int, began: float) -> None:
    line = f"{done} of {planned} points, {failed} with complaints, {time.monotonic() - began:.0f} s"
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif done % _EVERY == 0:
        print(line, file=sys.stderr, flush=True)


def _show_failure(result: dict[str, Any]) -> None:
    print(f"\nFOUND at {result['style']}, {result['ledger']}, {result['scenario']}, {result['step']}:", file=sys.stderr)
    for complaint in result["complaints"]:
        print(f"  {complaint}", file=sys.stderr)
    logs = result["notes"].pop("logs", "")
    print(
        f"  how the processes ended: {result['notes']}\n{logs}\n  again: {result['replay']}",
        file=sys.stderr,
        flush=True,
    )


def _show_summary(results: Sequence[dict[str, Any]], seconds: float) -> None:
    rows: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        rows[(result["ledger"], result["style"], result["scenario"])].append(result)
    print(f"\n{'LEDGER':12}{'VENDOR':8}{'SCENARIO':16}{'POINTS':>8}{'STRUCK':>8}{'FOUND':>8}{'SECONDS':>9}")
    for (ledger, style, scenario), of in sorted(rows.items()):
        struck, found = sum(item["struck"] for item in of), sum(bool(item["complaints"]) for item in of)
        print(
            f"{ledger:12}{style:8}{scenario:16}{len(of):8}{struck:8}{found:8}{sum(item['seconds'] for item in of):9.1f}"
        )
    struck = sum(result["struck"] for result in results)
    zeros = sum(len(result["complaints"]) for result in results)
    print(f"{struck} points struck of {len(results)} in {seconds:.0f} s, {zeros} complaints")


if __name__ == "__main__":
    sys.exit(main())
