"""Several workers side by side, each with vendors of its own; what they find comes back as it is found."""

import json
import os
import selectors
import shutil
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.kill.remote import MortalPostgres, mortal_postgres
from tests.chaos.kill.scenarios import LEDGERS, POSTGRESQL, SQLITE, Point, Scenario, spread
from tests.chaos.kill.styles import Server, ec2_style, sandbox_style
from tests.chaos.kill.worker import Result, Worker


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be tried.

    Attributes:
        styles: at which vendors.
        scenarios: what goes wrong.
        server: the EC2 server, where one of the styles needs it.
        ledgers: with which ledgers.
        most: points of a scenario, at most; None for all that it has.
        step: only this point; empty for all.
        times: how often each.
    """

    styles: Sequence[str]
    scenarios: Sequence[Scenario]
    server: Server | None = None
    ledgers: Sequence[str] = LEDGERS
    most: int | None = None
    step: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker said.

    Attributes:
        results: of points that were tried.
        planned: how many points it has found to try.
        crash: why it died.
    """

    results: Sequence[dict[str, Any]] = ()
    planned: int = 0
    crash: str = ""


def tell(result: Result, seconds: float) -> dict[str, Any]:
    """A result as plain data."""
    point = result.point
    return {
        "style": point.style,
        "ledger": point.ledger,
        "scenario": point.scenario.name,
        "step": point.step,
        "replay": point.replay,
        "struck": result.struck,
        "complaints": list(result.complaints),
        "notes": dict(result.notes),
        "seconds": seconds,
    }


def together(plan: Plan, jobs: int) -> Iterator[Told]:
    """Carry out *plan* with so many workers; ends when the last one has."""
    assert threading.active_count() == 1, "a process with threads must not fork"
    pids: list[int] = []
    with selectors.DefaultSelector() as watched:
        for number in range(jobs):
            up, down = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(up)
                _be_a_worker(plan, number, jobs, down)
            os.close(down)
            pids.append(pid)
            watched.register(up, selectors.EVENT_READ, bytearray())
        while watched.get_map():
            for key, _ in watched.select():
                yield from _heard(watched, key)
    for pid in pids:
        os.waitpid(pid, 0)


def _heard(watched: selectors.BaseSelector, key: selectors.SelectorKey) -> Iterator[Told]:
    data = os.read(key.fd, 1 << 16)
    if not data:
        watched.unregister(key.fd)
        os.close(key.fd)
        return
    key.data.extend(data)
    *lines, rest = bytes(key.data).split(b"\n")
    key.data[:] = rest
    for line in lines:
        yield Told(**json.loads(line))


def _be_a_worker(plan: Plan, number: int, jobs: int, down: int) -> None:
    """Never returns."""

    def say(**what: Any) -> None:
        data = json.dumps(what).encode() + b"\n"
        while data:
            data = data[os.write(down, data) :]

    folder = Path(tempfile.mkdtemp(prefix="probe-kill-"))
    try:
        for ledger in plan.ledgers:
            with mortal_postgres() if ledger == POSTGRESQL else nullcontext() as server:
                for style in plan.styles:
                    _work_at(plan, style, server, number, jobs, folder / ledger, say)
    except BaseException:  # noqa: BLE001 - a forked process must not go on as its parent
        say(crash=traceback.format_exc())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def _work_at(
    plan: Plan,
    name: str,
    server: MortalPostgres | None,
    number: int,
    jobs: int,
    folder: Path,
    say: Callable[..., None],
) -> None:
    """This worker's share of the points at one vendor, with one kind of ledger."""
    ledger = SQLITE if server is None else POSTGRESQL
    scenarios = [scenario for scenario in plan.scenarios if name in scenario.styles and ledger in scenario.ledgers]
    if not scenarios:
        return
    if name == "ec2":
        assert plan.server is not None
        style = ec2_style(plan.server, number)
    else:
        style = sandbox_style(name)
    with Worker(style, folder / name, server) as worker:
        for scenario in scenarios:
            points = _points(plan, worker, scenario, name, ledger)[number::jobs]
            say(planned=len(points))
            for point in points:
                result = worker.run(point)
                say(results=[tell(result, result.seconds)])


def _points(plan: Plan, worker: Worker, scenario: Scenario, style: str, ledger: str) -> list[Point]:
    if plan.step:
        return [Point(scenario=scenario, style=style, ledger=ledger, step=plan.step)] * plan.times
    return [point for point in spread(list(worker.points(scenario)), plan.most) for _ in range(plan.times)]
